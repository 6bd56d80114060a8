//! One connection: one read, the answers to what it brought, one write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use hello_server::limits::{HEAD_TIMEOUT, LINGER};
use mio::net::TcpStream;

use crate::body::Body;
use crate::clock::Clock;
use crate::handicap::Handicap;
use crate::request::{self, Known, MAX_HEAD_BYTES, Parsed};
use crate::response::Responses;

/// The loop's buffer for what is read: a head that is not whole yet, and what one more read brings.
pub(crate) const BUFFER_BYTES: usize = MAX_HEAD_BYTES + 16 * 1024;
/// From so many bytes of answers on, the peer must take some before it gets more.
const MAX_OUTPUT_BYTES: usize = 64 * 1024;
/// Reads of one connection before the others have their turn.
const MAX_READS: usize = 16;

/// What all connections of a loop share.
pub(crate) struct Shared {
    /// The time of this turn.
    pub(crate) clock: Clock,
    /// The pieces of answers.
    pub(crate) responses: Responses,
    /// The end of a head that was read before.
    pub(crate) known: Known,
    /// The work that is added to each request.
    pub(crate) handicap: Handicap,
    /// Whether each answer is the last of its connection.
    pub(crate) is_draining: bool,
    /// [`BUFFER_BYTES`] to read into.
    pub(crate) input: Vec<u8>,
    /// The answers to one read.
    pub(crate) output: Vec<u8>,
}

/// What a connection waits for after its turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// The next event.
    Waiting,
    /// Another turn: there is more to read.
    Unfinished,
    /// Nothing: it is over.
    Done,
}

/// A connection with what it has sent and not been answered, and what it has yet to receive.
pub(crate) struct Connection {
    stream: TcpStream,
    /// Whether its loop knows that it needs another turn.
    pub(crate) is_unfinished: bool,
    /// The beginning of a request.
    input: Vec<u8>,
    /// Whether `input` has whole requests, because the peer did not take the answers to others.
    is_held: bool,
    /// Answers that the system did not take.
    output: Vec<u8>,
    /// What of the last request's body has yet to come.
    body: Body,
    /// When the last request came.
    since: Instant,
    end: Option<End>,
}

/// The end of a connection that has its last answer: what still comes is read over for a while, since a close would reset
/// the connection and so could lose the answer (RFC 9112, 9.6).
struct End {
    /// How long what comes is read over.
    linger: Duration,
    /// When that is over; absent while the answer is not sent.
    until: Option<Instant>,
}

impl Connection {
    /// A connection from which nothing has been read.
    pub(crate) fn new(stream: TcpStream, now: Instant) -> Self {
        let _ = stream.set_nodelay(true);
        let (input, output, body) = (Vec::new(), Vec::new(), Body::NONE);
        let (is_unfinished, is_held) = (false, false);
        Self { stream, is_unfinished, input, is_held, output, body, since: now, end: None }
    }

