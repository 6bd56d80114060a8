//! A raw connection: bytes written as they are, answers read by their own framing.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hello_load::Target;
use hello_load::response::{Framing, Head, excerpt};
use socket2::{Domain, Protocol, Socket, Type};

/// How long to wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// A request that every service answers with a greeting of A.
pub const REQUEST: &[u8] = b"GET /?name=A HTTP/1.1\r\nhost: x\r\n\r\n";

/// A connection that is spoken to in bytes. Its side stays open until it is dropped: some servers take a half-close
/// for the end and drop their answers.
#[derive(Debug)]
pub struct RawConnection {
    pub(super) stream: TcpStream,
    pub(super) received: Vec<u8>,
}

/// A whole answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Status and headers, as received.
    pub head: Head,
    /// Decoded, where it came in chunks; empty in an answer to HEAD.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it greets this name.
    pub fn greets(&self, name: &str) -> bool {
        self.head.status == 200 && greets(&self.body, name)
    }
}

/// Whether a body greets this name, however its JSON is spelt.
pub fn greets(body: &[u8], name: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| value["message"] == format!("Hello {name}!"))
}

impl RawConnection {
    /// Connects.
    ///
    /// # Errors
    /// When the server does not accept.
    pub fn open(target: &Target) -> Result<Self, String> {
        let connected = TcpStream::connect_timeout(&target.address, ANSWER_TIMEOUT);
        Self::over(connected)
    }

    /// Connects for a short while: dropped, the connection ends by a reset, which systems remember for seconds at most. Those that end in
    /// order fill its tables of ports and of tracked connections for minutes, where there are tens of thousands.
    ///
    /// # Errors
    /// When the server does not accept.
    pub(crate) fn brief(target: &Target) -> Result<Self, String> {
        Self::over(reset_on_drop(target, ANSWER_TIMEOUT))
    }

    fn over(connected: io::Result<TcpStream>) -> Result<Self, String> {
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

    /// Whether a part of an answer has come, and not the rest.
    pub fn is_within_an_answer(&self) -> bool {
        !self.received.is_empty()
    }

    /// Whether the server ends the connection within the time given, without sending more.
    pub fn ends_within(&mut self, limit: Duration) -> bool {
        let set = self.stream.set_read_timeout(Some(limit));
        set.is_ok() && self.received.is_empty() && matches!(self.read(), Ok(0))
    }

    fn read(&mut self) -> Result<usize, String> {
        self.stream_read().map_err(|cause| match self.received.as_slice() {
            [] => format!("nothing: {cause}"),
            part => format!("{cause} after {}", excerpt(part)),
        })
    }

    pub(super) fn stream_read(&mut self) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                read => {
                    let read = read?;
                    self.received.extend_from_slice(&buffer[..read]);
                    return Ok(read);
                }
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

/// Connects so that the connection ends by a reset when it is dropped.
///
/// # Errors
/// When the server does not accept in time.
pub(crate) fn reset_on_drop(target: &Target, limit: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(target.address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_linger(Some(Duration::ZERO))?;
    socket.connect_timeout(&target.address.into(), limit)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_brief_connection_ends_by_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap());
        let ends = [RawConnection::open, RawConnection::brief].map(|open| {
            let connection = open(&target).unwrap();
            let (mut accepted, _) = listener.accept().unwrap();
            drop(connection);
            accepted.read(&mut [0]).map_err(|cause| cause.kind())
        });
        assert_eq!(ends, [Ok(0), Err(ErrorKind::ConnectionReset)]);
    }
}
