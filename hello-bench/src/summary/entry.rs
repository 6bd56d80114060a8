//! A service with its samples, on the way to its row.

use std::collections::{BTreeMap, BTreeSet};

use hello_load::{Scenario, Window};
use hello_stats::median;
use hello_stats::paired::{log_ratio, log_ratio_of_sweeps};

use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::sample::Sample;
use crate::stress::row::StressRow;
use crate::summary::row::{Control, MetricSummary, Ratio, Row};
use crate::warning::{ServiceWarning, Warning};

/// A service with its samples.
pub(super) struct Entry<'a> {
    pub(super) row: Row,
    /// The service that it is compared with, where that is not the reference.
    pub(super) counterpart: Option<&'a str>,
    /// Whether it is one of several builds of a service.
    pub(super) is_variant: bool,
    samples: BTreeMap<u32, &'a Sample>,
    rounds: BTreeSet<u32>,
}

impl<'a> Entry<'a> {
    /// A service with its samples among all those of the scenario.
    pub(super) fn new(
        scenario: &Scenario,
        metadata: &'a Metadata,
        measured: &[&'a Sample],
        failure: Option<String>,
    ) -> Self {
        let own = measured.iter().filter(|sample| sample.service == metadata.name);
        let samples: BTreeMap<u32, &Sample> = own.map(|sample| (sample.round, *sample)).collect();
        let all: Vec<&Sample> = samples.values().copied().collect();
        let row = Row {
            service: metadata.name.clone(),
            group: metadata.group(),
            rank: None,
            failure,
            metrics: BTreeMap::new(),
            warnings: ServiceWarning::of_samples(scenario, &all),
            windows: typical_windows(&all),
            stress: None,
        };
        let (counterpart, is_variant) = (counterpart(metadata, measured), metadata.variant.is_some());
        Self { row, counterpart, is_variant, samples, rounds: BTreeSet::new() }
    }

    pub(super) fn into_row(self) -> Row {
        self.row
    }

    pub(super) fn has_samples(&self) -> bool {
        !self.samples.is_empty()
    }

    pub(super) fn group(&self) -> Group {
        self.row.group
    }

    pub(super) fn has_failed(&self) -> bool {
        self.row.failure.is_some()
    }

    /// Whether it has a rank by some metric.
    pub(super) fn is_ranked(&self) -> bool {
        Group::RANKED.contains(&self.row.group) && !self.has_failed()
    }

    /// Whether its values of a metric can be compared with another's.
    pub(super) fn is_comparable(&self, metric: Metric) -> bool {
        let is_refused = self.row.warnings.iter().any(|warning| warning.refuses(metric));
        !self.has_failed() && !is_refused && self.row.metrics.contains_key(&metric)
    }

    /// The rounds that came to their end. One may have nothing to show, where no rate kept the limit on p99: that takes the
    /// round from nobody else.
    pub(super) fn finished_rounds(&self) -> BTreeSet<u32> {
        let finished = self.samples.iter().filter(|(_, sample)| sample.failure.is_none());
        finished.map(|(round, _)| *round).collect()
    }

    /// Takes the metrics of these rounds; of all where there are none that every ranked service has completed.
    pub(super) fn summarize(&mut self, common: &BTreeSet<u32>) {
        let own: BTreeSet<u32> = self.samples.keys().copied().collect();
        self.rounds = if common.is_empty() { own } else { &own & common };
        let findings = self.rounds.iter().filter_map(|round| self.samples.get(round)?.findings.as_ref());
        self.row.stress = StressRow::of(&findings.collect::<Vec<_>>());
        for metric in Metric::ALL {
            let samples = self.rounds.iter().filter_map(|round| self.samples.get(round));
            let rounds: Vec<f64> = samples.filter_map(|sample| metric.of(sample)).collect();
            if let Some(value) = median(&rounds) {
                let unit = metric.unit().to_owned();
                let summary = MetricSummary { value, unit, rounds, vs_reference: None, vs_floor: None };
                self.row.metrics.insert(metric, summary);
            }
        }
    }

    /// The logarithm of the ratio to another service in each round that both have; `None` when a round cannot be
    /// compared, or there is none.
    pub(super) fn log_ratios(&self, other: &Self, metric: Metric) -> Option<Vec<f64>> {
        let shared = &self.rounds & &other.rounds;
        let logs = shared.iter().map(|round| {
            let (own, other) = (self.samples.get(round)?, other.samples.get(round)?);
            match (metric.of_slices(own), metric.of_slices(other)) {
                (Some(own), Some(other)) => log_ratio_of_sweeps(&own, &other),
                _ => log_ratio(metric.of(own)?, metric.of(other)?),
            }
        });
        logs.collect::<Option<Vec<f64>>>().filter(|logs| !logs.is_empty())
    }

    /// Where it stands by a metric: by its ratio to the reference, or else to the floor, or else by its value. What is
    /// compared with a counterpart of its own stands by its ratio to the floor.
    pub(super) fn position(&self, metric: Metric, reference: &str) -> f64 {
        let Some(summary) = self.row.metrics.get(&metric) else { return f64::INFINITY };
        let vs_reference = summary.vs_reference.as_ref().filter(|_| self.counterpart.is_none());
        match vs_reference.or(summary.vs_floor.as_ref()) {
            _ if self.row.service == reference && self.counterpart.is_none() => 1.0,
            Some(ratio) => ratio.ratio,
            None => summary.value,
        }
    }

    /// What the control shows, if this is the control.
    pub(super) fn control(&self, metric: Metric, reference: &str) -> Option<Control> {
        let ratio: &Ratio = self.row.metrics.get(&metric)?.vs_reference.as_ref()?;
        let is_control = self.group() == Group::Control && ratio.to == reference;
        is_control.then(|| Control::new(&self.row.service, metric, ratio.clone()))
    }

    /// What else ran on the machine during the rounds, where all services were measured together.
    pub(super) fn shared_noise(&self) -> Vec<Warning> {
        let sliced = self.samples.values().filter(|sample| sample.is_shared());
        let noise: Vec<_> = sliced.filter_map(|sample| Some(sample.load.as_ref()?.noise)).collect();
        Warning::of_noise(&noise)
    }
}

/// The service that another is compared with, where that is not the reference. A tuned service is compared with the
/// reference where the same app under its framework's own server was not measured.
fn counterpart<'a>(metadata: &'a Metadata, measured: &[&Sample]) -> Option<&'a str> {
    let is_tuned = metadata.group() == Group::Tuned && metadata.variant.is_none();
    let is_there = |name: &str| measured.iter().any(|sample| sample.service == name);
    metadata.counterpart().filter(|name| !is_tuned || is_there(name))
}

/// The windows of the round whose throughput is the (lower) median.
fn typical_windows(samples: &[&Sample]) -> Vec<Window> {
    let mut loads: Vec<_> = samples.iter().filter_map(|sample| sample.load.as_ref()).collect();
    loads.sort_by(|a, b| a.traffic.throughput_per_s.total_cmp(&b.traffic.throughput_per_s));
    loads
        .get(loads.len().saturating_sub(1) / 2)
        .map(|load| load.traffic.windows.clone())
        .unwrap_or_default()
}
