//! A raw connection: bytes written as they are, answers read by their own framing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hello_load::Target;
use hello_load::response::{Framing, Head, excerpt};

/// How long to wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that is spoken to in bytes. Its side stays open until it is dropped: some servers take a half-close
/// for the end and drop their answers.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// A whole answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The head.
    pub head: Head,
    /// The body.
    pub body: Vec<u8>,
}

impl RawConnection {
    /// Connects.
    ///
    /// # Errors
    /// When the server does not accept.
    pub fn open(target: &Target) -> Result<Self, String> {
        let connected = TcpStream::connect_timeout(&target.address, ANSWER_TIMEOUT);
        let stream = connected.map_err(|cause| format!("no connection: {cause}"))?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT)).map_err(|cause| cause.to_string())?;
        stream.set_nodelay(true).map_err(|cause| cause.to_string())?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.stream.write_all(bytes).map_err(|cause| format!("cannot send: {cause}"))
    }

    /// Reads the next answer; `head_only` says that it has no body, whatever its headers say.
    ///
    /// # Errors
    /// When what comes is no answer, or nothing comes.
    pub fn answer(&mut self, head_only: bool) -> Result<Answer, String> {
        let mut ended = false;
        loop {
            if let Some(answer) = self.parse(head_only, ended)? {
                return Ok(answer);
            }
            if ended {
                return Err(match self.received.as_slice() {
                    [] => "the end of the connection".to_owned(),
                    part => format!("the end of the connection after {}", excerpt(part)),
                });
            }
            ended = self.read()? == 0;
        }
    }

    /// Whether the server ends the connection within the time given, without sending more.
    pub fn ends_within(&mut self, limit: Duration) -> bool {
        let set = self.stream.set_read_timeout(Some(limit));
        set.is_ok() && self.received.is_empty() && matches!(self.read(), Ok(0))
    }

    fn read(&mut self) -> Result<usize, String> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(bytes) => {
                    self.received.extend_from_slice(&buffer[..bytes]);
                    return Ok(bytes);
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if self.received.is_empty() => return Err(format!("nothing: {cause}")),
                Err(cause) => return Err(format!("{cause} after {}", excerpt(&self.received))),
            }
        }
    }

    fn parse(&mut self, head_only: bool, ended: bool) -> Result<Option<Answer>, String> {
        let Some(head) = Head::parse(&self.received)? else {
            return Ok(None);
        };
        let framing = if head_only { Framing::Length(0) } else { head.framing()? };
        let Some((body, bytes)) = framing.body(&self.received[head.bytes..], ended)? else {
            return Ok(None);
        };
        self.received.drain(..head.bytes + bytes);
        Ok(Some(Answer { head, body }))
    }
}
