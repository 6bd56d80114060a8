//! One keep-alive connection of a load: a request out, an answer in.

use std::io::{self, ErrorKind};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustix::net::{RecvFlags, SendFlags, recv, send};

use crate::source::Source;
use crate::target::Target;

/// What one read takes: many times an answer of the contract. All connections of a worker read into one buffer in turn, so
/// that it stays in the processor's cache.
const READ_BUFFER_BYTES: usize = 16 * 1024;
/// The most that one answer may have.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A connection and its request in flight, if any.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Absent while it is closed.
    stream: Option<TcpStream>,
    request: Vec<u8>,
    name_at: Option<usize>,
    written: usize,
    /// Empty while nothing is received that is not consumed.
    input: Vec<u8>,
    filled: usize,
    /// Whether a request waits for its answer.
    pub(crate) waiting: bool,
    /// Whether the peer has ended the connection.
    pub(crate) ended: bool,
    /// Whether it has had an answer already.
    pub(crate) reused: bool,
    /// When the request in flight was intended to be sent, in ns since the origin.
    pub(crate) intended: u64,
    /// When it was sent.
    pub(crate) sent: u64,
}

impl Connection {
    /// A connection that is not yet open.
    pub(crate) fn closed(target: &Target) -> Self {
        let (request, name_at) = target.request();
        Self {
            stream: None,
            written: request.len(),
            request,
            name_at,
            input: Vec::new(),
            filled: 0,
            waiting: false,
            ended: true,
            reused: false,
            intended: 0,
            sent: 0,
        }
    }

    /// Starts to connect, instead of the connection that there was.
    ///
    /// # Errors
    /// When no connection can be begun.
    pub(crate) fn open(&mut self, from: &mut Source, registry: &Registry, token: Token) -> io::Result<()> {
        self.close();
        let mut stream = from.connect()?;
        let _ = stream.set_nodelay(true);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        self.stream = Some(stream);
        self.ended = false;
        Ok(())
    }

    /// Closes the connection. A request in flight stays without an answer.
    pub(crate) fn close(&mut self) {
        self.stream = None;
        self.filled = 0;
        self.ended = true;
        self.reused = false;
    }

    /// Whether there is a connection, or one is being opened.
    pub(crate) fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// Sends the request in flight once more, on a new connection.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) fn resend(&mut self) -> io::Result<()> {
        self.written = 0;
        self.flush()
    }

    /// Sends the request with another name. What a connection that is still opening cannot take yet is sent
    /// by [`Connection::flush`].
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) fn send(&mut self, name: [u8; 5], intended: u64, now: u64) -> io::Result<()> {
        if let Some(at) = self.name_at {
            self.request[at..at + name.len()].copy_from_slice(&name);
        }
        self.written = 0;
        self.waiting = true;
        self.intended = intended;
        self.sent = now;
        self.flush()
    }

    /// Sends what is left of the request.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        while self.written < self.request.len() {
            // Through the C library it would also look for a request to cancel the thread.
            match send(&*stream, &self.request[self.written..], SendFlags::NOSIGNAL).map_err(io::Error::from)
            {
                Ok(bytes) => self.written += bytes,
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if blocked(&cause) => break,
                Err(cause) => return Err(cause),
            }
        }
        Ok(())
    }

    /// Reads what has arrived, into the spare buffer unless it has one: once, or with `to_the_end` until nothing is left. A
    /// read that does not fill the buffer has emptied the socket, since more data means another event.
    ///
    /// # Errors
    /// When the connection broke, or an answer is too long to be one.
    pub(crate) fn receive(&mut self, to_the_end: bool, spare: &mut Vec<u8>) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        if self.input.is_empty() {
            self.input = std::mem::take(spare);
            self.input.resize(self.input.len().max(READ_BUFFER_BYTES), 0);
        }
        loop {
            if self.filled == self.input.len() {
                if self.filled >= MAX_ANSWER_BYTES {
                    return Err(io::Error::other("the answer has over 1 MiB"));
                }
                self.input.resize(self.filled * 2, 0);
            }
            let room = &mut self.input[self.filled..];
            match recv(&*stream, room, RecvFlags::empty()).map_err(io::Error::from) {
                Ok((_, 0)) => {
                    self.ended = true;
                    return Ok(());
                }
                Ok((_, bytes)) => {
                    self.filled += bytes;
                    if self.filled < self.input.len() && !to_the_end {
                        return Ok(());
                    }
                }
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                Err(cause) if blocked(&cause) => return Ok(()),
                Err(cause) => return Err(cause),
            }
        }
    }

    /// Lets go of the buffer, unless it holds a part of an answer.
    pub(crate) fn give_back(&mut self, spare: &mut Vec<u8>) {
        if self.filled == 0 && !self.input.is_empty() {
            *spare = std::mem::take(&mut self.input);
        }
    }

    /// What was received and not yet consumed.
    pub(crate) fn received(&self) -> &[u8] {
        &self.input[..self.filled]
    }

    /// The name that the request in flight asks for; empty where it asks for none.
    pub(crate) fn name(&self) -> &[u8] {
        self.name_at.map_or(&[], |at| &self.request[at..at + 5])
    }

    /// Takes an answer off the received bytes.
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.input.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        self.waiting = false;
        self.reused = true;
    }
}

/// A connection that is still being opened answers a write with `NotConnected`.
fn blocked(cause: &io::Error) -> bool {
    matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected)
}
