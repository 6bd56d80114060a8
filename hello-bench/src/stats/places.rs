//! Places that services which cannot be told apart share.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::stats::sign_flip::{holm, p_value, smallest_p};
use crate::stats::{log_ratios, median};

/// The family-wise rate of false alarms.
pub const ALPHA: f64 = 0.05;

/// The places that a service may have by one figure, counted from 1 for the best.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Place {
    /// One more than there are services that are significantly better.
    pub best: usize,
    /// As many as there are services, less those that are significantly worse.
    pub worst: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.best >= self.worst {
            write!(f, "{}", self.best)
        } else {
            write!(f, "{}–{}", self.best, self.worst)
        }
    }
}

/// How services compare by one figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Their indices, the best median first.
    pub order: Vec<usize>,
    /// For each pair the p-value of "they do not differ", by the sign-flip test on paired ratios, with Holm's
    /// correction over all pairs; 1 for a service and itself.
    pub p: Vec<Vec<f64>>,
}

impl Comparison {
    /// Compares services by their values in the same rounds; `None` when values cannot be paired.
    pub fn new(values: &[&[f64]], lower_is_better: bool) -> Option<Self> {
        let medians = values.iter().map(|values| median(values)).collect::<Option<Vec<f64>>>()?;
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| {
            let ascending = medians[*a].total_cmp(&medians[*b]);
            if lower_is_better { ascending } else { ascending.reverse() }
        });
        let pairs: Vec<(usize, usize)> =
            (0..values.len()).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        let single = pairs
            .iter()
            .map(|(a, b)| log_ratios(values[*a], values[*b]).map(|ratios| p_value(&ratios)))
            .collect::<Option<Vec<f64>>>()?;
        let mut p = vec![vec![1.0; values.len()]; values.len()];
        for ((a, b), adjusted) in pairs.into_iter().zip(holm(&single)) {
            p[a][b] = adjusted;
            p[b][a] = adjusted;
        }
        Some(Self { order, p })
    }

    /// The places that each service may have (a confidence set for its rank, as in M. Mogstad and others, "Inference for
    /// Ranks", The Review of Economic Studies 91:1, 2024). Services that cannot be told apart share places; those without a
    /// place in common can be told apart.
    pub fn places(&self) -> Vec<Place> {
        let mut at = vec![0; self.order.len()];
        for (position, index) in self.order.iter().enumerate() {
            at[*index] = position;
        }
        let differing = |own: usize, ahead: bool| {
            let other_side = |other: &usize| {
                if ahead { at[*other] < at[own] } else { at[*other] > at[own] }
            };
            (0..at.len()).filter(other_side).filter(|other| self.p[own][*other] <= ALPHA).count()
        };
        let place = |own| Place { best: 1 + differing(own, true), worst: at.len() - differing(own, false) };
        (0..at.len()).map(place).collect()
    }
}

/// The fewest rounds in which the test can tell any of so many services apart.
pub fn rounds_needed(services: usize) -> usize {
    let pairs = (services * services.saturating_sub(1) / 2) as f64;
    (1..).find(|rounds| smallest_p(*rounds) * pairs <= ALPHA || *rounds >= 16).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(base: f64, wobble: f64) -> Vec<f64> {
        (0..9).map(|round| base + wobble * f64::from(round * 7 % 9 - 4)).collect()
    }

    fn shown(values: &[Vec<f64>]) -> Vec<String> {
        let slices: Vec<&[f64]> = values.iter().map(Vec::as_slice).collect();
        let Some(comparison) = Comparison::new(&slices, true) else {
            return Vec::new();
        };
        comparison.places().into_iter().map(|place| place.to_string()).collect()
    }

    #[test]
    fn equal_services_share_places_and_the_next_counts_them() {
        let noisy =
            |sign: f64| (0..9).map(|round| 10.0 + sign * if round % 2 == 0 { 0.1 } else { -0.1 }).collect();
        assert_eq!(shown(&[rounds(12.0, 0.01), noisy(1.0), noisy(-1.0)]), ["3", "1–2", "1–2"]);
    }

    #[test]
    fn the_middle_of_a_chain_shares_places_with_both_ends() {
        let values = [rounds(10.0, 0.01), rounds(10.1, 0.01), rounds(10.2, 0.01)];
        let middle: Vec<f64> = (0..9).map(|round| if round % 3 == 0 { 9.9 } else { 10.19 }).collect();
        assert_eq!(shown(&[values[0].clone(), middle, values[2].clone()]), ["1–2", "1–3", "2–3"]);
        assert_eq!(shown(&values), ["1", "2", "3"]);
    }

    #[test]
    fn too_few_rounds_place_nobody_alone() {
        assert_eq!(shown(&[vec![1.0; 3], vec![2.0; 3], vec![3.0; 3]]), ["1–3", "1–3", "1–3"]);
        assert_eq!(shown(&[vec![1.0; 3], vec![2.0; 2]]), [""; 0]);
        assert_eq!((rounds_needed(2), rounds_needed(5)), (6, 9));
    }
}
