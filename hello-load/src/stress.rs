//! Loads that look for the limits of a server: how much it sustains, what happens beyond that, what connections cost.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::bounds::{seconds, within};

/// The most points of a curve, phases of an overload, or counts of connections.
const MAX_POINTS: usize = 50;
/// The most connections that an overload or a crowd may open.
const MAX_CROWD: u32 = 1_000_000;

/// What a load looks for, other than how a server does under it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Stress {
    /// The highest rate at which the 99th percentile of latency holds.
    Sustain {
        /// How that rate is found.
        search: Search,
    },
    /// Latency at shares of that rate.
    Curve {
        /// How that rate is found, unless the scenario gives it.
        search: Search,
        /// The shares, in percent.
        percent: Vec<f64>,
    },
    /// What happens beyond that rate, and afterwards.
    Overload {
        /// How that rate is found, unless the scenario gives it.
        search: Search,
        /// Multiples of the rate, one phase after the other.
        factors: Vec<f64>,
        /// Seconds of each phase.
        phase_s: f64,
        /// The multiple of the rate after the last phase.
        recovery_factor: f64,
        /// Seconds for which it is offered.
        recovery_s: f64,
        /// How late a right answer may be, from its intended time, to be worth something to its client.
        in_time_ms: f64,
        /// The most clients that wait at a time. A request that finds all of them waiting is never sent.
        max_connections: u32,
    },
    /// What idle connections cost.
    Connections {
        /// How many, ascending.
        counts: Vec<u32>,
        /// Seconds for which they idle at each count.
        idle_s: f64,
        /// Seconds after they have left at which memory is read again.
        left_s: f64,
    },
}

/// How the highest rate is found at which a percentile holds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// What the 99th percentile from the intended time may be.
    pub p99_ms: f64,
    /// Seconds of a window at one rate.
    pub window_s: f64,
    /// The requests that a window should hold: at a low rate it is longer for that, up to five times.
    pub window_requests: u64,
}

impl Search {
    /// Seconds at the start of a window that are not measured, roughly.
    const SETTLE_S: f64 = 0.02;
    /// Windows that a search takes, roughly.
    const WINDOWS: f64 = 19.0;
    /// How much longer the windows of a curve are than others, roughly, as some are at low rates.
    const SLOW: f64 = 1.3;
    /// How much longer a window becomes, at most, to hold enough requests.
    const MAX_STRETCH: f64 = 5.0;

    /// The length of a window at this rate.
    pub fn window(&self, rate_per_s: f64) -> Duration {
        let wanted = self.window_requests as f64 / rate_per_s.max(1.0);
        Duration::from_secs_f64(wanted.clamp(self.window_s, self.window_s * Self::MAX_STRETCH))
    }

    /// What the 99th percentile may be, in µs.
    pub fn p99_us(&self) -> f64 {
        self.p99_ms * 1e3
    }

    fn expected_s(&self) -> f64 {
        self.window_s + Self::SETTLE_S
    }

    fn check(&self) -> Result<()> {
        within("stress.search.p99_ms", self.p99_ms, (0.01, 60_000.0))?;
        seconds("stress.search.window_s", self.window_s, 0.02)?;
        ensure!(self.window_requests > 0, "stress.search.window_requests is 0");
        Ok(())
    }
}

impl Stress {
    /// How the rate is found that this load is relative to; absent where there is none.
    pub fn search(&self) -> Option<&Search> {
        match self {
            Self::Sustain { search } | Self::Curve { search, .. } | Self::Overload { search, .. } => {
                Some(search)
            }
            Self::Connections { .. } => None,
        }
    }

    /// How long it takes for one service, roughly, with or without a search for the rate.
    pub fn expected(&self, is_rate_known: bool) -> Duration {
        self.expected_round(1, is_rate_known)
    }

    /// How long it takes for so many services, roughly: those whose connections left wait for a last look together.
    pub fn expected_round(&self, services: u32, is_rate_known: bool) -> Duration {
        let (each_s, once_s) = match self {
            Self::Sustain { .. } => (0.0, 0.0),
            Self::Curve { search, percent } => {
                (percent.len() as f64 * search.expected_s() * Search::SLOW, 0.0)
            }
            Self::Overload { factors, phase_s, recovery_s, .. } => {
                (factors.len() as f64 * phase_s + recovery_s, 0.0)
            }
            Self::Connections { counts, idle_s, left_s } => (counts.len() as f64 * (idle_s + 1.0), *left_s),
        };
        let search = self.search().filter(|_| !is_rate_known);
        let searching_s = search.map_or(0.0, |search| Search::WINDOWS * search.expected_s());
        Duration::from_secs_f64((each_s + searching_s) * f64::from(services) + once_s)
    }

    /// Whether it is relative to a rate that the scenario may give.
    pub fn is_relative(&self) -> bool {
        matches!(self, Self::Curve { .. } | Self::Overload { .. })
    }

    /// The same with another limit of the 99th percentile.
    #[must_use]
    pub fn with_p99(mut self, limit: Duration) -> Self {
        if let Self::Sustain { search } | Self::Curve { search, .. } | Self::Overload { search, .. } =
            &mut self
        {
            search.p99_ms = limit.as_secs_f64() * 1e3;
        }
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        self.search().map_or(Ok(()), Search::check)?;
        match self {
            Self::Sustain { .. } => Ok(()),
            Self::Curve { percent, .. } => points("stress.percent", percent, (0.1, 1000.0)),
            Self::Overload {
                factors,
                phase_s,
                recovery_factor,
                recovery_s,
                in_time_ms,
                max_connections,
                ..
            } => {
                points("stress.factors", factors, (0.01, 100.0))?;
                seconds("stress.phase_s", *phase_s, 0.1)?;
                within("stress.recovery_factor", *recovery_factor, (0.01, 100.0))?;
                seconds("stress.recovery_s", *recovery_s, 0.1)?;
                within("stress.in_time_ms", *in_time_ms, (0.1, 60_000.0))?;
                crowd("stress.max_connections", *max_connections)
            }
            Self::Connections { counts, idle_s, left_s } => {
                ensure!(
                    !counts.is_empty() && counts.len() <= MAX_POINTS && counts.is_sorted(),
                    "stress.counts is not an ascending list of 1 to {MAX_POINTS} counts"
                );
                seconds("stress.idle_s", *idle_s, 0.05)?;
                seconds("stress.left_s", *left_s, 0.0)?;
                counts.iter().try_for_each(|count| crowd("stress.counts", *count))
            }
        }
    }
}

fn points(field: &str, values: &[f64], range: (f64, f64)) -> Result<()> {
    ensure!((1..=MAX_POINTS).contains(&values.len()), "{field} does not have 1 to {MAX_POINTS} values");
    values.iter().try_for_each(|value| within(field, *value, range))
}

fn crowd(field: &str, count: u32) -> Result<()> {
    ensure!((1..=MAX_CROWD).contains(&count), "{field} has {count}, not from 1 to {MAX_CROWD}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_enough_requests_but_does_not_take_for_ever() {
        let search = Search { p99_ms: 5.0, window_s: 0.4, window_requests: 10_000 };
        assert_eq!(search.window(100_000.0), Duration::from_millis(400));
        assert_eq!(search.window(10_000.0), Duration::from_secs(1));
        assert_eq!(search.window(10.0), Duration::from_secs(2));
    }
}
