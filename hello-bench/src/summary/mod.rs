//! Statistics over the rounds: what the samples of a scenario say of each service, and how sure that is.

mod entry;
mod pairs;

use std::collections::{BTreeMap, BTreeSet};

use hello_load::{Scenario, Window};
use hello_stats::ranks::{RankRange, rounds_needed};
use hello_stats::{Bounds, Estimate};
use serde::{Deserialize, Serialize};

use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::sample::Sample;
use crate::summary::entry::Entry;
use crate::summary::pairs::{rank, relate};
use crate::warning::{ServiceWarning, Warning};

/// What the samples of one scenario say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The metric that services are ranked by.
    pub primary: Metric,
    /// Rounds that every ranked service has completed.
    pub rounds: usize,
    /// Group by group, the ranked services from best to worst, then those that are not ranked.
    pub rows: Vec<Row>,
    /// The second copy of the reference by the primary metric; absent where there is none, or the reference failed.
    pub control: Option<Control>,
    /// What touches all rows.
    pub warnings: Vec<Warning>,
}

/// What the samples of one service say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// The service's name.
    pub service: String,
    /// The services that it is ranked among.
    pub group: Group,
    /// The ranks that it may have by the primary metric; absent where it is not ranked.
    pub rank: Option<RankRange>,
    /// Why it is not ranked: a wrong answer, or a process exit; absent where nothing went wrong.
    pub failure: Option<String>,
    /// The metrics that it has.
    pub metrics: BTreeMap<Metric, MetricSummary>,
    /// What puts metrics in doubt.
    pub warnings: Vec<ServiceWarning>,
    /// Latency over time in the round with the median throughput; empty where the load came in slices.
    pub windows: Vec<Window>,
}

/// One metric over the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct MetricSummary {
    /// The median of the rounds, for orientation: nothing is ranked by it.
    pub value: f64,
    /// The unit of `value` and `rounds`.
    pub unit: String,
    /// The value of each round.
    pub rounds: Vec<f64>,
    /// Relative to the reference; an image to the same service run natively, a tuned service to the same app that is
    /// not tuned. Absent for the reference itself, and where one of the two is not ranked.
    pub vs_reference: Option<Ratio>,
    /// Relative to the floor; absent without one, and where the service is not ranked.
    pub vs_floor: Option<Ratio>,
}

/// A metric relative to another service's, paired within the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ratio {
    /// The other service.
    pub to: String,
    /// The geometric mean of the rounds' ratios.
    pub ratio: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The ratio of each round.
    pub rounds: Vec<f64>,
    /// What the bounds are: a 95 % interval, or the range of the rounds where there are fewer than six.
    pub bounds: Bounds,
    /// The p-value of "they do not differ": within a group corrected for all its pairs, else that of the pair alone.
    pub p: f64,
}

impl Ratio {
    /// The ratio to the service `to`, from its logarithm in each round; `None` without rounds.
    pub fn new(to: &str, log_ratios: &[f64], p: f64) -> Option<Self> {
        let Estimate { value: ratio, low, high, bounds } = Estimate::of_mean(log_ratios)?.exp();
        let rounds = log_ratios.iter().map(|log| log.exp()).collect();
        Some(Self { to: to.to_owned(), ratio, low, high, rounds, bounds, p })
    }

    /// Half the width of the interval as a fraction of the ratio; absent where there is a range only.
    pub fn half_width(&self) -> Option<f64> {
        (self.bounds == Bounds::Interval).then(|| (self.high - self.low) / 2.0 / self.ratio)
    }
}

/// The second copy of the reference, relative to the reference: its ratio must be 1.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Control {
    /// Its name.
    pub service: String,
    /// The metric: the primary one of the scenario.
    pub metric: Metric,
    /// Its ratio to the reference.
    #[serde(flatten)]
    pub ratio: Ratio,
}

impl Control {
    /// Whether the interval excludes 1, so that this run finds a difference where there is none.
    pub fn differs(&self) -> bool {
        self.ratio.bounds == Bounds::Interval && !(self.ratio.low..=self.ratio.high).contains(&1.0)
    }
}

