//! Two runs compared: for each metric of each service, whether it improved, regressed or did not change.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use hello_stats::permutation::p_value;
use hello_stats::ranks::ALPHA;
use hello_stats::sign_flip::holm;
use hello_stats::{Estimate, mean};
use serde::Serialize;

use crate::metadata::Group;
use crate::metric::Metric;
use crate::report::Report;
use crate::summary::MetricSummary;
use crate::system::host::Host;

/// What changed from an earlier run to a later one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// When the earlier run began.
    pub earlier: jiff::Timestamp,
    /// When the later run began.
    pub later: jiff::Timestamp,
    /// In what the runs themselves differ, when they were compared all the same.
    pub unlike: Vec<String>,
    /// Every metric that both have, by scenario, service and metric.
    pub changes: Vec<MetricChange>,
}

/// One metric of one service in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricChange {
    pub scenario: String,
    pub service: String,
    pub metric: Metric,
    /// Whether it is the metric that services are ranked by under this load.
    pub is_primary: bool,
    /// The median of the earlier run, for orientation.
    pub earlier: f64,
    /// The median of the later run, for orientation.
    pub later: f64,
    /// The service that both runs' values were taken relative to before they were compared, so that what moved the
    /// machine between the runs does not count; absent where the runs have no floor.
    pub relative_to: Option<String>,
    /// The later divided by the earlier: the ratio of the geometric means.
    pub ratio: f64,
    /// Its 95 % interval; absent with fewer than six rounds in either run.
    pub interval: Option<Interval>,
    /// The p-value of "nothing changed", corrected for all changes of the diff by Holm's method.
    pub p: f64,
    /// What that means.
    pub verdict: Verdict,
}

/// The bounds of a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// What a change is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Significantly better.
    Improved,
    /// Significantly worse.
    Regressed,
    /// Not significant.
    NoDifference,
}

impl Diff {
    /// Compares two runs. `anyway` compares those that were not made alike, too.
    ///
    /// # Errors
    /// When machine, compiler or loads differ, or the runs have no metric in common.
    pub fn new(earlier: &Report, later: &Report, anyway: bool) -> Result<Self> {
        let unlike = unlike(earlier, later);
        if !unlike.is_empty() && !anyway {
            bail!("the runs cannot be compared: {}; --anyway compares them nevertheless", unlike.join("; "));
        }
        let changes = changes(earlier, later);
        if changes.is_empty() {
            bail!("the runs have no service and load in common");
        }
        Ok(Self { earlier: earlier.run.started_at, later: later.run.started_at, unlike, changes })
    }

    /// How many changes have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.changes.iter().filter(|change| change.verdict == verdict).count()
    }

    /// A note for each load under which services are compared by values as measured: there a run has no floor to relate
    /// them to, or does not rank the service.
    pub fn unrelated(&self) -> Vec<String> {
        let mut of_loads: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for change in self.changes.iter().filter(|change| change.relative_to.is_none()) {
            of_loads.entry(&change.scenario).or_default().insert(&change.service);
        }
        let note = |(load, services): (&str, BTreeSet<&str>)| {
            let services = services.into_iter().collect::<Vec<&str>>().join(", ");
            format!(
                "{load}: compared as measured, not relative to the floor: {services}; \
                 what moved the machine between the runs counts as a change"
            )
        };
        of_loads.into_iter().map(note).collect()
    }
}

/// What must be alike in two runs and is not.
fn unlike(earlier: &Report, later: &Report) -> Vec<String> {
    let (a, b) = (&earlier.run.host, &later.run.host);
    let mut found = Vec::new();
    let mut differ = |what: &str, a: &str, b: &str| {
        if a != b {
            found.push(format!("{what} was {a} and is {b}"));
        }
    };
    let cores = |host: &Host| format!("{} cores, services on {:?}", host.cores, host.service_cores);
    differ("the system", &a.os, &b.os);
    differ("the kernel", &a.kernel, &b.kernel);
    differ("the processor", &a.cpu, &b.cpu);
    differ("the division of cores", &cores(a), &cores(b));
    differ("the memory", &a.memory_bytes.to_string(), &b.memory_bytes.to_string());
    differ("the compiler", &a.rustc, &b.rustc);
    differ("the cargo profile", &earlier.run.profile, &later.run.profile);
    let engine = |report: &Report| {
        report
            .run
            .k6
            .as_ref()
            .map_or_else(|| "embedded".to_owned(), |version| format!("k6 {version}"))
    };
    differ("the load engine", &engine(earlier), &engine(later));
    for scenario in &earlier.run.scenarios {
        let other = later.run.scenarios.iter().find(|other| other.name == scenario.name);
        if other.is_some_and(|other| other != scenario) {
            found.push(format!("scenario {} differs", scenario.name));
        }
    }
    found
}

fn changes(earlier: &Report, later: &Report) -> Vec<MetricChange> {
    let mut changes = Vec::new();
    for before in &earlier.summaries {
        let Some(after) = later.summaries.iter().find(|after| after.scenario == before.scenario) else {
            continue;
        };
        for row in before.rows.iter().filter(|row| row.group != Group::Floor) {
            let Some(other) = after.row(&row.service) else { continue };
            let both = |metric| Some((row.metrics.get(&metric)?, other.metrics.get(&metric)?));
            changes.extend(Metric::ALL.into_iter().filter_map(|metric| {
                let (earlier, later) = both(metric)?;
                let change = change((&before.scenario, &row.service), metric, earlier, later)?;
                Some(MetricChange { is_primary: metric == before.primary, ..change })
            }));
        }
    }
    let corrected = holm(&changes.iter().map(|change: &MetricChange| change.p).collect::<Vec<_>>());
    for (change, p) in changes.iter_mut().zip(corrected) {
        change.p = p;
        change.verdict = verdict(change);
    }
    changes
}

/// The change of one metric, neither corrected nor marked as primary yet; `None` when a value is not above zero.
fn change(
    (scenario, service): (&str, &str),
    metric: Metric,
    earlier: &MetricSummary,
    later: &MetricSummary,
) -> Option<MetricChange> {
    let (relative_to, before, after) = match (&earlier.vs_floor, &later.vs_floor) {
        (Some(before), Some(after)) if before.to == after.to => {
            (Some(before.to.clone()), &before.rounds, &after.rounds)
        }
        _ => (None, &earlier.rounds, &later.rounds),
    };
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let (before, after) = (logs(before), logs(after));
    if before.iter().chain(&after).any(|log| !log.is_finite()) {
        return None;
    }
    let interval = Estimate::of_difference(&after, &before).map(Estimate::exp);
    Some(MetricChange {
        scenario: scenario.to_owned(),
        service: service.to_owned(),
        metric,
        is_primary: false,
        earlier: earlier.value,
        later: later.value,
        relative_to,
        ratio: (mean(&after)? - mean(&before)?).exp(),
        interval: interval.map(|Estimate { low, high, .. }| Interval { low, high }),
        p: p_value(&after, &before),
        verdict: Verdict::NoDifference,
    })
}

fn verdict(change: &MetricChange) -> Verdict {
    match (change.p <= ALPHA, (change.ratio < 1.0) == change.metric.lower_is_better()) {
        (false, _) => Verdict::NoDifference,
        (true, true) => Verdict::Improved,
        (true, false) => Verdict::Regressed,
    }
}
