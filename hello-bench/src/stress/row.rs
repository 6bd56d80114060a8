//! What the rounds of a load say of one service that looks for limits: medians and counts, as results.json has it.

use hello_stats::{Estimate, median};
use serde::{Deserialize, Serialize};

use crate::stress::beyond::{ConnectionsRow, OverloadRow};
use crate::stress::findings::Findings;
use crate::stress::middle::median_of;
use crate::stress::sustained::{Curve, Sustained};
use crate::stress::window::{LimitingFactor, RateWindow};

/// What a load found that looks for limits, over the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum StressRow {
    /// The highest rate at which p99 holds.
    Sustain(SustainedRow),
    /// Latency at shares of that rate.
    Curve(CurveRow),
    /// What happens beyond it.
    Overload(OverloadRow),
    /// What idle connections cost.
    Connections(ConnectionsRow),
}

/// The highest rate at which p99 holds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct SustainedRow {
    /// The geometric mean of the rounds, with its bounds, in requests a second; absent when p99 held at no rate in
    /// some round.
    pub rate_per_s: Option<Estimate>,
    /// What stopped the service in most rounds; absent when nothing did.
    pub limit: Option<LimitingFactor>,
    /// In how many rounds that was it.
    pub limit_rounds: usize,
    /// What p99 had to stay under, in µs.
    pub p99_limit_us: f64,
    /// The median of the throughput at saturation, where the searches began.
    pub burst_per_s: f64,
}

/// Latency at shares of a rate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CurveRow {
    /// The median of the rates that the shares are of.
    pub base_per_s: f64,
    /// The shares, ascending.
    pub points: Vec<CurvePointRow>,
}

/// Medians of the rounds at one share of a rate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CurvePointRow {
    /// The intended rate, in % of the sustained one.
    pub percent: f64,
    /// Requests a second that were intended.
    pub rate_per_s: f64,
    /// Median latency from the intended time, in µs.
    pub p50_us: f64,
    /// Its 99th percentile.
    pub p99_us: f64,
    /// Its 99.9th percentile.
    pub p999_us: f64,
    /// Requests that were never sent, as a fraction.
    pub unsent: f64,
    /// Whether the generator may have been the limit in at least half of the rounds.
    pub is_generator_bound: bool,
}

impl StressRow {
    /// The summary of these rounds; `None` without any, or when they are of several kinds.
    pub fn of(rounds: &[&Findings]) -> Option<Self> {
        match rounds.first()? {
            Findings::Sustain(_) => sustained(&all(rounds, Findings::as_sustained)?).map(Self::Sustain),
            Findings::Curve(_) => curve(&all(rounds, Findings::as_curve)?).map(Self::Curve),
            Findings::Overload(_) => {
                OverloadRow::of(&all(rounds, Findings::as_overload)?).map(Self::Overload)
            }
            Findings::Connections(_) => {
                ConnectionsRow::of(&all(rounds, Findings::as_connections)?).map(Self::Connections)
            }
        }
    }
}

/// The rounds of one kind.
fn all<'a, T>(rounds: &[&'a Findings], pick: impl Fn(&'a Findings) -> Option<&'a T>) -> Option<Vec<&'a T>> {
    rounds.iter().map(|findings| pick(findings)).collect()
}

fn sustained(rounds: &[&Sustained]) -> Option<SustainedRow> {
    let logs: Vec<f64> = rounds.iter().map(|round| round.rate_per_s.ln()).collect();
    let is_known = logs.iter().all(|log| log.is_finite());
    let count = |limit: Option<LimitingFactor>| rounds.iter().filter(|round| round.limit == limit).count();
    let limits =
        [Some(LimitingFactor::Latency), Some(LimitingFactor::Unsent), Some(LimitingFactor::Generator), None];
    let limit = limits.into_iter().rev().max_by_key(|limit| count(*limit))?;
    Some(SustainedRow {
        rate_per_s: Estimate::of_mean(&logs).filter(|_| is_known).map(Estimate::exp),
        limit,
        limit_rounds: count(limit),
        p99_limit_us: rounds.first()?.p99_limit_us,
        burst_per_s: median_of(rounds, |round| round.burst_per_s)?,
    })
}

