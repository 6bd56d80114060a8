//! The connections of one thread of a load, in an epoll of its own: opened once, used in one or many spans.

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use mio::unix::SourceFd;
use mio::{Interest, Poll, Token};
use nix::sys::timerfd::{ClockId, TimerFd, TimerFlags};

use crate::connection::Connection;
use crate::load::Load;
use crate::record::Record;
use crate::source::Source;
use crate::verify::{Strictness, Verification, Verifier};

/// The token of the timer; connections have their index.
pub(crate) const TIMER: Token = Token(usize::MAX);

/// A worker and its connections.
#[derive(Debug)]
pub(crate) struct Worker {
    source: Source,
    /// Whether each request has a connection of its own.
    closes: bool,
    strictness: Strictness,
    window: Duration,
    pub(crate) poll: Poll,
    pub(crate) timer: TimerFd,
    pub(crate) connections: Vec<Connection>,
    /// The buffer of whichever connection reads next.
    spare: Vec<u8>,
    verifier: Verifier,
    pub(crate) names: Rng,
    pub(crate) record: Record,
    pub(crate) answers: u64,
}

impl Worker {
    /// Opens the connections. Latencies are recorded in windows of this length.
    ///
    /// # Errors
    /// When the system refuses a connection, a timer or an epoll.
    pub(crate) fn connect(load: &Load, connections: usize, seed: u64, window: Duration) -> Result<Self> {
        let poll = Poll::new()?;
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let fd = timer.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), TIMER, Interest::READABLE)?;
        let closes = load.scenario.connection_per_request;
        let mut source = Source::new(load.target.address, closes);
        let mut connections: Vec<Connection> =
            (0..connections).map(|_| Connection::closed(load.target)).collect();
        for (index, connection) in connections.iter_mut().enumerate() {
            connection
                .open(&mut source, poll.registry(), Token(index))
                .with_context(|| format!("cannot connect to {}", load.target.address))?;
        }
        Ok(Self {
            source,
            closes,
            strictness: load.strictness,
            window,
            poll,
            timer,
            connections,
            spare: Vec::new(),
            verifier: Verifier::new(load.strictness, load.target.exchange.clone()),
            names: Rng::with_seed(seed),
            record: Record::new(window),
            answers: 0,
        })
    }

    /// The number of its connections.
    pub(crate) fn size(&self) -> usize {
        self.connections.len()
    }

    /// Forgets what was recorded so far, but not what was wrong.
    pub(crate) fn forget(&mut self) {
        let (wrong, first_wrong) = (self.record.wrong, self.record.first_wrong.take());
        self.record = Record { wrong, first_wrong, ..Record::new(self.window) };
    }

    /// What was recorded.
    pub(crate) fn into_record(self) -> Record {
        self.record
    }

    /// What was recorded so far; from here on nothing is.
    pub(crate) fn take_record(&mut self) -> Record {
        std::mem::replace(&mut self.record, Record::new(self.window))
    }

    pub(crate) fn reconnect(&mut self, index: usize) -> Result<()> {
        self.record.reconnects += 1;
        self.connections[index]
            .open(&mut self.source, self.poll.registry(), Token(index))
            .context("cannot connect to the service")
    }

    /// Whether the request in flight may be sent again: it met the end of a connection that had served before, and
    /// nothing of its answer has come (RFC 9112, 9.3.1). A server that keeps the whole contract does not close
    /// connections under load, so of it that is a fault.
    pub(crate) fn may_resend(&self, index: usize) -> bool {
        let connection = &self.connections[index];
        self.strictness == Strictness::Core
            && connection.waiting
            && connection.reused
            && connection.received().is_empty()
    }

    pub(crate) fn resend(&mut self, index: usize) -> Result<()> {
        self.reconnect(index)?;
        self.connections[index].resend().context("the service dropped a connection")
    }

    /// Reads what has come on a connection, and judges the answer once it is whole; `None` until then.
    pub(crate) fn receive(&mut self, index: usize, to_the_end: bool) -> Result<Option<Received>> {
        let received = self.read(index, to_the_end);
        self.connections[index].give_back(&mut self.spare);
        received
    }

    fn read(&mut self, index: usize, to_the_end: bool) -> Result<Option<Received>> {
        let connection = &mut self.connections[index];
        if !connection.is_open() {
            // What an epoll still reports of a connection that was closed since.
            return Ok(None);
        }
        let exchanged = connection.flush().and_then(|()| connection.receive(to_the_end, &mut self.spare));
        if (exchanged.is_err() || connection.ended) && self.may_resend(index) {
            return self.resend(index).map(|()| None);
        }
        exchanged.context("the service dropped a connection")?;
        let connection = &mut self.connections[index];
        if connection.waiting && connection.received().is_empty() && connection.ended {
            bail!("the service closed a connection with a request in flight");
        }
        if !connection.waiting || connection.received().is_empty() {
            return Ok(None);
        }
        let (bytes, closes, wrong) =
            match self.verifier.verify(connection.received(), connection.ended, connection.name()) {
                Verification::Partial if connection.ended => {
                    bail!("the service closed a connection in the middle of an answer")
                }
                Verification::Partial => return Ok(None),
                Verification::Broken(cause) => bail!("the service sent {cause}"),
                Verification::Right { bytes, closes } => (bytes, closes, None),
                Verification::Shed { bytes, closes } => (bytes, closes, Some("status 503".to_owned())),
                Verification::Wrong { bytes, closes, what } => (bytes, closes, Some(what)),
            };
        connection.consume(bytes);
        connection.ended |= closes;
        if self.closes {
            connection.close();
        }
        self.answers += 1;
        Ok(Some(Received { intended: connection.intended, sent: connection.sent, wrong }))
    }
}

/// An answer, and when its request was intended and sent, in ns since the origin.
pub(crate) struct Received {
    pub(crate) intended: u64,
    pub(crate) sent: u64,
    /// What is wrong with it; absent for a right one.
    pub(crate) wrong: Option<String>,
}
