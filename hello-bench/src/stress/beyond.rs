//! What the rounds say of one service beyond its rate, and of its idle connections: medians, as results.json has them.

use serde::{Deserialize, Serialize};

use crate::stress::crowd::{IdleConnections, IdlePoint};
use crate::stress::middle::{median_of, median_of_known};
use crate::stress::overload::{Overload, OverloadPhase};

/// What happens beyond the rate that a service sustains.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OverloadRow {
    /// The median of the rates that the factors are of.
    pub base_per_s: f64,
    /// The phases of overload, and then the one of recovery.
    pub phases: Vec<PhaseRow>,
    /// The median time from the end of the overload until all is normal, in seconds; absent where that was not reached
    /// in at least half of the rounds.
    pub recovery_s: Option<f64>,
    /// The most memory seen, by the median of the rounds, in bytes; absent where it is not known.
    pub peak_rss_bytes: Option<f64>,
}

/// Medians of the rounds in one phase. Fractions are of the requests that were due.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct PhaseRow {
    /// The multiple of the rate.
    pub factor: f64,
    /// Requests a second that were due.
    pub offered_per_s: f64,
    /// Right answers in time, a second.
    pub goodput_per_s: f64,
    /// The 99th percentile of their latency, in µs; absent without any.
    pub good_p99_us: Option<f64>,
    /// Right answers that came too late.
    pub late: f64,
    /// Refused with status 503.
    pub shed: f64,
    /// Connections refused, closed or reset before the answer.
    pub dropped: f64,
    /// Never sent, as all connections that there may be were waiting.
    pub unsent: f64,
    /// Without an answer at the end.
    pub unanswered: f64,
    /// Whether the generator may have been the limit in at least half of the rounds.
    pub is_generator_bound: bool,
}

/// What idle connections cost.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct ConnectionsRow {
    /// At each count, ascending.
    pub counts: Vec<IdleRow>,
    /// Resident memory before the first connection, in bytes; absent where it is not known.
    pub before_rss_bytes: Option<f64>,
    /// Resident memory after the last one left, in bytes; absent likewise.
    pub after_rss_bytes: Option<f64>,
    /// How long after, in seconds.
    pub after_s: f64,
}

/// Medians of the rounds at one count of idle connections.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IdleRow {
    /// How many the scenario asks for.
    pub asked: u32,
    pub connections: f64,
    /// Resident memory for each, in bytes; absent where memory is not known.
    pub bytes_per_connection: Option<f64>,
    /// CPU time a second while they idle, in µs; absent likewise.
    pub cpu_us_per_s: Option<f64>,
}

impl OverloadRow {
    pub(crate) fn of(rounds: &[&Overload]) -> Option<Self> {
        let phases = (0..rounds.first()?.phases.len()).map(|index| PhaseRow::of(rounds, index));
        let slow = |round: &&Overload| round.recovery_s().unwrap_or(f64::INFINITY);
        Some(Self {
            base_per_s: median_of(rounds, |round| round.base_per_s)?,
            phases: phases.collect::<Option<_>>()?,
            recovery_s: median_of(rounds, slow).filter(|seconds| seconds.is_finite()),
            peak_rss_bytes: median_of_known(rounds, |round| Some(round.peak?.rss_bytes as f64)),
        })
    }
}

impl PhaseRow {
    fn of(rounds: &[&Overload], index: usize) -> Option<Self> {
        let phases: Vec<&OverloadPhase> = rounds.iter().filter_map(|round| round.phases.get(index)).collect();
        let share = |count: fn(&OverloadPhase) -> u64| {
            median_of(&phases, |phase| count(phase) as f64 / phase.counts.offered.max(1) as f64)
        };
        let bound = phases.iter().filter(|phase| phase.is_generator_bound()).count();
        Some(Self {
            factor: phases.first()?.factor,
            offered_per_s: median_of(&phases, |phase| phase.phase.rate_per_s)?,
            goodput_per_s: median_of(&phases, |phase| phase.goodput_per_s())?,
            good_p99_us: median_of_known(&phases, |phase| phase.good_p99_us),
            late: share(|phase| phase.counts.late)?,
            shed: share(|phase| phase.counts.shed)?,
            dropped: share(|phase| phase.counts.dropped)?,
            unsent: share(|phase| phase.counts.unsent)?,
            unanswered: share(|phase| phase.counts.unanswered)?,
            is_generator_bound: bound * 2 >= phases.len(),
        })
    }
}

impl ConnectionsRow {
    pub(crate) fn of(rounds: &[&IdleConnections]) -> Option<Self> {
        let counts = (0..rounds.first()?.counts.len()).map(|index| IdleRow::of(rounds, index));
        Some(Self {
            counts: counts.collect::<Option<_>>()?,
            before_rss_bytes: median_of_known(rounds, |round| Some(round.before?.rss_bytes as f64)),
            after_rss_bytes: median_of_known(rounds, |round| Some(round.after?.rss_bytes as f64)),
            after_s: median_of(rounds, |round| round.after_s)?,
        })
    }
}

impl IdleRow {
    fn of(rounds: &[&IdleConnections], index: usize) -> Option<Self> {
        let at = |round: &&IdleConnections| round.counts.get(index).copied();
        let points: Vec<IdlePoint> = rounds.iter().filter_map(at).collect();
        Some(Self {
            asked: points.first()?.asked,
            connections: median_of(&points, |point| f64::from(point.connections))?,
            bytes_per_connection: median_of_known(rounds, |round| round.bytes_per_connection(&at(round)?)),
            cpu_us_per_s: median_of_known(&points, |point| point.cpu_us_per_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stress::overload::tests::phase;
    use hello_load::FloodCounts;

    #[test]
    fn phases_have_the_medians_of_the_rounds() {
        let round = |good, shed| {
            let counts = FloodCounts { offered: 1000, good, shed, ..FloodCounts::default() };
            Overload {
                base_per_s: 100.0,
                search: None,
                max_connections: 5,
                phases: vec![phase(2.0, counts), phase(0.5, FloodCounts::default())],
                windows: Vec::new(),
                peak: None,
            }
        };
        let rounds = [round(100, 10), round(300, 20), round(500, 900)];
        let row = OverloadRow::of(&rounds.iter().collect::<Vec<_>>()).unwrap();
        let first = &row.phases[0];
        assert_eq!((first.goodput_per_s, first.shed, first.offered_per_s), (150.0, 0.02, 200.0));
        // Without a window there is nothing that shows a recovery.
        assert_eq!((row.recovery_s, row.peak_rss_bytes), (None, None));
    }
}
