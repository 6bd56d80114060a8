//! Statistics over the rounds: what the samples of a scenario say of each service, and how sure it is.

mod ranking;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::facts::{Facts, Group};
use crate::figure::Figure;
use crate::sample::Sample;
use crate::scenario::Scenario;
use crate::stats::bootstrap::{Interval, interval};
use crate::stats::places::{Place, rounds_needed};
use crate::stats::{log_ratios, mean, median, median_absolute_deviation};
use crate::summary::ranking::{compare, compare_to_floor, rank};
use crate::traffic::Window;
use crate::warning::{FLOOR_DRIFT, Told, Warning};

/// What the samples of one scenario say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Summary {
    /// The load.
    pub scenario: Scenario,
    /// The figure that services are listed by.
    pub primary: Figure,
    /// Rounds that every ranked service has completed.
    pub rounds: usize,
    /// A row for each service: group by group, the ranked ones from best to worst, then those that are not ranked.
    pub rows: Vec<Row>,
    /// What touches all rows.
    pub warnings: Vec<Warning>,
}

/// What the samples of one service say.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub service: String,
    /// Those that it is ranked among.
    #[serde(default)]
    pub group: Group,
    /// Why it is not ranked: a wrong answer, or an end of the process.
    pub disqualified: Option<String>,
    /// The figures that it has.
    pub figures: BTreeMap<Figure, Estimate>,
    /// What puts figures in doubt.
    pub warnings: Vec<Told>,
    /// Latency over time in the round with the median throughput.
    pub windows: Vec<Window>,
}

/// One figure over the rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    /// The median of the rounds.
    pub median: f64,
    /// The median absolute deviation of the rounds.
    pub mad: f64,
    /// A 95 % interval of the median; absent with fewer than three rounds.
    pub interval: Option<Interval>,
    /// The place among the ranked services; absent for others, and where a warning forbids it.
    pub place: Option<Place>,
    /// By the reference, paired within rounds; for an image by the same service outside of a container, for a tuned
    /// service by the same app that is not tuned. Absent for the reference itself and for services without a place.
    pub to_reference: Option<Ratio>,
    /// By the service in the first place, paired within rounds; absent as above.
    pub to_best: Option<Ratio>,
    /// By the floor, paired within rounds; absent without one, and for services without a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_floor: Option<Ratio>,
    /// The value of each round.
    pub values: Vec<f64>,
}

/// A figure by another service's, paired within rounds.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Ratio {
    /// The geometric mean of the rounds' ratios.
    pub ratio: f64,
    /// Its 95 % interval; absent with fewer than three rounds.
    pub interval: Option<Interval>,
    /// The p-value of "they do not differ", corrected for all pairs of services.
    pub p: f64,
}

impl Ratio {
    /// The ratio of `values` to `other` in the same rounds; `None` when they cannot be paired.
    pub fn new(values: &[f64], other: &[f64], p: f64) -> Option<Self> {
        let logs = log_ratios(values, other)?;
        let interval = interval(&logs, mean)
            .map(|interval| Interval { low: interval.low.exp(), high: interval.high.exp() });
        Some(Self { ratio: mean(&logs)?.exp(), interval, p })
    }
}

impl Summary {
    /// The row of a service.
    pub fn row(&self, service: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.service == service)
    }
}

impl Row {
    /// Its place by the primary figure.
    pub fn place(&self, primary: Figure) -> Option<Place> {
        self.figures.get(&primary)?.place
    }
}

/// The figure that the services of a scenario are listed by: CPU time, which varies least; throughput where the load
/// asks for as much as there is.
pub fn primary(scenario: &Scenario) -> Figure {
    if scenario.saturates() { Figure::ThroughputPerS } else { Figure::CpuUsPerRequest }
}

/// Summarizes the samples of one scenario; ratios are taken to the service named `reference`.
pub fn summarize(scenario: &Scenario, services: &[Facts], samples: &[Sample], reference: &str) -> Summary {
    let of = |name: &str| -> Vec<&Sample> {
        let own = |sample: &&Sample| sample.trial.scenario == scenario.name && sample.trial.service == name;
        samples.iter().filter(own).collect()
    };
    // A fault under one load is a fault of the service: it takes the rank under every load.
    let fault_of = |name: &str| samples.iter().filter(|sample| sample.trial.service == name).find_map(fault);
    let entry = |facts| Entry::new(scenario, facts, of(&facts.name), fault_of(&facts.name));
    let mut entries: Vec<Entry> = services.iter().map(entry).filter(Entry::has_samples).collect();
    let rounds = common_rounds(&entries);
    for entry in &mut entries {
        entry.estimate(&rounds);
    }
    for figure in Figure::ALL {
        let known = Group::RANKED.into_iter().flat_map(|group| rank(&mut entries, figure, group)).collect();
        compare(&mut entries, figure, reference, &known);
        compare_to_floor(&mut entries, figure);
    }
    let warnings = shared_warnings(&entries, rounds.len());
    let primary = primary(scenario);
    let mut rows: Vec<Row> = entries.into_iter().map(|entry| entry.row).collect();
    rows.sort_by(|a, b| {
        order(a, primary).partial_cmp(&order(b, primary)).unwrap_or(std::cmp::Ordering::Equal)
    });
    Summary { scenario: scenario.clone(), primary, rounds: rounds.len(), rows, warnings }
}

