//! One thread of an overload: an epoll loop whose connections grow with what is due, and that takes refusals.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fastrand::Rng;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use crate::connection::Connection;
use crate::phase::Phase;
use crate::run::five_letters;
use crate::source::Source;
use crate::span::Shared;
use crate::tally::{Place, Tally, WINDOW_NS};
use crate::target::Target;
use crate::ticks::Ticks;
use crate::verify::{Strictness, Verification, Verifier};
use crate::worker::TIMER;

/// The most events of one look at the epoll.
const MAX_EVENTS: usize = 1024;
/// How often a worker without events checks whether it is to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the last answers may take after the end.
const END_TIMEOUT: Duration = Duration::from_secs(2);

/// What a worker is to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share<'a> {
    pub(crate) target: &'a Target,
    pub(crate) strictness: Strictness,
    pub(crate) phases: &'a [Phase],
    /// The most connections of this worker.
    pub(crate) max_connections: usize,
    /// What is normal, and what is in time, in ns.
    pub(crate) limits: (u64, u64),
}

/// A worker and its connections.
pub(crate) struct FloodWorker<'a> {
    target: &'a Target,
    origin: Instant,
    poll: Poll,
    timer: TimerFd,
    /// When the timer goes off, in ns since the origin.
    armed: u64,
    ticks: Ticks,
    source: Source,
    connections: Vec<Connection>,
    /// The window of each connection's request in flight.
    places: Vec<Place>,
    /// Connections without a request in flight, the last one used at the end: an idle one stays idle.
    idle: Vec<usize>,
    max_connections: usize,
    in_flight: usize,
    /// The buffer of whichever connection reads next.
    spare: Vec<u8>,
    verifier: Verifier,
    names: Rng,
    tally: Tally,
    /// What is normal, and what is in time, in ns.
    limits: (u64, u64),
}

impl<'a> FloodWorker<'a> {
    pub(crate) fn new(share: Share<'a>, own: (usize, usize), seed: u64, origin: Instant) -> Result<Self> {
        let poll = Poll::new()?;
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let fd = timer.as_fd().as_raw_fd();
        poll.registry().register(&mut SourceFd(&fd), TIMER, Interest::READABLE)?;
        Ok(Self {
            target: share.target,
            origin,
            poll,
            timer,
            armed: u64::MAX,
            ticks: Ticks::new(share.phases, own),
            source: Source::new(share.target.address, true),
            connections: Vec::new(),
            places: Vec::new(),
            idle: Vec::new(),
            max_connections: share.max_connections,
            in_flight: 0,
            spare: Vec::new(),
            verifier: Verifier::new(share.strictness, share.target.exchange.clone()).allowing_refusals(),
            names: Rng::with_seed(seed),
            tally: Tally::default(),
            limits: share.limits,
        })
    }

