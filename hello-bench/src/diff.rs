//! Two runs compared: for each figure of each service, whether it improved, regressed or did not change.

use anyhow::{Result, bail};
use serde::Serialize;

use crate::figure::Figure;
use crate::report::Report;
use crate::stats::bootstrap::{Interval, difference};
use crate::stats::mean;
use crate::stats::permutation::p_value;
use crate::stats::places::ALPHA;
use crate::stats::sign_flip::holm;
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
    /// Every figure that both have, by scenario, service and figure.
    pub changes: Vec<Change>,
}

/// One figure of one service in both runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The load.
    pub scenario: String,
    /// The service.
    pub service: String,
    /// The figure.
    pub figure: Figure,
    /// The median of the earlier run.
    pub earlier: f64,
    /// The median of the later run.
    pub later: f64,
    /// The later by the earlier: the ratio of the geometric means.
    pub ratio: f64,
    /// Its 95 % interval; absent with fewer than three rounds in either run.
    pub interval: Option<Interval>,
    /// The p-value of "nothing changed", corrected for all changes of the diff by Holm's method.
    pub p: f64,
    /// What that means.
    pub verdict: Verdict,
}

/// What a change is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Significantly better.
    Improved,
    /// Significantly worse.
    Regressed,
    /// Not to be told from chance.
    NoDifference,
}

impl Diff {
    /// Compares two runs. `anyway` compares those that were not made alike, too.
    ///
    /// # Errors
    /// When machine, compiler or loads differ, or the runs have no figure in common.
    pub fn new(earlier: &Report, later: &Report, anyway: bool) -> Result<Self> {
        let unlike = unlike(earlier, later);
        if !unlike.is_empty() && !anyway {
            bail!("the runs cannot be compared: {}; --anyway compares them all the same", unlike.join("; "));
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
        report.run.k6.as_ref().map_or_else(|| "embedded".to_owned(), |version| format!("k6 {version}"))
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

fn changes(earlier: &Report, later: &Report) -> Vec<Change> {
    let mut changes = Vec::new();
    for before in &earlier.summaries {
        let Some(after) = later.summaries.iter().find(|after| after.scenario.name == before.scenario.name)
        else {
            continue;
        };
        for row in &before.rows {
            let Some(other) = after.rows.iter().find(|other| other.service == row.service) else { continue };
            for figure in Figure::ALL {
                let (Some(a), Some(b)) = (row.figures.get(&figure), other.figures.get(&figure)) else {
                    continue;
                };
                let name = (before.scenario.name.clone(), row.service.clone());
                changes.extend(change(name, figure, (a.median, &a.values), (b.median, &b.values)));
            }
        }
    }
    let corrected = holm(&changes.iter().map(|change: &Change| change.p).collect::<Vec<_>>());
    for (change, p) in changes.iter_mut().zip(corrected) {
        change.p = p;
        change.verdict = verdict(change);
    }
    changes
}

type Rounds<'a> = (f64, &'a [f64]);

/// The change of one figure, not yet corrected; `None` when a value is not above zero.
fn change(
    (scenario, service): (String, String),
    figure: Figure,
    (earlier, before): Rounds,
    (later, after): Rounds,
) -> Option<Change> {
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<f64>>();
    let (before, after) = (logs(before), logs(after));
    if before.iter().chain(&after).any(|log| !log.is_finite()) {
        return None;
    }
    let interval = difference(&after, &before);
    Some(Change {
        scenario,
        service,
        figure,
        earlier,
        later,
        ratio: (mean(&after)? - mean(&before)?).exp(),
        interval: interval.map(|log| Interval { low: log.low.exp(), high: log.high.exp() }),
        p: p_value(&after, &before),
        verdict: Verdict::NoDifference,
    })
}

fn verdict(change: &Change) -> Verdict {
    match (change.p <= ALPHA, (change.ratio < 1.0) == change.figure.lower_is_better()) {
        (false, _) => Verdict::NoDifference,
        (true, true) => Verdict::Improved,
        (true, false) => Verdict::Regressed,
    }
}