    /// Whether it has had its time.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        let until = self.end.as_ref().and_then(|end| end.until);
        now >= until.unwrap_or(self.since + HEAD_TIMEOUT)
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.end.is_none() && self.input.is_empty() && self.output.is_empty()
    }

    /// Ends it, once its answers are sent, and then reads over what comes for so long.
    pub(crate) fn end(&mut self, linger: Duration) {
        self.end = Some(End { linger, until: None });
    }

    /// Reads, answers and writes as far as the socket allows. `to_the_end` reads until the peer's end shows or nothing is
    /// left; otherwise a read that does not fill the buffer has emptied the socket, since more data means another event.
    pub(crate) fn serve(&mut self, shared: &mut Shared, to_the_end: bool) -> Outcome {
        for _ in 0..MAX_READS {
            match self.step(shared, to_the_end) {
                Ok(Outcome::Unfinished) => {}
                Ok(outcome) => return outcome,
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => return Outcome::Waiting,
                Err(_) => return Outcome::Done,
            }
        }
        // Who floods a connection that has ended brings the next event himself.
        let has_ended = self.end.as_ref().is_some_and(|end| end.until.is_some());
        if has_ended { Outcome::Waiting } else { Outcome::Unfinished }
    }

    fn step(&mut self, shared: &mut Shared, to_the_end: bool) -> io::Result<Outcome> {
        self.flush()?;
        if self.end.is_some() {
            return self.read_over(shared);
        }
        let was_held = self.is_held;
        let filled = self.fill(shared)?;
        if filled == 0 {
            return Ok(Outcome::Done);
        }
        let used = self.answer(shared, filled);
        self.keep(&shared.input[used..filled]);
        self.send(&shared.output)?;
        // What was held says nothing about what the socket has.
        let is_socket_empty = filled < BUFFER_BYTES && !was_held;
        let is_more_known = self.is_held || self.end.is_some() || to_the_end || !is_socket_empty;
        Ok(if is_more_known { Outcome::Unfinished } else { Outcome::Waiting })
    }

    /// Puts what was kept and what can be read into the buffer; 0 at the peer's end.
    fn fill(&mut self, shared: &mut Shared) -> io::Result<usize> {
        let kept = self.input.len();
        if kept > 0 {
            shared.input[..kept].copy_from_slice(&self.input);
        }
        if self.is_held {
            return Ok(kept);
        }
        let bytes = retry(|| self.stream.read(&mut shared.input[kept..]))?;
        Ok(if bytes == 0 { 0 } else { kept + bytes })
    }

    /// Answers the requests in the buffer, as far as the peer takes answers; how many bytes they were.
    fn answer(&mut self, shared: &mut Shared, filled: usize) -> usize {
        let Shared { clock, responses, known, handicap, is_draining, input, output } = shared;
        let mut used = 0;
        output.clear();
        self.is_held = false;
        while used < filled && self.end.is_none() && !self.is_held {
            let rest = &input[used..filled];
            if !self.body.is_over() {
                match self.body.skip(rest) {
                    Ok(0) => break,
                    Ok(bytes) => used += bytes,
                    Err(_) => self.end(LINGER),
                }
                continue;
            }
            match request::read(rest, known) {
                Parsed::Partial => break,
                Parsed::Refused(fault) => {
                    responses.refuse(output, fault);
                    self.end(LINGER);
                }
                Parsed::Request(request) => {
                    used += request.bytes;
                    handicap.work();
                    let is_last = request.framing.is_last || *is_draining;
                    responses.write(output, &request, is_last);
                    (self.since, self.body) = (clock.now(), request.framing.body);
                    if is_last {
                        self.end(LINGER);
                    }
                }
            }
            self.is_held = used < filled && output.len() >= MAX_OUTPUT_BYTES;
        }
        used
    }

    /// Keeps what was read and not used. A connection that owes nothing holds no memory for it.
    fn keep(&mut self, rest: &[u8]) {
        let is_nothing = rest.is_empty() || self.end.is_some();
        if !is_nothing {
            self.input = rest.to_vec();
        } else if self.input.capacity() > 0 {
            self.input = Vec::new();
        }
    }

    /// Sends answers; what the system does not take is kept.
    fn send(&mut self, answers: &[u8]) -> io::Result<()> {
        let mut written = 0;
        while written < answers.len() {
            match retry(|| self.stream.write(&answers[written..])) {
                Ok(bytes) => written += bytes,
                Err(cause) => {
                    self.output.extend_from_slice(&answers[written..]);
                    return Err(cause);
                }
            }
        }
        Ok(())
    }

    /// Sends what was kept.
    fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let answers = std::mem::take(&mut self.output);
        self.send(&answers)
    }

    /// Shows the peer that it has had its last answer, and reads until it has seen that.
    fn read_over(&mut self, shared: &mut Shared) -> io::Result<Outcome> {
        if let Some(end) = self.end.as_mut().filter(|end| end.until.is_none()) {
            self.stream.shutdown(Shutdown::Write)?;
            end.until = Some(shared.clock.now() + end.linger);
        }
        let bytes = retry(|| self.stream.read(&mut shared.input))?;
        Ok(if bytes == 0 { Outcome::Done } else { Outcome::Unfinished })
    }
}

fn retry(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
