//! Ranges of ranks: as narrow as the significant differences between services allow.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sign_flip::{holm, p_value, smallest_p};
use crate::summary::mean;

/// The family-wise rate of false alarms.
pub const ALPHA: f64 = 0.05;

/// The ranks that a service may have, counted from 1 for the best.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct RankRange {
    /// One more than there are services that are significantly better.
    pub best: usize,
    /// As many as there are services, less those that are significantly worse.
    pub worst: usize,
}

impl fmt::Display for RankRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.best >= self.worst {
            write!(f, "{}", self.best)
        } else {
            write!(f, "{}–{}", self.best, self.worst)
        }
    }
}

/// How services compare, pair by pair.
#[derive(Clone, Debug, PartialEq)]
pub struct PairwiseTests {
    /// For each pair the mean over the rounds of the logarithm of their ratio.
    pub log_ratio: Vec<Vec<f64>>,
    /// For each pair the p-value of "they do not differ", by the sign-flip test on their log ratios, with Holm's
    /// correction over all pairs; 1 for a service and itself.
    pub p: Vec<Vec<f64>>,
    lower_is_better: bool,
}

impl PairwiseTests {
    /// Compares `services` services; `log_ratios(a, b)` has the logarithm of the ratio of `a` to `b` in each round.
    /// `None` when a pair has no rounds.
    pub fn new(
        services: usize,
        lower_is_better: bool,
        log_ratios: impl Fn(usize, usize) -> Option<Vec<f64>>,
    ) -> Option<Self> {
        let pairs: Vec<(usize, usize)> = (0..services).flat_map(|a| (0..a).map(move |b| (a, b))).collect();
        let rounds = pairs.iter().map(|(a, b)| log_ratios(*a, *b)).collect::<Option<Vec<Vec<f64>>>>()?;
        let single: Vec<f64> = rounds.iter().map(|rounds| p_value(rounds)).collect();
        let mut log_ratio = vec![vec![0.0; services]; services];
        let mut p = vec![vec![1.0; services]; services];
        for (((a, b), rounds), adjusted) in pairs.into_iter().zip(&rounds).zip(holm(&single)) {
            let log = mean(rounds)?;
            (log_ratio[a][b], log_ratio[b][a]) = (log, -log);
            (p[a][b], p[b][a]) = (adjusted, adjusted);
        }
        Some(Self { log_ratio, p, lower_is_better })
    }

    /// The range of ranks of each service (a confidence set for its rank, as in M. Mogstad and others, "Inference for
    /// Ranks", The Review of Economic Studies 91:1, 2024). Whether two services have a rank in common does not show
    /// whether they differ significantly: the first and the third of `1–2`, `1–3`, `2–3` do.
    pub fn rank_ranges(&self) -> Vec<RankRange> {
        let services = self.p.len();
        let is_better = |a: usize, b: usize| {
            self.p[a][b] <= ALPHA && (self.log_ratio[a][b] < 0.0) == self.lower_is_better
        };
        let range = |own| RankRange {
            best: 1 + (0..services).filter(|other| is_better(*other, own)).count(),
            worst: services - (0..services).filter(|other| is_better(own, *other)).count(),
        };
        (0..services).map(range).collect()
    }
}

/// Whether so many rounds can make any of so many differences significant, once they are corrected for each other.
pub fn can_be_significant(rounds: usize, comparisons: usize) -> bool {
    smallest_p(rounds) * comparisons as f64 <= ALPHA
}

/// The fewest rounds in which the test can find a difference between any two of so many services.
pub fn rounds_needed(services: usize) -> usize {
    let pairs = services * services.saturating_sub(1) / 2;
    (1..).find(|rounds| can_be_significant(*rounds, pairs) || *rounds >= 16).unwrap_or(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounds around a level, with a wobble that differs from service to service.
    fn rounds(level: f64, wobble: f64, step: i32) -> Vec<f64> {
        (0..9).map(|round| level + wobble * f64::from(round * step % 9 - 4)).collect()
    }

    fn shown(levels: &[Vec<f64>], lower_is_better: bool) -> Vec<String> {
        let logs = |a: usize, b: usize| {
            let paired = levels[a].len() == levels[b].len();
            paired.then(|| levels[a].iter().zip(&levels[b]).map(|(a, b)| (a / b).ln()).collect())
        };
        let comparison = PairwiseTests::new(levels.len(), lower_is_better, logs);
        let ranges = comparison.map(|comparison| comparison.rank_ranges()).unwrap_or_default();
        ranges.into_iter().map(|range| range.to_string()).collect()
    }

    #[test]
    fn equal_services_share_ranks_and_the_next_counts_them() {
        let noisy =
            |sign: f64| (0..9).map(|round| 10.0 + sign * if round % 2 == 0 { 0.1 } else { -0.1 }).collect();
        let levels = [rounds(12.0, 0.01, 7), noisy(1.0), noisy(-1.0)];
        assert_eq!(shown(&levels, true), ["3", "1–2", "1–2"]);
        assert_eq!(shown(&levels, false), ["1", "2–3", "2–3"]);
    }

    #[test]
    fn the_middle_of_a_chain_shares_ranks_with_both_ends() {
        let levels = [rounds(10.0, 0.01, 7), rounds(10.1, 0.01, 5), rounds(10.2, 0.01, 2)];
        let middle: Vec<f64> = (0..9).map(|round| if round % 3 == 0 { 9.9 } else { 10.19 }).collect();
        assert_eq!(shown(&[levels[0].clone(), middle, levels[2].clone()], true), ["1–2", "1–3", "2–3"]);
        assert_eq!(shown(&levels, true), ["1", "2", "3"]);
    }

    #[test]
    fn ranks_follow_the_paired_ratios_where_medians_would_order_wrongly() {
        // In eight of nine rounds the second service is 5 % better. The machine was never twice the same, and in the
        // round that is the median of both, the second is a little worse.
        let first = [10.0, 12.0, 14.0, 16.0, 20.0, 24.0, 28.0, 32.0, 36.0];
        let second = first.map(|level| if level == 20.0 { 20.02 } else { level * 0.95 });
        assert!(crate::median(&second) > crate::median(&first));
        assert_eq!(shown(&[first.to_vec(), second.to_vec()], true), ["2", "1"]);
    }

    #[test]
    fn too_few_rounds_give_nobody_a_rank_alone() {
        assert_eq!(shown(&[vec![1.0; 3], vec![2.0; 3], vec![3.0; 3]], true), ["1–3", "1–3", "1–3"]);
        assert_eq!(shown(&[vec![1.0; 3], vec![2.0; 2]], true), [""; 0]);
        assert_eq!((rounds_needed(2), rounds_needed(5)), (6, 9));
        assert!(can_be_significant(8, 5) && !can_be_significant(8, 10) && !can_be_significant(5, 1));
    }
}
