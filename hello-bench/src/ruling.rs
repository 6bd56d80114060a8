//! What a run says of the limits that it was given: kept, broken, or not judged, for each pair of builds.

use std::fmt;

use hello_load::{Model, Scenario};
use hello_stats::Bounds;
use serde::{Deserialize, Serialize};

use crate::limit::{Limit, Subject};
use crate::metadata::{Counted, Group, Metadata};
use crate::run::Run;
use crate::summary::{Ratio, Row, Summary};

/// What a limit means for one pair of builds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ruling {
    pub limit: Limit,
    pub service: String,
    /// The build that it is compared with.
    pub to: String,
    /// The load; absent for what is known without load.
    pub scenario: Option<String>,
    /// The ratio of the two with its bounds; absent where it could not be measured.
    pub ratio: Option<Bounded>,
    /// Whether the limit is broken.
    pub is_broken: bool,
}

/// A ratio with its bounds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Bounded {
    pub ratio: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    pub bounds: Bounds,
}

impl From<&Ratio> for Bounded {
    fn from(ratio: &Ratio) -> Self {
        Self { ratio: ratio.ratio, low: ratio.low, high: ratio.high, bounds: ratio.bounds }
    }
}

impl Bounded {
    fn exact(own: u64, base: u64) -> Self {
        let ratio = own as f64 / base as f64;
        Self { ratio, low: ratio, high: ratio, bounds: Bounds::Interval }
    }

    /// The ratio of two counts, whose bounds are the least and the most that it may be.
    pub fn counted(own: Counted, base: Counted) -> Self {
        let (low, high) = (own.least / base.most, own.most / base.least);
        Self { ratio: own.mean / base.mean, low, high, bounds: Bounds::Interval }
    }

    /// `+1.8 % [1.1, 2.5]`, in percent.
    pub fn shown(&self) -> String {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let Self { ratio, low, high, bounds } = *self;
        let value = format!("{:+.1} %", percent(ratio));
        match bounds {
            _ if low == high => value,
            Bounds::Interval => format!("{value} [{:+.1}, {:+.1}]", percent(low), percent(high)),
            Bounds::Range => format!("{value} ({:+.1} to {:+.1})", percent(low), percent(high)),
        }
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limit, service, to, .. } = self;
        let under = self.scenario.as_ref().map_or_else(String::new, |scenario| format!(", {scenario}"));
        match &self.ratio {
            Some(ratio) if ratio.bounds == Bounds::Range => {
                let shown = ratio.shown();
                write!(f, "{limit} cannot be judged: {service} vs {to}{under}: {shown} has no interval")
            }
            Some(ratio) => {
                let verb = if self.is_broken { "broken" } else { "kept" };
                write!(f, "{limit} is {verb}: {service} vs {to}{under}: {}", ratio.shown())
            }
            None => write!(f, "{limit} cannot be judged: {service} vs {to} has no ratio{under}"),
        }
    }
}

/// What the limits of a run mean for each pair.
pub(crate) fn rulings(run: &Run, summaries: &[Summary]) -> Vec<Ruling> {
    run.limits.iter().flat_map(|limit| of_limit(*limit, run, summaries)).collect()
}

fn of_limit(limit: Limit, run: &Run, summaries: &[Summary]) -> Vec<Ruling> {
    let Some(metric) = limit.subject.metric() else {
        return pairs(run).map(|(own, base)| of_metadata(limit, own, base)).collect();
    };
    let judged = judged(limit.subject, run, summaries);
    let of_summary = |summary: &Summary| {
        let pairs: Vec<Ruling> = pairs(run)
            .filter_map(|(own, base)| {
                let row: &Row = summary.row(&own.name)?;
                let ratio = row.metrics.get(&metric).and_then(|found| found.vs_reference.as_ref());
                let ratio = ratio.filter(|ratio| ratio.to == base.name).map(Bounded::from);
                Some(ruling(limit, own, base, Some(summary.scenario.clone()), ratio))
            })
            .collect();
        pairs
    };
    judged.into_iter().flat_map(of_summary).collect()
}

fn of_metadata(limit: Limit, own: &Metadata, base: &Metadata) -> Ruling {
    let ratio = match limit.subject {
        Subject::Binary => {
            own.binary_bytes.zip(base.binary_bytes).map(|(own, base)| Bounded::exact(own, base))
        }
        _ => own.instructions.zip(base.instructions).map(|(own, base)| Bounded::counted(own, base)),
    };
    ruling(limit, own, base, None, ratio)
}

fn ruling(
    limit: Limit,
    own: &Metadata,
    base: &Metadata,
    scenario: Option<String>,
    ratio: Option<Bounded>,
) -> Ruling {
    let is_broken = ratio.is_some_and(|found| limit.is_broken_by((found.low, found.high), found.bounds));
    Ruling { limit, service: own.name.clone(), to: base.name.clone(), scenario, ratio, is_broken }
}

/// Each service with what it is compared with: the first build of the same service, or the reference.
pub(crate) fn pairs(run: &Run) -> impl Iterator<Item = (&Metadata, &Metadata)> {
    let find = |name: &str| run.services.iter().find(|other| other.name == name);
    let compared = run.services.iter().filter(|own| Group::RANKED.contains(&own.group()));
    compared.filter_map(move |own| {
        let base = find(own.counterpart().unwrap_or(&run.plan.reference))?;
        (base.name != own.name).then_some((own, base))
    })
}

/// The loads under which a limit is judged: throughput at saturation, latency at a fixed rate where there is one. Loads that
/// look for limits offer each build another rate, so that nothing else of theirs can be compared.
fn judged<'a>(subject: Subject, run: &Run, summaries: &'a [Summary]) -> Vec<&'a Summary> {
    let of = |allowed: fn(&Scenario) -> bool| -> Vec<&Summary> {
        let is_allowed = |summary: &&Summary| {
            let scenario = run.scenario(&summary.scenario);
            scenario.is_some_and(|scenario| scenario.stress.is_none() && allowed(scenario))
        };
        summaries.iter().filter(is_allowed).collect()
    };
    let open = of(|scenario| scenario.model == Model::Open);
    match subject {
        Subject::Rps => of(Scenario::saturates),
        Subject::P50 | Subject::P99 if !open.is_empty() => open,
        _ => of(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_not_kept_where_there_is_no_interval() {
        let shown = |bounds: Bounds| {
            let ratio = Bounded { ratio: 1.5, low: 1.4, high: 1.6, bounds };
            let ruling = Ruling {
                limit: "cpu>2%".parse().unwrap(),
                service: "a".into(),
                to: "b".into(),
                scenario: None,
                ratio: Some(ratio),
                is_broken: false,
            };
            ruling.to_string()
        };
        assert_eq!(
            shown(Bounds::Range),
            "cpu>2% cannot be judged: a vs b: +50.0 % (+40.0 to +60.0) has no interval"
        );
        assert!(shown(Bounds::Interval).starts_with("cpu>2% is kept"));
    }
}