/// Group by group, ranked services first, by their median.
fn order(row: &Row, primary: Figure) -> (Group, bool, f64) {
    let estimate = row.figures.get(&primary);
    let median = estimate.map_or(f64::INFINITY, |estimate| estimate.median);
    let signed = if primary.lower_is_better() { median } else { -median };
    (row.group, row.disqualified.is_some(), signed)
}

struct Entry<'a> {
    row: Row,
    /// What its figures are taken by, where that is not the reference.
    twin: Option<&'a str>,
    samples: Vec<&'a Sample>,
}

impl<'a> Entry<'a> {
    fn new(
        scenario: &Scenario,
        facts: &'a Facts,
        samples: Vec<&'a Sample>,
        disqualified: Option<String>,
    ) -> Self {
        let row = Row {
            service: facts.name.clone(),
            group: facts.group(),
            disqualified,
            figures: BTreeMap::new(),
            warnings: Told::of_samples(scenario, &samples),
            windows: typical_windows(&samples),
        };
        Self { row, twin: facts.twin(), samples }
    }

    fn has_samples(&self) -> bool {
        !self.samples.is_empty()
    }

    fn is_ranked(&self) -> bool {
        self.row.group != Group::Floor && self.row.disqualified.is_none()
    }

    fn is_ranked_by(&self, figure: Figure) -> bool {
        let refused = self.row.warnings.iter().any(|told| told.refuses(figure));
        self.is_ranked() && !refused && self.row.figures.contains_key(&figure)
    }

    fn values(&self, figure: Figure) -> &[f64] {
        self.row.figures.get(&figure).map_or(&[], |estimate| &estimate.values)
    }

    fn estimate(&mut self, rounds: &BTreeSet<u32>) {
        for figure in Figure::ALL {
            let common = |sample: &&&Sample| rounds.is_empty() || rounds.contains(&sample.trial.round);
            let values: Vec<f64> =
                self.samples.iter().filter(common).filter_map(|sample| figure.of(sample)).collect();
            if let (Some(median_of_rounds), Some(mad)) = (median(&values), median_absolute_deviation(&values))
            {
                let estimate = Estimate {
                    median: median_of_rounds,
                    mad,
                    interval: interval(&values, median),
                    place: None,
                    to_reference: None,
                    to_best: None,
                    to_floor: None,
                    values,
                };
                self.row.figures.insert(figure, estimate);
            }
        }
    }
}

/// Why a sample disqualifies its service, if it does.
fn fault(sample: &Sample) -> Option<String> {
    let round = sample.trial.round;
    if let Some(cause) = &sample.failure {
        return Some(format!("{}, round {round}: {cause}", sample.trial.scenario));
    }
    let load = sample.load.as_ref().filter(|load| load.traffic.wrong > 0)?;
    let what = load.traffic.first_wrong.as_deref().unwrap_or("unknown");
    let all = load.traffic.requests + load.traffic.wrong;
    Some(format!(
        "{}, round {round}: {} of {all} answers were wrong, the first: {what}",
        sample.trial.scenario, load.traffic.wrong
    ))
}

/// The rounds in which every ranked service has a whole sample, so that values can be paired.
fn common_rounds(entries: &[Entry]) -> BTreeSet<u32> {
    let whole = |entry: &Entry| -> BTreeSet<u32> {
        let whole = entry.samples.iter().filter(|sample| sample.load.is_some());
        whole.map(|sample| sample.trial.round).collect()
    };
    let ranked = entries.iter().filter(|entry| entry.is_ranked());
    ranked.map(whole).reduce(|a, b| &a & &b).unwrap_or_default()
}

fn shared_warnings(entries: &[Entry], rounds: usize) -> Vec<Warning> {
    let of = |group| entries.iter().filter(|entry| entry.is_ranked() && entry.row.group == group).count();
    let largest = Group::RANKED.map(of).into_iter().max().unwrap_or_default();
    let needed = rounds_needed(largest);
    let mut warnings = Vec::new();
    if largest > 1 && rounds < needed {
        warnings.push(Warning::TooFewRounds { rounds, needed });
    }
    let floor = entries.iter().find(|entry| entry.row.group == Group::Floor);
    let drift = floor.and_then(|floor| drift(floor.row.figures.get(&Figure::CpuUsPerRequest)?));
    warnings.extend(drift.map(|fraction| Warning::FloorDrift { fraction }));
    warnings
}

/// The largest deviation of a round from the median, when it is beyond what is allowed.
fn drift(floor: &Estimate) -> Option<f64> {
    let deviations = floor.values.iter().map(|value| (value / floor.median - 1.0).abs());
    deviations.reduce(f64::max).filter(|largest| *largest > FLOOR_DRIFT)
}

/// The windows of the round whose throughput is the (lower) median.
fn typical_windows(samples: &[&Sample]) -> Vec<Window> {
    let mut loads: Vec<_> = samples.iter().filter_map(|sample| sample.load.as_ref()).collect();
    loads.sort_by(|a, b| a.traffic.throughput_per_s.total_cmp(&b.traffic.throughput_per_s));
    loads.get(loads.len().saturating_sub(1) / 2).map(|load| load.traffic.windows.clone()).unwrap_or_default()
}
