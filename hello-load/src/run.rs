//! One span of a load on one thread: an epoll loop over its connections.
//!
//! A request costs one write and one read; epoll is asked once for all that is ready. Times that no answer
//! brings about, a think time's end or a tick of the schedule, come from a timerfd in the same epoll, which is
//! some 20 µs late where epoll's own timeout has a resolution of 1 ms.

use std::io;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use mio::Events;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{Expiration, TimerSetTimeFlags};

use crate::connection::Connection;
use crate::load::own_cpu;
use crate::schedule::Schedule;
use crate::span::{Shared, Span};
use crate::worker::{Received, TIMER, Worker};

/// The most events of one look at the epoll.
const MAX_EVENTS: usize = 1024;
/// How often a worker without events checks whether it is to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long the last answers may take after the end.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// How long any one answer may take: a server that accepts and stays silent ends the load.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often connections are searched for an overdue answer.
const ANSWER_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The readings at the start or the end of what is measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// When, in ns since the origin.
    pub(crate) at_ns: u64,
    /// Answers of this worker so far, right or wrong.
    pub(crate) answers: u64,
    /// CPU time of the service so far.
    pub(crate) service_cpu: Duration,
    /// CPU time of this process so far.
    pub(crate) generator_cpu: Duration,
}

/// The readings at both ends of what is measured.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Marks {
    /// After the warm-up or the settling time.
    pub(crate) start: Mark,
    /// At the end, before the last answers are awaited.
    pub(crate) end: Mark,
}

/// One span of a worker's load.
pub(crate) struct Run<'a> {
    worker: &'a mut Worker,
    schedule: Schedule,
    span: Span,
    shared: &'a Shared,
    marks: (Option<Mark>, Option<Mark>),
    /// When the timer goes off, in ns since the origin.
    armed: u64,
    in_flight: usize,
    /// Whether no request may be sent any more.
    ended: bool,
    /// When connections were last searched for an overdue answer.
    searched: u64,
}

impl<'a> Run<'a> {
    /// A span that has not begun.
    pub(crate) fn new(worker: &'a mut Worker, schedule: Schedule, span: Span, shared: &'a Shared) -> Self {
        Self {
            worker,
            schedule,
            span,
            shared,
            marks: (None, None),
            armed: u64::MAX,
            in_flight: 0,
            ended: false,
            searched: 0,
        }
    }

    /// Offers the load of the schedule from the origin of the span until its last answer. `service_cpu` is read at both
    /// ends of what is measured.
    ///
    /// # Errors
    /// When the server drops a request, sends what is not HTTP, leaves a request without an answer for
    /// [`ANSWER_TIMEOUT`], or does not answer the last ones within [`END_TIMEOUT`] of the end.
    pub(crate) fn drive(mut self, service_cpu: &dyn Fn() -> Duration) -> Result<Marks> {
        let mut events = Events::with_capacity(MAX_EVENTS);
        // A server may have closed connections that were idle since the last span: they are opened anew.
        self.look(&mut events, Duration::ZERO)?;
        loop {
            let now = self.span.now();
            self.mark(now, service_cpu);
            self.send_due(now)?;
            if self.is_over(now)? {
                return Ok(self.all_marks(service_cpu));
            }
            self.arm(now)?;
            self.look(&mut events, STOP_POLL_INTERVAL)?;
        }
    }

    /// Asks the epoll once what is ready, and serves it.
    fn look(&mut self, events: &mut Events, timeout: Duration) -> Result<()> {
        match self.worker.poll.poll(events, Some(timeout)) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        for event in &*events {
            if event.token() == TIMER {
                self.armed = u64::MAX;
            } else {
                self.serve(event.token().0, event.is_read_closed() || event.is_error())?;
            }
        }
        Ok(())
    }

    /// Reads the clocks at the start and at the end of what is measured.
    fn mark(&mut self, now: u64, service_cpu: &dyn Fn() -> Duration) {
        if self.marks.0.is_none() && now >= self.span.start_ns {
            self.marks.0 = Some(self.read(now, service_cpu));
        }
        if self.marks.1.is_none() && self.span.end_ns.is_some_and(|end| now >= end) {
            self.marks.1 = Some(self.read(now, service_cpu));
        }
    }

    fn read(&self, now: u64, service_cpu: &dyn Fn() -> Duration) -> Mark {
        Mark {
            at_ns: now,
            answers: self.worker.answers,
            service_cpu: service_cpu(),
            generator_cpu: own_cpu(),
        }
    }

