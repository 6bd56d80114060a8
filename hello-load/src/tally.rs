//! What became of the requests of an overload, by phase and by tenth of a second.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::histogram;

/// The length of a window.
pub(crate) const WINDOW_NS: u64 = 100_000_000;

/// What became of requests, by the time at which they were intended.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FloodCounts {
    /// Requests that were due.
    pub offered: u64,
    /// Right answers within the time in which they are worth something; those that are normal among them.
    pub good: u64,
    /// Right answers within the time that is normal.
    pub normal: u64,
    /// Right answers later than that is worth something.
    pub late: u64,
    /// Answers with status 503.
    pub shed: u64,
    /// Requests whose connection was refused, closed or reset before the answer.
    pub dropped: u64,
    /// Requests that were never sent, as all connections that there may be were waiting.
    pub unsent: u64,
    /// Requests without an answer when the load was over.
    pub unanswered: u64,
}

impl FloodCounts {
    fn add(&mut self, other: &Self) {
        let fields = [
            (&mut self.offered, other.offered),
            (&mut self.good, other.good),
            (&mut self.normal, other.normal),
            (&mut self.late, other.late),
            (&mut self.shed, other.shed),
            (&mut self.dropped, other.dropped),
            (&mut self.unsent, other.unsent),
            (&mut self.unanswered, other.unanswered),
        ];
        for (own, more) in fields {
            *own += more;
        }
    }
}

/// What became of the requests of a tenth of a second, or of what was left of a phase.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct FloodWindow {
    /// Its phase, from 0.
    pub phase: usize,
    /// Its begin, in seconds since the load began.
    pub start_s: f64,
    /// What became of its requests.
    #[serde(flatten)]
    pub counts: FloodCounts,
    /// The 99th percentile of the latency of right answers, in µs; absent without any.
    pub p99_us: Option<f64>,
}

/// A window, by its phase and its place in it.
pub(crate) type Place = (usize, usize);

#[derive(Clone, Debug)]
struct Cell {
    place: Place,
    counts: FloodCounts,
    right: Histogram<u64>,
}

/// The counts of one worker, or of all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    cells: Vec<Cell>,
    /// Answers that were wrong.
    pub(crate) wrong: u64,
    /// What was wrong with the first.
    pub(crate) first_wrong: Option<String>,
}

impl Tally {
    /// The counts of a window.
    pub(crate) fn at(&mut self, place: Place) -> &mut FloodCounts {
        &mut self.cell(place).counts
    }

    /// Counts a right answer.
    pub(crate) fn right(&mut self, place: Place, latency_ns: u64, (normal_ns, in_time_ns): (u64, u64)) {
        let cell = self.cell(place);
        cell.right.saturating_record(latency_ns.max(1));
        cell.counts.normal += u64::from(latency_ns <= normal_ns);
        cell.counts.good += u64::from(latency_ns <= in_time_ns);
        cell.counts.late += u64::from(latency_ns > in_time_ns);
    }

    /// Counts a wrong answer.
    pub(crate) fn wrong(&mut self, what: String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert(what);
    }

    /// Requests come in order of time, and so do windows; answers come for the last few.
    fn cell(&mut self, place: Place) -> &mut Cell {
        let found = self.cells.iter().rposition(|cell| cell.place <= place);
        let index = match found {
            Some(index) if self.cells[index].place == place => index,
            other => {
                let index = other.map_or(0, |index| index + 1);
                let cell = Cell { place, counts: FloodCounts::default(), right: histogram() };
                self.cells.insert(index, cell);
                index
            }
        };
        &mut self.cells[index]
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for cell in &other.cells {
            let own = self.cell(cell.place);
            own.counts.add(&cell.counts);
            // Both have the same bounds, so the sum cannot fail.
            let _ = own.right.add(&cell.right);
        }
        self.wrong += other.wrong;
        self.first_wrong = self.first_wrong.take().or(other.first_wrong);
    }

    pub(crate) fn of_phase(&self, phase: usize) -> FloodCounts {
        let mut sum = FloodCounts::default();
        self.cells
            .iter()
            .filter(|cell| cell.place.0 == phase)
            .for_each(|cell| sum.add(&cell.counts));
        sum
    }

    /// The 99th percentile of the good answers of a phase: they are the fastest of the right ones.
    pub(crate) fn good_p99_us(&self, phase: usize) -> Option<f64> {
        let mut right = histogram();
        for cell in self.cells.iter().filter(|cell| cell.place.0 == phase) {
            let _ = right.add(&cell.right);
        }
        let good = self.of_phase(phase).good;
        let share = good as f64 / right.len().max(1) as f64;
        (good > 0).then(|| right.value_at_quantile(0.99 * share) as f64 / 1e3)
    }

    /// All windows, whose phases begin at these times.
    pub(crate) fn windows(&self, starts_s: &[f64]) -> Vec<FloodWindow> {
        let window = |cell: &Cell| FloodWindow {
            phase: cell.place.0,
            start_s: starts_s.get(cell.place.0).copied().unwrap_or_default()
                + cell.place.1 as f64 * WINDOW_NS as f64 / 1e9,
            counts: cell.counts,
            p99_us: (!cell.right.is_empty()).then(|| cell.right.value_at_quantile(0.99) as f64 / 1e3),
        };
        self.cells.iter().map(window).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_count_by_how_late_they_are_in_the_window_that_they_were_due_in() {
        let limits = (5_000_000, 100_000_000);
        let mut tally = Tally::default();
        for ms in 1..=100 {
            tally.right((0, 1), ms * 1_000_000, limits);
        }
        tally.right((0, 0), 900_000_000, limits);
        tally.at((0, 1)).shed += 1;
        tally.at((1, 0)).dropped += 1;
        let mut all = tally.clone();
        all.merge(tally);
        let phase = all.of_phase(0);
        assert_eq!((phase.normal, phase.good, phase.late, phase.shed), (10, 200, 2, 2));
        let p99 = all.good_p99_us(0).unwrap();
        assert!((98_000.0..100_000.0).contains(&p99), "{p99}");
        assert_eq!(all.good_p99_us(1), None);
        let windows = all.windows(&[0.0, 3.0]);
        let starts: Vec<f64> = windows.iter().map(|window| window.start_s).collect();
        assert_eq!(starts, [0.0, 0.1, 3.0]);
        assert_eq!((windows[0].counts.late, windows[2].counts.dropped, windows[2].p99_us), (2, 2, None));
    }
}
