//! Places within each group of services, and ratios to what a service is taken by.

use std::collections::BTreeMap;

use crate::metadata::Group;
use crate::metric::Metric;
use hello_stats::ranks::Comparison;
use crate::summary::{Entry, Ratio};

/// The p-values of pairs of entries, by their indices.
pub(super) type Pairs = BTreeMap<(usize, usize), f64>;

/// Gives places to the services of a group whose metric may be ranked, and ratios to the best of them. Returns what it
/// found of their pairs.
pub(super) fn rank(entries: &mut [Entry], metric: Metric, group: Group) -> Pairs {
    let allowed = |entry: &Entry| entry.row.group == group && entry.is_ranked_by(metric);
    let ranked: Vec<usize> = (0..entries.len()).filter(|index| allowed(&entries[*index])).collect();
    let values: Vec<Vec<f64>> = ranked.iter().map(|index| entries[*index].values(metric).to_vec()).collect();
    let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
    let Some(comparison) = Comparison::new(&slices, metric.lower_is_better()) else {
        return Pairs::new();
    };
    let best = comparison.order.first().copied().unwrap_or_default();
    for ((at, place), index) in comparison.places().into_iter().enumerate().zip(&ranked) {
        if let Some(estimate) = entries[*index].row.metrics.get_mut(&metric) {
            estimate.place = Some(place);
            let ratio = Ratio::new(&values[at], &values[best], comparison.p[at][best]);
            estimate.to_best = ratio.filter(|_| at != best);
        }
    }
    let cells = comparison
        .p
        .iter()
        .zip(&ranked)
        .flat_map(|(row, a)| row.iter().zip(&ranked).map(move |(p, b)| ((*a, *b), *p)));
    cells.collect()
}

/// Takes the metric of each service by the reference's, or by what else it is to be compared with. Within a group p is
/// corrected for all pairs of it, as for places; between groups it is that of the pair alone.
pub(super) fn compare(entries: &mut [Entry], metric: Metric, reference: &str, known: &Pairs) {
    let ratio = |(at, entry): (usize, &Entry)| {
        let name = entry.counterpart.unwrap_or(reference);
        let other =
            entries.iter().position(|other| other.row.service == name).filter(|other| *other != at)?;
        let base = &entries[other];
        if !entry.is_ranked_by(metric) || !base.is_ranked_by(metric) {
            return None;
        }
        let values = [entry.values(metric), base.values(metric)];
        let p = known.get(&(at, other)).copied();
        let alone = || Comparison::new(&values, metric.lower_is_better()).map(|pair| pair.p[0][1]);
        Ratio::new(values[0], values[1], p.or_else(alone)?)
    };
    let ratios: Vec<Option<Ratio>> = entries.iter().enumerate().map(ratio).collect();
    for (entry, ratio) in entries.iter_mut().zip(ratios) {
        if let Some(estimate) = entry.row.metrics.get_mut(&metric) {
            estimate.to_reference = ratio;
        }
    }
}

/// Takes the metric of each ranked service by the floor's.
pub(super) fn compare_to_floor(entries: &mut [Entry], metric: Metric) {
    let Some(floor) = entries.iter().find(|entry| entry.row.group == Group::Floor) else { return };
    let floor = floor.values(metric).to_vec();
    for entry in entries.iter_mut().filter(|entry| entry.is_ranked_by(metric)) {
        let pair = Comparison::new(&[entry.values(metric), &floor], metric.lower_is_better());
        let ratio = pair.and_then(|pair| Ratio::new(entry.values(metric), &floor, pair.p[0][1]));
        if let Some(estimate) = entry.row.metrics.get_mut(&metric) {
            estimate.to_floor = ratio;
        }
    }
}
