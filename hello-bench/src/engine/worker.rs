//! One thread of a load: an epoll loop over its connections.
//!
//! A request costs one write and one read; epoll is asked once for all that is ready. Times that no answer
//! brings about, a think time's end or a tick of the schedule, come from a timerfd in the same epoll, which is
//! some 20 µs late where epoll's own timeout has a resolution of 1 ms.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::engine::client::Client;
use crate::engine::pace::Pace;
use crate::engine::record::Record;
use crate::engine::target::Target;
use crate::engine::verify::{Strictness, Verdict, Verifier};
use crate::engine::{Phases, Shared};

/// The token of the timer; connections have their index.
const TIMER: Token = Token(usize::MAX);
/// How often a worker without events looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);
/// How long the last answers may take after the end.
pub const GRACE: Duration = Duration::from_secs(5);

/// What one worker is to do.
pub struct Work<'a> {
    /// Where.
    pub target: &'a Target,
    /// How many connections.
    pub connections: usize,
    /// When.
    pub pace: Pace,
    /// What a right answer is.
    pub strictness: Strictness,
    /// The seed of the names.
    pub seed: u64,
    /// The length of a window of the record.
    pub window: Duration,
    /// The moment from which times count.
    pub origin: Instant,
    /// The phases of the run.
    pub phases: Phases,
    /// What the workers and the observer share.
    pub shared: &'a Shared,
}

/// A worker at work.
pub struct Worker<'a> {
    work: Work<'a>,
    poll: Poll,
    timer: TimerFd,
    armed: u64,
    clients: Vec<Client>,
    in_flight: usize,
    ended: bool,
    verifier: Verifier,
    names: Rng,
    record: Record,
}

