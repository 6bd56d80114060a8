//! Ranks within each group of services, and ratios to the reference and the floor.

use std::collections::BTreeMap;

use hello_stats::ranks::PairwiseTests;
use hello_stats::sign_flip::{holm, p_value};

use crate::metadata::Group;
use crate::metric::Metric;
use crate::summary::entry::Entry;
use crate::summary::row::Ratio;

/// The p-values of pairs of entries, by their indices.
pub(super) type PairValues = BTreeMap<(usize, usize), f64>;

/// Compares the services of a group with each other, and ranks them by the primary metric. Returns the p-values of the
/// pairs.
pub(super) fn rank(entries: &mut [Entry], metric: Metric, group: Group, primary: Metric) -> PairValues {
    let is_allowed =
        |entry: &Entry| entry.group() == group && entry.is_ranked() && entry.is_comparable(metric);
    let allowed = (0..entries.len()).filter(|index| is_allowed(&entries[*index])).collect();
    let ranked = comparable(entries, allowed, metric);
    let logs = |a: usize, b: usize| entries[ranked[a]].log_ratios(&entries[ranked[b]], metric);
    let Some(comparison) = PairwiseTests::new(ranked.len(), metric.lower_is_better(), logs) else {
        return PairValues::new();
    };
    if metric == primary {
        for (range, index) in comparison.rank_ranges().into_iter().zip(&ranked) {
            entries[*index].row.rank = Some(range);
        }
    }
    let cells = comparison
        .p
        .iter()
        .zip(&ranked)
        .flat_map(|(row, a)| row.iter().zip(&ranked).map(move |(p, b)| ((*a, *b), *p)));
    cells.collect()
}

/// Leaves out one service after another, each time the one that cannot be compared with the most others, until every
/// pair can be compared: a round that one service spoiled must not take the ranks of all.
fn comparable(entries: &[Entry], mut ranked: Vec<usize>, metric: Metric) -> Vec<usize> {
    let is_missing = |a: usize, b: usize| a != b && entries[a].log_ratios(&entries[b], metric).is_none();
    loop {
        let missing = |own: &usize| ranked.iter().filter(|other| is_missing(*own, **other)).count();
        match ranked.iter().copied().max_by_key(missing) {
            Some(worst) if missing(&worst) > 0 => ranked.retain(|index| *index != worst),
            _ => return ranked,
        }
    }
}

/// Corrects the p-values of one group's ratios for each other by Holm's method.
fn correct(ratios: &mut [Option<Ratio>], group: &[usize]) {
    let known: Vec<usize> = group.iter().copied().filter(|index| ratios[*index].is_some()).collect();
    let single: Vec<f64> = known.iter().filter_map(|index| Some(ratios[*index].as_ref()?.p)).collect();
    for (index, p) in known.into_iter().zip(holm(&single)) {
        if let Some(ratio) = &mut ratios[index] {
            ratio.p = p;
        }
    }
}

/// Relates the metric of each service to that of its counterpart, or else to the reference's, and to the floor's.
/// Within a group p is corrected for all its pairs, as for ranks; relative to a service of another group for all such
/// ratios of the group; relative to the floor it is that of the pair alone. Builds of services are corrected for each
/// other.
pub(super) fn relate(entries: &mut [Entry], metric: Metric, reference: &str, known: &PairValues) {
    let floor = entries.iter().position(|entry| entry.group() == Group::Floor);
    let mut vs_reference: Vec<Option<Ratio>> = (0..entries.len())
        .map(|own| {
            let name = entries[own].counterpart.unwrap_or(reference);
            let other = entries.iter().position(|other| other.row.service == name)?;
            // Whether two builds of one service differ is a question of its own.
            let none = PairValues::new();
            ratio(entries, metric, own, other, if entries[own].is_variant { &none } else { known })
        })
        .collect();
    let (variants, others): (Vec<usize>, Vec<usize>) =
        (0..entries.len()).partition(|index| entries[*index].is_variant);
    correct(&mut vs_reference, &variants);
    let is_corrected =
        |own: usize| known.keys().any(|(a, b)| *a == own && entries[*b].row.service == reference);
    for group in Group::RANKED {
        let is_single = |own: &usize| {
            let entry = &entries[*own];
            entry.group() == group && (entry.counterpart.is_some() || !is_corrected(*own))
        };
        let single: Vec<usize> = others.iter().copied().filter(is_single).collect();
        correct(&mut vs_reference, &single);
    }
    let vs_floor: Vec<Option<Ratio>> = (0..entries.len())
        .map(|own| ratio(entries, metric, own, floor?, &PairValues::new()))
        .collect();
    for ((entry, vs_reference), vs_floor) in entries.iter_mut().zip(vs_reference).zip(vs_floor) {
        if let Some(summary) = entry.row.metrics.get_mut(&metric) {
            (summary.vs_reference, summary.vs_floor) = (vs_reference, vs_floor);
        }
    }
}

fn ratio(entries: &[Entry], metric: Metric, own: usize, other: usize, known: &PairValues) -> Option<Ratio> {
    let (entry, base) = (&entries[own], &entries[other]);
    if own == other || !entry.is_comparable(metric) || !base.is_comparable(metric) {
        return None;
    }
    let logs = entry.log_ratios(base, metric)?;
    let p = known.get(&(own, other)).copied().unwrap_or_else(|| p_value(&logs));
    Ratio::new(&base.row.service, &logs, p)
}
