//! When a worker's connections send: the closed model's think times, the open model's schedule.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The worker's share of the load, in nanoseconds since the origin of the run.
#[derive(Debug)]
pub enum Pace {
    /// A connection sends its next request a think time after its last answer.
    Closed {
        /// The think time.
        think_ns: u64,
        /// Connections that think, by the time at which they send.
        thinking: BinaryHeap<Reverse<(u64, usize)>>,
        /// Requests that may still be sent by all workers together; `None` without such a limit.
        budget: Option<Arc<AtomicU64>>,
    },
    /// A request is due at every tick, on whatever connection is free.
    Open {
        /// The time between two ticks of this worker.
        interval_ns: f64,
        /// The time of this worker's first tick.
        first_ns: f64,
        /// How many ticks have been served.
        served: u64,
        /// Connections without a request in flight, the longest idle last.
        idle: Vec<usize>,
    },
}

impl Pace {
    /// The next connection to send by `now`, with the time at which it was intended to.
    pub fn due(&mut self, now: u64) -> Option<(usize, u64)> {
        match self {
            Self::Closed { thinking, budget, .. } => {
                let Reverse((due, _)) = *thinking.peek()?;
                if due > now || !spend(budget) {
                    return None;
                }
                thinking.pop().map(|Reverse((due, client))| (client, due))
            }
            Self::Open { interval_ns, first_ns, served, idle } => {
                let due = tick(*first_ns, *interval_ns, *served);
                if due > now {
                    return None;
                }
                let client = idle.pop()?;
                *served += 1;
                Some((client, due))
            }
        }
    }

    /// The time of the next [`Pace::due`], as far as it is a matter of time.
    pub fn next(&self) -> Option<u64> {
        match self {
            Self::Closed { thinking, .. } => thinking.peek().map(|Reverse((due, _))| *due),
            Self::Open { interval_ns, first_ns, served, idle } => {
                (!idle.is_empty()).then(|| tick(*first_ns, *interval_ns, *served))
            }
        }
    }

    /// Takes back a connection that has its answer; `Some` when it is to send again at once.
    pub fn answered(&mut self, client: usize, now: u64) -> Option<u64> {
        match self {
            Self::Closed { think_ns: 0, budget, .. } => spend(budget).then_some(now),
            Self::Closed { think_ns, thinking, .. } => {
                thinking.push(Reverse((now + *think_ns, client)));
                None
            }
            Self::Open { idle, .. } => {
                idle.push(client);
                None
            }
        }
    }

    /// Ticks up to `end` that were not served.
    pub fn unserved(&self, end: u64) -> u64 {
        match self {
            Self::Closed { .. } => 0,
            Self::Open { interval_ns, first_ns, served, .. } => {
                let ticks = ((end as f64 - first_ns) / interval_ns).ceil().max(0.0) as u64;
                ticks.saturating_sub(*served)
            }
        }
    }

    /// Whether no request may be sent any more, whatever the time.
    pub fn is_spent(&self) -> bool {
        match self {
            Self::Closed { budget: Some(budget), .. } => budget.load(Ordering::Relaxed) == 0,
            _ => false,
        }
    }
}

fn spend(budget: &Option<Arc<AtomicU64>>) -> bool {
    let Some(budget) = budget else { return true };
    budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

fn tick(first_ns: f64, interval_ns: f64, index: u64) -> u64 {
    (first_ns + interval_ns * index as f64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_pace_keeps_its_schedule_while_no_connection_is_free() {
        let mut pace = Pace::Open { interval_ns: 10.0, first_ns: 0.0, served: 0, idle: vec![0] };
        assert_eq!(pace.due(35), Some((0, 0)));
        assert_eq!((pace.due(35), pace.next()), (None, None));
        assert_eq!(pace.answered(0, 36), None);
        assert_eq!(pace.due(36), Some((0, 10)));
        assert_eq!(pace.unserved(100), 8);
        pace.answered(0, 36);
        assert_eq!(pace.due(19), None);
        assert_eq!(pace.next(), Some(20));
    }

    #[test]
    fn a_closed_pace_stops_at_its_budget() {
        let budget = Some(Arc::new(AtomicU64::new(2)));
        let thinking = BinaryHeap::from([Reverse((5, 1)), Reverse((3, 0))]);
        let mut pace = Pace::Closed { think_ns: 10, thinking, budget };
        assert_eq!(pace.due(2), None);
        assert_eq!(pace.due(9), Some((0, 3)));
        assert_eq!(pace.answered(0, 9), None);
        assert_eq!(pace.due(9), Some((1, 5)));
        assert_eq!(pace.next(), Some(19));
        assert_eq!(pace.due(99), None);
        assert!(pace.is_spent());
    }
}
