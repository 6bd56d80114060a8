//! Statistics over the rounds: what the samples of a scenario say of each service, and how sure that is.

mod entry;
mod pairs;
mod row;

use std::collections::BTreeSet;

use hello_load::{Scenario, Stress};
use hello_stats::ranks::rounds_needed;

use crate::metadata::{Group, Metadata};
use crate::metric::Metric;
use crate::sample::Sample;
use crate::summary::entry::Entry;
use crate::summary::pairs::{rank, relate};
use crate::warning::Warning;

pub(crate) use row::{Control, MetricSummary, Ratio, Row, Summary};

/// The metric that the services of a scenario are ranked by: what a load looks for; throughput where it asks for as much
/// as there is over connections that stay open; or else CPU time, which varies least.
pub(crate) fn primary(scenario: &Scenario) -> Metric {
    match &scenario.stress {
        Some(Stress::Sustain { .. }) => Metric::SustainedPerS,
        Some(Stress::Overload { .. }) => Metric::GoodputPerS,
        Some(Stress::Connections { .. }) => Metric::ConnectionBytes,
        // No value of a curve ranks services.
        Some(Stress::Curve { .. }) => Metric::LatencyP99Us,
        None if scenario.saturates() && !scenario.connection_per_request => Metric::ThroughputPerS,
        None => Metric::CpuUsPerRequest,
    }
}

/// Whether a load ranks services: a curve is a shape, and no value of it does.
pub(crate) fn is_ranking(scenario: &Scenario) -> bool {
    !matches!(scenario.stress, Some(Stress::Curve { .. }))
}

/// Summarizes the samples of one scenario; ratios are relative to the service named `reference`.
pub(crate) fn summarize(
    scenario: &Scenario,
    services: &[Metadata],
    samples: &[Sample],
    reference: &str,
) -> Summary {
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
    let mut warnings = shared_warnings(&entries, rounds.len(), control.as_ref());
    warnings.extend(reference_missing(&entries, primary, reference));
    let is_of_ranks = |warning: &Warning| {
        matches!(warning, Warning::TooFewRounds { .. } | Warning::ReferenceMissing { .. })
    };
    warnings.retain(|warning| is_ranking(scenario) || !is_of_ranks(warning));
    let rows = entries
        .into_iter()
        .map(Entry::into_row)
        .filter(|row| row.group != Group::Control)
        .collect();
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
    Some(match traffic.wrong {
        1 => format!("{place}: 1 answer was wrong: {what}"),
        wrong => format!("{place}: {wrong} answers were wrong, the first: {what}"),
    })
}

/// The rounds in which every ranked service has a whole sample, so that values can be paired.
fn common_rounds(entries: &[Entry]) -> BTreeSet<u32> {
    let ranked = entries.iter().filter(|entry| entry.is_ranked());
    ranked.map(Entry::finished_rounds).reduce(|a, b| &a & &b).unwrap_or_default()
}

/// Group by group, ranked services first, by their ranks and within a rank by the ratio to the reference: a ratio of
/// trimmed means may order two services otherwise than their own pair does, and ranks come from that. Services without a
/// ratio are in the order of their values.
fn sort(entries: &mut [Entry], primary: Metric, reference: &str) {
    let sign = if primary.lower_is_better() { 1.0 } else { -1.0 };
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| {
            let rank = entry.row.rank.map_or((usize::MAX, usize::MAX), |rank| (rank.best, rank.worst));
            (entry.group(), entry.has_failed(), rank, sign * entry.position(primary, reference))
        };
        key(a).partial_cmp(&key(b)).unwrap_or(std::cmp::Ordering::Equal)
    });
}

/// A table without ratios says why: what is relative to the reference needs its values.
fn reference_missing(entries: &[Entry], primary: Metric, reference: &str) -> Option<Warning> {
    let own = entries.iter().find(|entry| entry.row.service == reference);
    let is_relative = |entry: &&Entry| entry.is_ranked() && entry.counterpart.is_none();
    let is_needed = entries.iter().filter(is_relative).any(|entry| entry.row.service != reference);
    let is_usable = own.is_some_and(|entry| entry.is_comparable(primary));
    (is_needed && !is_usable).then(|| Warning::ReferenceMissing {
        service: reference.to_owned(),
        cause: own.and_then(|entry| entry.row.failure.clone()),
    })
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
    let failed = entries.iter().find(|entry| entry.group() == Group::Control);
    let failed = failed.and_then(|control| control.row.failure.clone());
    let failed = failed.map(|cause| Warning::ControlFailed { cause });
    let noise = entries.first().map(Entry::shared_noise).unwrap_or_default();
    too_few.into_iter().chain(differs).chain(failed).chain(noise).collect()
}