impl Summary {
    /// The row of a service.
    pub fn row(&self, service: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.service == service)
    }
}

/// The metric that the services of a scenario are ranked by: CPU time, which varies least; throughput where the load
/// asks for as much as there is.
pub fn primary(scenario: &Scenario) -> Metric {
    if scenario.saturates() { Metric::ThroughputPerS } else { Metric::CpuUsPerRequest }
}

/// Summarizes the samples of one scenario; ratios are relative to the service named `reference`.
pub fn summarize(scenario: &Scenario, services: &[Metadata], samples: &[Sample], reference: &str) -> Summary {
    let own: Vec<&Sample> = samples.iter().filter(|sample| sample.scenario == scenario.name).collect();
    let mut entries: Vec<Entry> = services
        .iter()
        .map(|metadata| Entry::new(scenario, metadata, &own, failure_of(samples, &metadata.name)))
        .filter(Entry::has_samples)
        .collect();
    let rounds = common_rounds(&entries);
    for entry in &mut entries {
        entry.summarize(&rounds);
    }
    let primary = primary(scenario);
    for metric in Metric::ALL {
        let known = Group::RANKED.into_iter().flat_map(|group| rank(&mut entries, metric, group, primary));
        let known = known.collect();
        relate(&mut entries, metric, reference, &known);
    }
    sort(&mut entries, primary, reference);
    let control = entries.iter().find_map(|entry| entry.control(primary, reference));
    let warnings = shared_warnings(&entries, rounds.len(), control.as_ref());
    let rows = entries.into_iter().map(Entry::into_row).filter(|row| row.group != Group::Control).collect();
    Summary { scenario: scenario.name.clone(), primary, rounds: rounds.len(), rows, control, warnings }
}

/// A fault under one load is a fault of the service: it takes the rank under every load.
fn failure_of(samples: &[Sample], service: &str) -> Option<String> {
    samples.iter().filter(|sample| sample.service == service).find_map(failure)
}

/// Why a sample takes its service's rank, if it does.
fn failure(sample: &Sample) -> Option<String> {
    let place = format!("{}, round {}", sample.scenario, sample.round);
    if let Some(cause) = &sample.failure {
        return Some(format!("{place}: {cause}"));
    }
    let traffic = sample.load.as_ref().map(|load| &load.traffic).filter(|traffic| traffic.wrong > 0)?;
    let what = traffic.first_wrong.as_deref().unwrap_or("unknown");
    let all = traffic.requests + traffic.wrong;
    Some(format!("{place}: {} of {all} answers were wrong, the first: {what}", traffic.wrong))
}

/// The rounds in which every ranked service has a whole sample, so that values can be paired.
fn common_rounds(entries: &[Entry]) -> BTreeSet<u32> {
    let ranked = entries.iter().filter(|entry| entry.is_ranked());
    ranked.map(Entry::whole_rounds).reduce(|a, b| &a & &b).unwrap_or_default()
}

/// Group by group, ranked services first, each by its ratio to the reference: the order of the tables is that of the
/// test. Only services without a ratio are in the order of their values.
fn sort(entries: &mut [Entry], primary: Metric, reference: &str) {
    let sign = if primary.lower_is_better() { 1.0 } else { -1.0 };
    entries.sort_by(|a, b| {
        let key =
            |entry: &Entry| (entry.group(), entry.has_failed(), sign * entry.position(primary, reference));
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
}

fn shared_warnings(entries: &[Entry], rounds: usize, control: Option<&Control>) -> Vec<Warning> {
    let of = |group| entries.iter().filter(|entry| entry.is_ranked() && entry.group() == group).count();
    let largest = Group::RANKED.map(of).into_iter().max().unwrap_or_default();
    let needed = rounds_needed(largest);
    let too_few = (largest > 1 && rounds < needed).then_some(Warning::TooFewRounds { rounds, needed });
    let differs = control.filter(|control| control.differs()).map(|control| Warning::ControlDiffers {
        ratio: control.ratio.ratio,
        low: control.ratio.low,
        high: control.ratio.high,
    });
    let noise = entries.first().map(Entry::shared_noise).unwrap_or_default();
    too_few.into_iter().chain(differs).chain(noise).collect()
}