    /// Offers all phases; what became of them.
    pub(crate) fn run(mut self, shared: &Shared) -> Result<Tally> {
        let mut events = Events::with_capacity(MAX_EVENTS);
        loop {
            let now = self.now();
            self.send_due(now)?;
            if shared.is_stopped() || self.is_over(now) {
                self.count_unanswered();
                return Ok(self.tally);
            }
            self.arm(now)?;
            match self.poll.poll(&mut events, Some(STOP_POLL_INTERVAL)) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                if event.token() == TIMER {
                    self.armed = u64::MAX;
                } else {
                    self.serve(event.token().0);
                }
            }
        }
    }

    fn now(&self) -> u64 {
        self.origin.elapsed().as_nanos() as u64
    }

    fn is_over(&self, now: u64) -> bool {
        let is_late = now > self.ticks.end_ns() + END_TIMEOUT.as_nanos() as u64;
        self.ticks.next().is_none() && (self.in_flight == 0 || is_late)
    }

    /// Sends whatever is due, as far as there are connections for it.
    fn send_due(&mut self, now: u64) -> Result<()> {
        while let Some(tick) = self.ticks.due(now) {
            let place = (tick.phase, (tick.in_phase_ns / WINDOW_NS) as usize);
            self.tally.at(place).offered += 1;
            match self.free() {
                Some(index) => self.send(index, place, tick.at_ns)?,
                None => self.tally.at(place).unsent += 1,
            }
        }
        Ok(())
    }

    /// A connection without a request in flight: an idle one, or a new one.
    fn free(&mut self) -> Option<usize> {
        if let Some(index) = self.idle.pop() {
            return Some(index);
        }
        if self.connections.len() >= self.max_connections {
            return None;
        }
        self.connections.push(Connection::closed(self.target));
        self.places.push((0, 0));
        Some(self.connections.len() - 1)
    }

    fn send(&mut self, index: usize, place: Place, intended: u64) -> Result<()> {
        (self.places[index], self.in_flight) = (place, self.in_flight + 1);
        let name = five_letters(&mut self.names);
        let connection = &mut self.connections[index];
        if connection.ended {
            match connection.open(&mut self.source, self.poll.registry(), Token(index)) {
                Err(cause) if cause.kind() == io::ErrorKind::ConnectionRefused => {
                    self.lose(index);
                    return Ok(());
                }
                other => other.context("cannot open a connection to the service")?,
            }
        }
        let now = self.origin.elapsed().as_nanos() as u64;
        if self.connections[index].send(name, intended, now).is_err() {
            self.serve(index);
        }
        Ok(())
    }

    /// Reads what has come on a connection, and counts the answer once it is whole.
    fn serve(&mut self, index: usize) {
        self.receive(index);
        self.connections[index].give_back(&mut self.spare);
    }

    fn receive(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if !connection.is_open() {
            return;
        }
        // A refusal may have come before the request was taken: what was received counts, whatever became of the rest.
        let (sent, received) = (connection.flush(), connection.receive(true, &mut self.spare));
        let has_ended = sent.is_err() || received.is_err() || connection.ended;
        if !connection.waiting {
            if has_ended {
                connection.close();
            }
            return;
        }
        if connection.received().is_empty() {
            if has_ended {
                self.lose(index);
            }
            return;
        }
        match self.verifier.verify(connection.received(), has_ended, connection.name()) {
            Verification::Partial if has_ended => self.lose(index),
            Verification::Partial => {}
            Verification::Broken(cause) => {
                self.tally.wrong(cause);
                self.free_again(index, 0, true);
            }
            Verification::Wrong { bytes, closes, what } => {
                self.tally.wrong(what);
                self.free_again(index, bytes, closes || has_ended);
            }
            Verification::Shed { bytes, closes } => {
                self.tally.at(self.places[index]).shed += 1;
                self.free_again(index, bytes, closes || has_ended);
            }
            Verification::Right { bytes, closes } => {
                let latency = self.now().saturating_sub(self.connections[index].intended);
                self.tally.right(self.places[index], latency, self.limits);
                self.free_again(index, bytes, closes || has_ended);
            }
        }
    }

    /// Counts a request as dropped.
    fn lose(&mut self, index: usize) {
        self.tally.at(self.places[index]).dropped += 1;
        self.free_again(index, 0, true);
    }

    fn free_again(&mut self, index: usize, bytes: usize, closes: bool) {
        let connection = &mut self.connections[index];
        connection.consume(bytes);
        if closes {
            connection.close();
        }
        self.in_flight -= 1;
        self.idle.push(index);
    }

    fn count_unanswered(&mut self) {
        for (connection, place) in self.connections.iter().zip(&self.places) {
            if connection.waiting {
                self.tally.at(*place).unanswered += 1;
            }
        }
    }

    /// Sets the timer to the next request.
    fn arm(&mut self, now: u64) -> Result<()> {
        if let Some(next) = self.ticks.next().filter(|next| *next < self.armed) {
            let wait = Duration::from_nanos(next.saturating_sub(now).max(1));
            let expiration = Expiration::OneShot(TimeSpec::from_duration(wait));
            self.timer.set(expiration, TimerSetTimeFlags::empty())?;
            self.armed = next;
        }
        Ok(())
    }
}
