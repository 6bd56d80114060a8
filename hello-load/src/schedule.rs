//! When a worker's connections send: the closed model's think times, the open model's schedule.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fastrand::Rng;

use crate::scenario::{Length, Model, Scenario};

/// The requests that all workers of a load together may still send; unlimited where a clock ends the load.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget(Option<Arc<AtomicU64>>);

impl Budget {
    /// What a scenario allows.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        match scenario.length() {
            Length::Requests(requests) => Self(Some(Arc::new(AtomicU64::new(requests)))),
            Length::Time(_) => Self::none(),
        }
    }

    /// No limit.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Takes one request; `false` when none is left.
    fn spend(&self) -> bool {
        let Some(left) = &self.0 else { return true };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok()
    }

    fn is_spent(&self) -> bool {
        self.0.as_ref().is_some_and(|left| left.load(Ordering::Relaxed) == 0)
    }
}

/// The worker's share of the load, in nanoseconds since the origin of the run.
#[derive(Debug)]
pub(crate) enum Schedule {
    /// A connection sends its next request a think time after its last answer.
    Closed {
        /// The think time.
        think_ns: u64,
        /// Connections that think, by the time at which they send.
        thinking: BinaryHeap<Reverse<(u64, usize)>>,
        /// Requests that may still be sent by all workers together.
        budget: Budget,
    },
    /// A request is due at every tick, on whatever connection is free.
    Open {
        /// The time between two ticks of this worker.
        interval_ns: f64,
        /// The time of this worker's first tick.
        first_ns: f64,
        /// How many ticks have been served.
        served: u64,
        /// Connections without a request in flight, the longest idle first: all of them are used in turn, so that none
        /// is idle for so long that the service closes it.
        idle: VecDeque<usize>,
    },
}

impl Schedule {
    /// The schedule of one of several workers. Closed: the first requests are spread over a think time, since equal
    /// sleeps would keep all users in step. Open: the workers take the ticks in turn.
    pub(crate) fn new(
        scenario: &Scenario,
        connections: usize,
        (index, workers): (usize, usize),
        budget: &Budget,
        rng: &mut Rng,
    ) -> Self {
        match scenario.model {
            Model::Closed => {
                let think_ns = scenario.think_time().as_nanos() as u64;
                let first = (0..connections).map(|connection| Reverse((rng.u64(0..=think_ns), connection)));
                Self::Closed { think_ns, thinking: first.collect(), budget: budget.clone() }
            }
            Model::Open => {
                let tick_ns = 1e9 / scenario.rate_per_s.unwrap_or(1.0);
                // Shuffled, so that over many slices at a low rate each connection has its turn.
                let mut idle: Vec<usize> = (0..connections).collect();
                rng.shuffle(&mut idle);
                Self::Open {
                    interval_ns: tick_ns * workers as f64,
                    first_ns: tick_ns * index as f64,
                    served: 0,
                    idle: idle.into(),
                }
            }
        }
    }

    /// The next connection to send by `now`, with the time at which it was intended to.
    pub(crate) fn due(&mut self, now: u64) -> Option<(usize, u64)> {
        match self {
            Self::Closed { thinking, budget, .. } => {
                let Reverse((due, _)) = *thinking.peek()?;
                if due > now || !budget.spend() {
                    return None;
                }
                thinking.pop().map(|Reverse((due, client))| (client, due))
            }
            Self::Open { interval_ns, first_ns, served, idle } => {
                let due = tick(*first_ns, *interval_ns, *served);
                if due > now {
                    return None;
                }
                let client = idle.pop_front()?;
                *served += 1;
                Some((client, due))
            }
        }
    }

    /// The time of the next [`Schedule::due`], as far as it is a matter of time.
    pub(crate) fn next(&self) -> Option<u64> {
        match self {
            Self::Closed { thinking, .. } => thinking.peek().map(|Reverse((due, _))| *due),
            Self::Open { interval_ns, first_ns, served, idle } => {
                (!idle.is_empty()).then(|| tick(*first_ns, *interval_ns, *served))
            }
        }
    }

    /// Takes back a connection that has its answer; `Some` when it is to send again at once.
    pub(crate) fn answered(&mut self, client: usize, now: u64) -> Option<u64> {
        match self {
            Self::Closed { think_ns: 0, budget, .. } => budget.spend().then_some(now),
            Self::Closed { think_ns, thinking, .. } => {
                thinking.push(Reverse((now + *think_ns, client)));
                None
            }
            Self::Open { idle, .. } => {
                idle.push_back(client);
                None
            }
        }
    }

    /// Ticks up to `end` that were not served.
    pub(crate) fn unserved(&self, end: u64) -> u64 {
        match self {
            Self::Closed { .. } => 0,
            Self::Open { interval_ns, first_ns, served, .. } => {
                let mut ticks = ((end as f64 - first_ns) / interval_ns).ceil().max(0.0) as u64;
                // The quotient may be rounded up to beyond the end.
                while ticks > *served && tick(*first_ns, *interval_ns, ticks - 1) >= end {
                    ticks -= 1;
                }
                ticks.saturating_sub(*served)
            }
        }
    }

    /// Whether no request may be sent any more, whatever the time.
    pub(crate) fn is_spent(&self) -> bool {
        match self {
            Self::Closed { budget, .. } => budget.is_spent(),
            Self::Open { .. } => false,
        }
    }
}

fn tick(first_ns: f64, interval_ns: f64, index: u64) -> u64 {
    (first_ns + interval_ns * index as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_schedule_keeps_its_schedule_while_no_connection_is_free() {
        let mut schedule =
            Schedule::Open { interval_ns: 10.0, first_ns: 0.0, served: 0, idle: VecDeque::from([0]) };
        assert_eq!(schedule.due(35), Some((0, 0)));
        assert_eq!((schedule.due(35), schedule.next()), (None, None));
        assert_eq!(schedule.answered(0, 36), None);
        assert_eq!(schedule.due(36), Some((0, 10)));
        assert_eq!(schedule.unserved(100), 8);
        schedule.answered(0, 36);
        assert_eq!(schedule.due(19), None);
        assert_eq!(schedule.next(), Some(20));
    }

    #[test]
    fn whoever_served_all_that_was_due_has_left_nothing() {
        for rate in (1000..60_000).step_by(100) {
            for workers in 1..3 {
                let interval_ns = 1e9 / f64::from(rate) * f64::from(workers);
                let mut schedule =
                    Schedule::Open { interval_ns, first_ns: 0.0, served: 0, idle: VecDeque::new() };
                let end = 55_000_000;
                while let Schedule::Open { idle, .. } = &mut schedule {
                    idle.push_back(0);
                    if schedule.due(end - 1).is_none() {
                        break;
                    }
                }
                assert_eq!(schedule.unserved(end), 0, "{rate}/s, {workers} workers");
            }
        }
    }

    #[test]
    fn a_closed_schedule_stops_at_its_budget() {
        let budget = Budget(Some(Arc::new(AtomicU64::new(2))));
        let thinking = BinaryHeap::from([Reverse((5, 1)), Reverse((3, 0))]);
        let mut schedule = Schedule::Closed { think_ns: 10, thinking, budget };
        assert_eq!(schedule.due(2), None);
        assert_eq!(schedule.due(9), Some((0, 3)));
        assert_eq!(schedule.answered(0, 9), None);
        assert_eq!(schedule.due(9), Some((1, 5)));
        assert_eq!(schedule.next(), Some(19));
        assert_eq!(schedule.due(99), None);
        assert!(schedule.is_spent());
    }
}
