//! A limit on what others may take, extended by as much as this process itself is late: a busy machine holds up both.

use std::thread;
use std::time::{Duration, Instant};

/// A limit that begins when it is made.
#[derive(Debug)]
pub(crate) struct Patience {
    begun: Instant,
    limit: Duration,
    late: Duration,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit, late: Duration::ZERO }
    }

    /// The time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Whether the limit is over, and the time on top by which sleeps have been late.
    pub(crate) fn is_over(&self) -> bool {
        self.elapsed() >= self.limit + self.late
    }

    /// Sleeps. If it overshoots, the timers of other processes may be late too.
    pub(crate) fn sleep(&mut self, asked: Duration) {
        let begun = Instant::now();
        thread::sleep(asked);
        self.late += begun.elapsed().saturating_sub(asked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_longer_by_what_sleeps_were_late() {
        let limit = Duration::from_millis(20);
        let mut patience = Patience::new(limit);
        while !patience.is_over() {
            patience.sleep(Duration::from_millis(5));
        }
        assert!(patience.late > Duration::ZERO && patience.elapsed() >= limit + patience.late);
    }
}
