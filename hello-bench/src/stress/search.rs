//! The highest rate that holds, by bracketing and bisection: which rate to try next, from what held so far.

use crate::stress::window::LimitingFactor;

/// The first rate tried, as a fraction of the throughput at saturation.
const FIRST: f64 = 0.85;
/// The step up while nothing failed yet.
const UP: f64 = 1.15;
/// The step down while nothing held yet.
const DOWN: f64 = 0.6;
/// The search ends when the lowest rate that failed is at most this much above the highest that held.
const RESOLUTION: f64 = 1.03;
/// A rate below this fraction of the throughput at saturation is not looked for.
const MIN_SHARE: f64 = 0.05;
/// A rate has failed when two of its windows failed, and has held when its first held, or two of three: a single burst of
/// something else on the machine spoils a 99th percentile.
const FAILURES: u32 = 2;
/// The most windows of a search.
const MAX_WINDOWS: u32 = 40;

/// A search under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RateSearch {
    min: f64,
    /// The highest rate that held; zero so far.
    low: f64,
    /// The lowest rate that failed, and by what.
    high: Option<(f64, LimitingFactor)>,
    candidate: f64,
    /// The next step up, while nothing failed.
    up: f64,
    failures: u32,
    held_again: u32,
    windows: u32,
    stage: Stage,
}

/// What a search is at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Stage {
    /// It closes in on the rate.
    Closing,
    /// It tries the lowest rate that failed once more: if a disturbance of seconds failed it, the rate lies higher.
    Confirming,
    Over,
}

impl RateSearch {
    /// A search around the throughput at saturation.
    pub(crate) fn around(throughput_per_s: f64) -> Self {
        Self {
            min: throughput_per_s * MIN_SHARE,
            low: 0.0,
            high: None,
            candidate: throughput_per_s * FIRST,
            up: UP,
            failures: 0,
            held_again: 0,
            windows: 0,
            stage: Stage::Closing,
        }
    }

    /// The rate to try next; `None` when the search is over.
    pub(crate) fn next(&self) -> Option<f64> {
        let goes_on = self.stage != Stage::Over && self.windows < MAX_WINDOWS;
        (goes_on && self.candidate >= self.min).then_some(self.candidate)
    }

    /// Notes what a window at that rate showed: what failed, or nothing.
    pub(crate) fn note(&mut self, limit: Option<LimitingFactor>) {
        self.windows += 1;
        match limit {
            None if self.failures == 0 || self.held_again > 0 => self.holds(),
            None => self.held_again += 1,
            Some(limit) => {
                self.failures += 1;
                if self.failures >= FAILURES {
                    self.fails(limit);
                }
            }
        }
    }

    /// The highest rate that held; zero when none did.
    pub(crate) fn found(&self) -> f64 {
        self.low
    }

    /// What the lowest rate failed by that failed; absent while none did.
    pub(crate) fn limit(&self) -> Option<LimitingFactor> {
        self.high.map(|(_, limit)| limit)
    }

    fn holds(&mut self) {
        self.low = self.candidate;
        if self.stage == Stage::Confirming {
            (self.high, self.stage, self.up) = (None, Stage::Closing, UP);
        }
        self.turn();
    }

    fn fails(&mut self, limit: LimitingFactor) {
        self.high = Some((self.candidate, limit));
        if self.stage == Stage::Confirming {
            self.stage = Stage::Over;
        }
        self.turn();
    }

    /// Chooses the next candidate.
    fn turn(&mut self) {
        (self.failures, self.held_again) = (0, 0);
        self.candidate = match self.high {
            None => {
                let up = self.up;
                self.up = up * up;
                self.low * up
            }
            Some((high, _)) if self.low <= 0.0 => high * DOWN,
            Some((high, _)) if high <= self.low * RESOLUTION => {
                if self.stage == Stage::Closing {
                    self.stage = Stage::Confirming;
                }
                high
            }
            Some((high, _)) => (self.low * high).sqrt(),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches a service that holds up to `capacity`, and in which window number `spoilt` fails whatever the rate.
    fn searched(
        estimate: f64,
        capacity: f64,
        spoilt: impl Fn(usize) -> bool,
    ) -> (f64, Option<LimitingFactor>, usize) {
        let mut search = RateSearch::around(estimate);
        let mut windows = 0;
        while let Some(rate) = search.next() {
            let fails = rate > capacity || spoilt(windows);
            search.note(fails.then_some(LimitingFactor::Latency));
            windows += 1;
            assert!(windows < 100, "{search:?}");
        }
        (search.found(), search.limit(), windows)
    }

    #[test]
    fn the_rate_is_found_from_above_and_from_below() {
        for capacity in [80.0, 400.0, 849.0, 851.0, 970.0, 1300.0, 9000.0] {
            let (found, limit, windows) = searched(1000.0, capacity, |_| false);
            assert!(found <= capacity && found * RESOLUTION >= capacity, "{capacity}: {found}");
            assert!(limit == Some(LimitingFactor::Latency) && windows < 40, "{capacity}: {windows}");
        }
    }

    #[test]
    fn one_spoilt_window_in_three_changes_nothing() {
        for every in [3, 4, 7] {
            let (found, ..) = searched(1000.0, 930.0, |window| window % every == 0);
            assert!((930.0 / RESOLUTION..=930.0).contains(&found), "{every}: {found}");
        }
    }

    #[test]
    fn a_disturbance_of_many_windows_is_seen_through() {
        // A burst at saturation that was disturbed, and then two windows that were.
        let (found, limit, windows) = searched(300.0, 930.0, |window| window < 2);
        assert!((930.0 / RESOLUTION..=930.0).contains(&found), "{found} after {windows}");
        assert_eq!(limit, Some(LimitingFactor::Latency));
    }

    #[test]
    fn a_service_that_holds_at_no_rate_sustains_none() {
        let (found, limit, windows) = searched(1000.0, 0.0, |_| false);
        assert!(found == 0.0 && limit == Some(LimitingFactor::Latency) && windows < 20, "{windows}");
    }

    #[test]
    fn the_limit_is_that_of_the_lowest_rate_that_failed() {
        let mut search = RateSearch::around(1000.0);
        for limit in [
            LimitingFactor::Generator,
            LimitingFactor::Generator,
            LimitingFactor::Unsent,
            LimitingFactor::Unsent,
        ] {
            search.note(Some(limit));
        }
        assert_eq!(search.limit(), Some(LimitingFactor::Unsent));
        search.note(None);
        assert_eq!(search.limit(), Some(LimitingFactor::Unsent));
    }
}
