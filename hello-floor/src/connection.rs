//! One connection: bytes in, answers out, in order.

use std::io::{self, Read, Write};

use mio::net::TcpStream;

use crate::handicap::Handicap;
use crate::request::{self, Parsed};
use crate::response::{self, Clock};

/// What one read takes; a request of the experiment has about 60 bytes.
const READ_BYTES: usize = 4096;
/// The longest request head. A longer one closes the connection.
const HEAD_LIMIT: usize = 64 * 1024;

/// A connection with what it has sent and not been answered, and what it has yet to receive.
pub(crate) struct Connection {
    stream: TcpStream,
    handicap: Handicap,
    input: Vec<u8>,
    output: Vec<u8>,
    closing: bool,
    done: bool,
}

impl Connection {
    /// A connection from which nothing has been read.
    pub(crate) fn new(stream: TcpStream, handicap: Handicap) -> Self {
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            handicap,
            input: Vec::new(),
            output: Vec::new(),
            closing: false,
            done: false,
        }
    }

    /// Whether the connection has nothing more to do and is to be dropped.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Reads, answers and writes as far as the socket allows. `to_the_end` reads until the peer's end of file
    /// shows or nothing is left; otherwise a read that does not fill the buffer has emptied the socket, since
    /// more data means another event.
    pub(crate) fn serve(&mut self, clock: &Clock, to_the_end: bool) {
        self.done = match self.turn(clock, to_the_end) {
            Ok(()) => true,
            Err(cause) => cause.kind() != io::ErrorKind::WouldBlock,
        };
    }

    /// Returns when the connection is over, `WouldBlock` when it is not.
    fn turn(&mut self, clock: &Clock, to_the_end: bool) -> io::Result<()> {
        loop {
            self.flush()?;
            if self.closing {
                return Ok(());
            }
            let emptied = match self.read()? {
                0 => return Ok(()),
                bytes => bytes < READ_BYTES && !to_the_end,
            };
            self.answer(clock);
            if emptied && !self.closing {
                self.flush()?;
                return Err(io::ErrorKind::WouldBlock.into());
            }
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let filled = self.input.len();
        self.input.resize(filled + READ_BYTES, 0);
        let read = retry(|| self.stream.read(&mut self.input[filled..]));
        self.input.truncate(filled + read.as_ref().copied().unwrap_or(0));
        read
    }

    fn answer(&mut self, clock: &Clock) {
        let mut used = 0;
        while !self.closing {
            match request::parse(&self.input[used..]) {
                Parsed::Partial => break,
                Parsed::Malformed => {
                    response::bad_request(&mut self.output, clock);
                    self.closing = true;
                }
                Parsed::Request { bytes, asked, last } => {
                    used += bytes;
                    self.handicap.work();
                    response::write(&mut self.output, clock, &asked, last);
                    self.closing = last;
                }
            }
        }
        self.input.drain(..used);
        self.closing |= self.input.len() > HEAD_LIMIT;
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut written = 0;
        let outcome = loop {
            if written == self.output.len() {
                break Ok(());
            }
            match retry(|| self.stream.write(&self.output[written..])) {
                Ok(0) => break Err(io::ErrorKind::WriteZero.into()),
                Ok(bytes) => written += bytes,
                Err(cause) => break Err(cause),
            }
        };
        self.output.drain(..written);
        outcome
    }
}

fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
