//! When the requests of an overload are due: phases of a rate each, shared among workers.

use crate::phase::Phase;

/// A request that is due.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Tick {
    pub(crate) phase: usize,
    /// When, in ns since the phase began.
    pub(crate) in_phase_ns: u64,
    /// When, in ns since the origin.
    pub(crate) at_ns: u64,
}

/// One worker's share of the ticks.
#[derive(Clone, Debug)]
pub(crate) struct Ticks {
    /// Start, end and interval of each phase, in ns.
    phases: Vec<(f64, f64, f64)>,
    own: (usize, usize),
    phase: usize,
    served: u64,
}

impl Ticks {
    /// The ticks of one of several workers, which take them in turn.
    pub(crate) fn new(phases: &[Phase], own: (usize, usize)) -> Self {
        let mut start = 0.0;
        let timed = |phase: &Phase| {
            let end = start + phase.duration_s * 1e9;
            (std::mem::replace(&mut start, end), end, 1e9 / phase.rate_per_s)
        };
        let mut ticks = Self { phases: phases.iter().map(timed).collect(), own, phase: 0, served: 0 };
        ticks.skip();
        ticks
    }

    /// The next request, if it is due by now.
    pub(crate) fn due(&mut self, now: u64) -> Option<Tick> {
        let at_ns = self.next().filter(|next| *next <= now)?;
        let in_phase_ns = at_ns.saturating_sub(self.phases[self.phase].0 as u64);
        let tick = Tick { phase: self.phase, in_phase_ns, at_ns };
        self.served += 1;
        self.skip();
        Some(tick)
    }

    /// The time of the next request, in ns since the origin; `None` after the last.
    pub(crate) fn next(&self) -> Option<u64> {
        let (start, _, interval) = self.phases.get(self.phase)?;
        Some((start + self.offset(*interval)) as u64)
    }

    /// When the last phase ends.
    pub(crate) fn end_ns(&self) -> u64 {
        self.phases.last().map_or(0, |(_, end, _)| *end as u64)
    }

    fn offset(&self, interval: f64) -> f64 {
        let (index, workers) = self.own;
        interval * (self.served as f64 * workers as f64 + index as f64)
    }

    /// Goes on to the phase that the next tick is in.
    fn skip(&mut self) {
        while let Some((start, end, interval)) = self.phases.get(self.phase) {
            if start + self.offset(*interval) < *end {
                return;
            }
            (self.phase, self.served) = (self.phase + 1, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_share_every_phase_and_miss_no_tick() {
        let phases =
            [Phase { rate_per_s: 10.0, duration_s: 1.0 }, Phase { rate_per_s: 40.0, duration_s: 0.5 }];
        let mut times: Vec<(usize, u64)> = Vec::new();
        for index in 0..3 {
            let mut ticks = Ticks::new(&phases, (index, 3));
            assert_eq!(ticks.end_ns(), 1_500_000_000);
            while let Some(tick) = ticks.due(u64::MAX) {
                assert_eq!(tick.at_ns - tick.in_phase_ns, tick.phase as u64 * 1_000_000_000);
                times.push((tick.phase, tick.at_ns / 1_000_000));
            }
            assert_eq!(ticks.next(), None);
        }
        times.sort_unstable();
        assert_eq!(times.len(), 30);
        assert_eq!((times[1], times[9], times[10], times[29]), ((0, 100), (0, 900), (1, 1000), (1, 1475)));
    }

    #[test]
    fn nothing_is_due_before_its_time() {
        let mut ticks = Ticks::new(&[Phase { rate_per_s: 1000.0, duration_s: 1.0 }], (0, 1));
        assert!(ticks.due(0).is_some() && ticks.due(999_999).is_none());
        assert_eq!(ticks.next(), Some(1_000_000));
    }
}