fn curve(rounds: &[&Curve]) -> Option<CurveRow> {
    let points = rounds.first()?.points.iter().map(|point| point_row(rounds, point.percent));
    Some(CurveRow {
        base_per_s: median_of(rounds, |round| round.base_per_s)?,
        points: points.collect::<Option<_>>()?,
    })
}

fn point_row(rounds: &[&Curve], percent: f64) -> Option<CurvePointRow> {
    let at = |round: &Curve| {
        let point = round.points.iter().find(|point| (point.percent - percent).abs() < 1e-9);
        point.map(|point| point.window)
    };
    let windows: Vec<RateWindow> = rounds.iter().filter_map(|round| at(round)).collect();
    let middle = |value: fn(&RateWindow) -> f64| median(&windows.iter().map(value).collect::<Vec<_>>());
    let bound = windows.iter().filter(|window| window.is_generator_bound()).count();
    Some(CurvePointRow {
        percent,
        rate_per_s: middle(|window| window.rate_per_s)?,
        p50_us: middle(|window| window.p50_us)?,
        p99_us: middle(|window| window.p99_us)?,
        p999_us: middle(|window| window.p999_us)?,
        unsent: middle(|window| window.unsent as f64 / (window.requests + window.unsent).max(1) as f64)?,
        is_generator_bound: bound * 2 >= windows.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stress::sustained::CurvePoint;
    use crate::stress::window::tests::window;
    use hello_stats::Bounds;

    fn found(rate_per_s: f64, limit: LimitingFactor) -> Findings {
        let windows = Vec::new();
        let limit = Some(limit);
        Findings::Sustain(Sustained { rate_per_s, limit, p99_limit_us: 5000.0, burst_per_s: 1e5, windows })
    }

    #[test]
    fn rates_have_an_interval_and_the_limit_of_most_rounds() {
        let rates = [100.0, 101.0, 99.0, 100.0, 102.0, 98.0];
        let mut rounds: Vec<Findings> = rates.map(|rate| found(rate, LimitingFactor::Latency)).into();
        let row = |rounds: &[Findings]| match StressRow::of(&rounds.iter().collect::<Vec<_>>()) {
            Some(StressRow::Sustain(row)) => row,
            other => panic!("{other:?}"),
        };
        let estimate = row(&rounds).rate_per_s.unwrap();
        assert!(estimate.bounds == Bounds::Interval && estimate.holds(100.0) && !estimate.holds(103.0));
        assert_eq!((row(&rounds).limit, row(&rounds).limit_rounds), (Some(LimitingFactor::Latency), 6));
        rounds.push(found(0.0, LimitingFactor::Generator));
        assert_eq!((row(&rounds).rate_per_s, row(&rounds).limit_rounds), (None, 6));
        assert_eq!(StressRow::of(&[]), None);
    }

    #[test]
    fn a_curve_has_the_median_of_the_rounds_at_each_share() {
        let round = |factor: f64| {
            let point = |percent: f64| CurvePoint {
                percent,
                window: RateWindow { p99_us: percent * factor, ..window(percent) },
            };
            Findings::Curve(Curve {
                base_per_s: 100.0,
                search: None,
                points: [10.0, 100.0].map(point).into(),
            })
        };
        let rounds = [round(1.0), round(3.0), round(90.0)];
        let Some(StressRow::Curve(row)) = StressRow::of(&rounds.iter().collect::<Vec<_>>()) else {
            panic!("no curve")
        };
        let p99: Vec<f64> = row.points.iter().map(|point| point.p99_us).collect();
        assert_eq!(p99, [30.0, 300.0]);
        assert!(row.points.iter().all(|point| !point.is_generator_bound && point.unsent == 0.0));
    }
}