    /// Both marks; a load that counts requests ends with its last answer.
    fn all_marks(&self, service_cpu: &dyn Fn() -> Duration) -> Marks {
        let now = self.span.now();
        let end = self.marks.1.unwrap_or_else(|| self.read(now, service_cpu));
        Marks { start: self.marks.0.unwrap_or(end), end }
    }

    fn is_over(&mut self, now: u64) -> Result<bool> {
        if self.shared.is_stopped() {
            return Ok(true);
        }
        self.search_overdue(now)?;
        if !self.ended && !self.schedule.is_spent() {
            return Ok(false);
        }
        let late = self.span.end_ns.is_some_and(|end| now > end + END_TIMEOUT.as_nanos() as u64);
        if late && self.in_flight > 0 {
            bail!("{} requests had no answer {} s after the end", self.in_flight, END_TIMEOUT.as_secs());
        }
        Ok(self.in_flight == 0)
    }

    /// Fails when a request has waited for its answer for too long.
    fn search_overdue(&mut self, now: u64) -> Result<()> {
        if now - self.searched < ANSWER_POLL_INTERVAL.as_nanos() as u64 {
            return Ok(());
        }
        self.searched = now;
        let is_overdue = |connection: &&Connection| {
            connection.waiting && now.saturating_sub(connection.sent) > ANSWER_TIMEOUT.as_nanos() as u64
        };
        match self.worker.connections.iter().filter(is_overdue).count() {
            0 => Ok(()),
            count => bail!("{count} requests had no answer within {} s", ANSWER_TIMEOUT.as_secs()),
        }
    }

    /// Sends what is due. The first call after the end sends what was due before it, as far as connections are
    /// free; the rest of the schedule stays unsent.
    fn send_due(&mut self, now: u64) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        let end = self.span.end_ns.unwrap_or(u64::MAX);
        while let Some((index, intended)) = self.schedule.due(now.min(end.saturating_sub(1))) {
            let sent = self.span.now();
            self.send(index, intended, sent)?;
        }
        if now >= end {
            self.ended = true;
            self.worker.record.unsent += self.schedule.unserved(end);
        }
        Ok(())
    }

    fn send(&mut self, index: usize, intended: u64, now: u64) -> Result<()> {
        let name = five_letters(&mut self.worker.names);
        if self.worker.connections[index].ended {
            self.worker.reconnect(index)?;
        }
        self.in_flight += 1;
        let sent = self.worker.connections[index].send(name, intended, now);
        if sent.is_err() && self.worker.may_resend(index) {
            return self.worker.resend(index);
        }
        sent.context("the service dropped a connection")
    }

    fn serve(&mut self, index: usize, to_the_end: bool) -> Result<()> {
        let Some(received) = self.worker.receive(index, to_the_end)? else { return Ok(()) };
        let now = self.span.now();
        self.in_flight -= 1;
        self.record(received, now);
        self.shared.count_answer();
        let goes_on = self.span.end_ns.is_none_or(|end| now < end);
        if let Some(intended) = self.schedule.answered(index, now)
            && goes_on
        {
            self.send(index, intended, now)?;
        }
        Ok(())
    }

    fn record(&mut self, Received { intended, sent, wrong }: Received, now: u64) {
        let start = self.span.start_ns;
        match wrong {
            Some(what) => self.worker.record.wrong(what),
            None if intended >= start => {
                let from = if self.span.is_open { intended } else { sent };
                self.worker.record.answer(intended - start, sent - intended, now.saturating_sub(from));
            }
            None => {}
        }
    }

    /// Sets the timer to the next send or the end, whichever is first.
    fn arm(&mut self, now: u64) -> Result<()> {
        let ahead = |time: &u64| now < *time;
        let start = Some(self.span.start_ns).filter(|_| self.marks.0.is_none()).filter(ahead);
        let end = self.span.end_ns.filter(ahead);
        let next = [self.schedule.next(), start, end].into_iter().flatten().min();
        if let Some(next) = next.filter(|next| *next < self.armed) {
            let wait = Duration::from_nanos(next.saturating_sub(now).max(1));
            let expiration = Expiration::OneShot(TimeSpec::from_duration(wait));
            self.worker.timer.set(expiration, TimerSetTimeFlags::empty())?;
            self.armed = next;
        }
        Ok(())
    }
}

/// A name as the experiment's: five random letters.
pub(crate) fn five_letters(rng: &mut Rng) -> [u8; 5] {
    let mut bits = rng.u32(..);
    std::array::from_fn(|_| {
        let letter = b'a' + (bits % 26) as u8;
        bits /= 26;
        letter
    })
}