impl<'a> Worker<'a> {
    /// Opens the connections.
    ///
    /// # Errors
    /// When the system refuses a connection, a timer or an epoll.
    pub fn new(work: Work<'a>) -> Result<Self> {
        let poll = Poll::new()?;
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let fd = timer.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), TIMER, Interest::READABLE)?;
        let clients = (0..work.connections)
            .map(|index| Client::connect(work.target, poll.registry(), Token(index)))
            .collect::<io::Result<Vec<_>>>()
            .with_context(|| format!("cannot connect to {}", work.target.address))?;
        Ok(Self {
            poll,
            timer,
            armed: u64::MAX,
            clients,
            in_flight: 0,
            ended: false,
            verifier: Verifier::new(work.strictness),
            names: Rng::with_seed(work.seed),
            record: Record::new(work.window),
            work,
        })
    }

    /// Drives the load to its end and returns what it measured.
    ///
    /// # Errors
    /// When the server drops a request, sends what is no HTTP, or does not answer within [`GRACE`] of the end.
    pub fn run(mut self) -> Result<Record> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now = self.now();
            self.send_due(now)?;
            if self.is_over(now)? {
                return Ok(self.record);
            }
            self.arm(now)?;
            match self.poll.poll(&mut events, Some(LOOK)) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                if event.token() == TIMER {
                    self.armed = u64::MAX;
                } else {
                    self.serve(event.token().0, event.is_read_closed() || event.is_error())?;
                }
            }
        }
    }

    fn now(&self) -> u64 {
        self.work.origin.elapsed().as_nanos() as u64
    }

    fn is_over(&self, now: u64) -> Result<bool> {
        if self.work.shared.is_stopped() {
            return Ok(true);
        }
        if !self.ended && !self.work.pace.is_spent() {
            return Ok(false);
        }
        let late = self.work.phases.end_ns.is_some_and(|end| now > end + GRACE.as_nanos() as u64);
        if late && self.in_flight > 0 {
            bail!("{} requests had no answer {} s after the end", self.in_flight, GRACE.as_secs());
        }
        Ok(self.in_flight == 0)
    }

    /// Sends what is due. The first call after the end sends what was due before it, as far as connections are
    /// free; the rest of the schedule stays unsent.
    fn send_due(&mut self, now: u64) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let end = self.work.phases.end_ns.unwrap_or(u64::MAX);
        while let Some((index, intended)) = self.work.pace.due(now.min(end.saturating_sub(1))) {
            let sent = self.now();
            self.send(index, intended, sent)?;
        }
        if now >= end {
            self.ended = true;
            self.record.unsent = self.work.pace.unserved(end);
        }
        Ok(())
    }

    fn send(&mut self, index: usize, intended: u64, now: u64) -> Result<()> {
        let name = five_letters(&mut self.names);
        if self.clients[index].ended {
            self.reconnect(index)?;
        }
        self.in_flight += 1;
        let sent = self.clients[index].send(name, intended, now);
        if sent.is_err() && self.may_resend(index) {
            return self.resend(index);
        }
        sent.context("the service dropped a connection")
    }

    /// Whether the request in flight may be sent again: it met the end of a connection that had served before, and
    /// nothing of its answer has come (RFC 9112, 9.3.1). A server that keeps the whole contract does not close
    /// connections under load, so of it that is a fault.
    fn may_resend(&self, index: usize) -> bool {
        let client = &self.clients[index];
        self.work.strictness == Strictness::Core
            && client.waiting
            && client.reused
            && client.received().is_empty()
    }

    fn resend(&mut self, index: usize) -> Result<()> {
        self.reconnect(index)?;
        self.clients[index].resend().context("the service dropped a connection")
    }

    fn reconnect(&mut self, index: usize) -> Result<()> {
        let address = self.work.target.address;
        self.record.reconnects += 1;
        self.clients[index]
            .reconnect(address, self.poll.registry(), Token(index))
            .with_context(|| format!("cannot connect to {address}"))
    }

    fn serve(&mut self, index: usize, to_the_end: bool) -> Result<()> {
        let client = &mut self.clients[index];
        let exchanged = client.flush().and_then(|()| client.receive(to_the_end));
        if (exchanged.is_err() || client.ended) && self.may_resend(index) {
            return self.resend(index);
        }
        exchanged.context("the service dropped a connection")?;
        let client = &mut self.clients[index];
        if client.waiting && client.received().is_empty() && client.ended {
            bail!("the service closed a connection with a request in flight");
        }
        if !client.waiting || client.received().is_empty() {
            return Ok(());
        }
        let verdict = self.verifier.verify(client.received(), client.ended, client.name());
        let (bytes, closes, wrong) = match verdict {
            Verdict::Partial if client.ended => {
                bail!("the service closed a connection in the middle of an answer")
            }
            Verdict::Partial => return Ok(()),
            Verdict::Broken(cause) => bail!("the service sent {cause}"),
            Verdict::Right { bytes, closes } => (bytes, closes, None),
            Verdict::Wrong { bytes, closes, what } => (bytes, closes, Some(what)),
        };
        client.consume(bytes);
        client.ended |= closes;
        let (intended, sent) = (client.intended, client.sent);
        self.answered(index, intended, sent, wrong)
    }

    fn answered(&mut self, index: usize, intended: u64, sent: u64, wrong: Option<String>) -> Result<()> {
        let now = self.now();
        self.in_flight -= 1;
        let start = self.work.phases.start_ns;
        match wrong {
            Some(what) => self.record.wrong(what),
            None if intended >= start => {
                let from = if self.work.phases.open { intended } else { sent };
                self.record.answer(intended - start, sent - intended, now.saturating_sub(from));
            }
            None => {}
        }
        self.work.shared.count_answer();
        let goes_on = self.work.phases.end_ns.is_none_or(|end| now < end);
        if let Some(intended) = self.work.pace.answered(index, now)
            && goes_on
        {
            self.send(index, intended, now)?;
        }
        Ok(())
    }

    /// Sets the timer to the next send or the end, whichever is first.
    fn arm(&mut self, now: u64) -> Result<()> {
        let end = self.work.phases.end_ns.filter(|end| now < *end);
        let next = [self.work.pace.next(), end].into_iter().flatten().min();
        if let Some(next) = next.filter(|next| *next < self.armed) {
            let wait = Duration::from_nanos(next.saturating_sub(now).max(1));
            let expiration = Expiration::OneShot(TimeSpec::from_duration(wait));
            self.timer.set(expiration, TimerSetTimeFlags::empty())?;
            self.armed = next;
        }
        Ok(())
    }
}

/// A name as the experiment's: five random letters.
fn five_letters(rng: &mut Rng) -> [u8; 5] {
    let mut bits = rng.u32(..);
    std::array::from_fn(|_| {
        let letter = b'a' + (bits % 26) as u8;
        bits /= 26;
        letter
    })
}
