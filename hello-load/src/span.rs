//! The time that a load covers, and what its workers share.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::scenario::{Length, Model, Scenario, Slicing};

/// When the parts of a load begin and end, in ns since its origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// The moment from which the times count.
    pub(crate) origin: Instant,
    /// The end of what is not measured.
    pub(crate) start_ns: u64,
    /// The end of the load; absent where a number of requests ends it.
    pub(crate) end_ns: Option<u64>,
    /// Whether latency counts from the intended time.
    pub(crate) is_open: bool,
}

impl Span {
    /// The whole of a scenario, from now on.
    pub(crate) fn whole(scenario: &Scenario) -> Self {
        let start = scenario.warm_up();
        let end = match scenario.length() {
            Length::Time(time) => Some(nanos(start + time)),
            Length::Requests(_) => None,
        };
        Self::from_now(nanos(start), end, scenario)
    }

    /// One slice of a scenario, from now on.
    pub(crate) fn slice(scenario: &Scenario, slicing: &Slicing) -> Self {
        let start = Duration::from_secs_f64(slicing.settle_s);
        Self::from_now(nanos(start), Some(nanos(slicing.expected())), scenario)
    }

    fn from_now(start_ns: u64, end_ns: Option<u64>, scenario: &Scenario) -> Self {
        Self { origin: Instant::now(), start_ns, end_ns, is_open: scenario.model == Model::Open }
    }

    /// The time since the origin, in ns.
    pub(crate) fn now(&self) -> u64 {
        nanos(self.origin.elapsed())
    }
}

fn nanos(time: Duration) -> u64 {
    time.as_nanos() as u64
}

/// What the workers of a load and its observer share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    answers: AtomicU64,
    stopped: AtomicBool,
    finished: AtomicUsize,
}

impl Shared {
    /// Counts an answer, right or wrong.
    pub(crate) fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// The answers so far, right and wrong.
    pub(crate) fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }

    /// Ends the load now.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the load is to end now.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Counts a worker that has come to its end.
    pub(crate) fn finish_worker(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// The workers that have come to their end.
    pub(crate) fn finished_workers(&self) -> usize {
        self.finished.load(Ordering::Relaxed)
    }
}
