//! What a load measured: latencies in windows of time, schedule lag, counts, violations.

use std::time::Duration;

use hdrhistogram::Histogram;

/// Histograms keep three significant digits.
const DIGITS: u8 = 3;
/// The longest latency that is distinguished; a longer one counts as this.
const MAX_LATENCY: Duration = Duration::from_secs(600);
/// The most windows. What comes later counts in the last.
const MAX_WINDOWS: usize = 1000;

/// An empty histogram of nanoseconds.
pub(crate) fn histogram() -> Histogram<u64> {
    #[expect(clippy::expect_used, reason = "the bounds are constants that the crate accepts")]
    Histogram::new_with_bounds(1, MAX_LATENCY.as_nanos() as u64, DIGITS).expect("the bounds are valid")
}

/// The record of one worker, or of all.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Latencies in ns, by the window of time in which the request was intended to be sent.
    pub(crate) windows: Vec<Histogram<u64>>,
    /// How much later than intended each request was sent, in ns.
    pub(crate) lag: Histogram<u64>,
    /// Requests with the right answer, after the warm-up.
    pub(crate) right: u64,
    /// Requests with a wrong answer, in the warm-up too.
    pub(crate) wrong: u64,
    /// What was wrong with the first.
    pub(crate) first_wrong: Option<String>,
    /// Requests that the schedule intended and no free connection could send before the end.
    pub(crate) unsent: u64,
    /// Connections opened after the first ones.
    pub(crate) reconnects: u64,
    pub(crate) window_ns: u64,
}

impl Record {
    /// An empty record with windows of this length.
    pub(crate) fn new(window: Duration) -> Self {
        Self {
            windows: Vec::new(),
            lag: histogram(),
            right: 0,
            wrong: 0,
            first_wrong: None,
            unsent: 0,
            reconnects: 0,
            window_ns: (window.as_nanos() as u64).max(1),
        }
    }

    /// The length of a window.
    pub(crate) fn window(&self) -> Duration {
        Duration::from_nanos(self.window_ns)
    }

    /// Counts a right answer: `at_ns` after the warm-up, sent `lag_ns` late, answered in `latency_ns`.
    pub(crate) fn answer(&mut self, at_ns: u64, lag_ns: u64, latency_ns: u64) {
        let index = ((at_ns / self.window_ns) as usize).min(MAX_WINDOWS - 1);
        while self.windows.len() <= index {
            self.windows.push(histogram());
        }
        self.windows[index].saturating_record(latency_ns.max(1));
        self.lag.saturating_record(lag_ns.max(1));
        self.right += 1;
    }

    /// Counts a wrong answer.
    pub(crate) fn wrong(&mut self, what: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert(what);
    }

    /// Adds what another worker measured.
    pub(crate) fn merge(&mut self, other: Self) {
        for (index, window) in other.windows.iter().enumerate() {
            if self.windows.len() <= index {
                self.windows.push(histogram());
            }
            // Both have the same bounds, so the sum cannot fail.
            let _ = self.windows[index].add(window);
        }
        let _ = self.lag.add(&other.lag);
        self.right += other.right;
        self.wrong += other.wrong;
        self.unsent += other.unsent;
        self.reconnects += other.reconnects;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }

    /// All latencies.
    pub(crate) fn latency(&self) -> Histogram<u64> {
        let mut all = histogram();
        for window in &self.windows {
            let _ = all.add(window);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_records_hold_the_requests_of_both() {
        let mut one = Record::new(Duration::from_millis(1));
        let mut two = one.clone();
        one.answer(500_000, 1, 1000);
        two.answer(2_500_000, 1, 3000);
        two.wrong("first".into());
        two.wrong("second".into());
        one.merge(two);
        assert_eq!((one.right, one.wrong, one.windows.len()), (2, 2, 3));
        assert_eq!(one.first_wrong.as_deref(), Some("first"));
        let latency = one.latency();
        assert_eq!((latency.len(), latency.min(), latency.value_at_quantile(1.0) / 10), (2, 1000, 300));
    }

    #[test]
    fn a_latency_beyond_the_longest_is_kept_as_the_longest() {
        let mut record = Record::new(Duration::from_secs(1));
        record.answer(u64::MAX, 0, u64::MAX);
        assert_eq!(record.latency().len(), 1);
        assert_eq!(record.windows.len(), MAX_WINDOWS);
    }
}
