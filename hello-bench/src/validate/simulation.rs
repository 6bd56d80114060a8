//! Simulated comparisons, drawn from the slices of equal copies, in which a difference of known size is put.

use fastrand::Rng;
use hello_stats::mean;
use hello_stats::paired::log_ratio_of_sweeps;
use hello_stats::ranks::{ALPHA, PairwiseTests};

use crate::metric::Metric;
use crate::sample::Sample;
use crate::validation::SIMULATED_SERVICES;

/// The share of runs that must find a difference for it to count as found.
const POWER: f64 = 0.8;
/// Simulated comparisons for each share.
const RUNS: u32 = 2000;

/// By how much equal copies differ from round to round.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// For each pair of copies the log ratio of their slices in each round, less its mean over all rounds: what a pair
    /// differs by throughout is a matter for the comparison itself.
    pairs: Vec<Vec<f64>>,
}

impl Pool {
    /// The slices of these copies; `None` where there are none.
    pub(super) fn new(samples: &[Sample], copies: &[&str]) -> Option<Self> {
        let rounds_of = |name: &str| -> Vec<Vec<f64>> {
            let own = samples.iter().filter(|sample| sample.service == name);
            own.filter_map(|sample| Metric::CpuUsPerRequest.of_slices(sample)).collect()
        };
        let by_copy: Vec<Vec<Vec<f64>>> = copies.iter().map(|name| rounds_of(name)).collect();
        Self::of_copies(&by_copy)
    }

    fn of_copies(by_copy: &[Vec<Vec<f64>>]) -> Option<Self> {
        let mut pairs = Vec::new();
        for (a, own) in by_copy.iter().enumerate() {
            for other in by_copy.iter().skip(a + 1) {
                pairs.push(centred(own, other)?);
            }
        }
        (!pairs.is_empty()).then_some(Self { pairs })
    }

    /// The share of simulated runs of equal services in which any two seem to differ.
    pub(super) fn false_alarms(&self, rounds: usize) -> f64 {
        self.share(rounds, 0.0, |comparison| comparison.p.iter().flatten().any(|p| *p <= ALPHA))
    }

    /// The share of simulated runs that find one service slower by this fraction, among equal others.
    pub(super) fn power(&self, slower: f64, rounds: usize) -> f64 {
        self.share(rounds, slower, |comparison| {
            comparison.p[0][1] <= ALPHA && comparison.log_ratio[0][1] > 0.0
        })
    }

    /// The smallest difference, in steps of 0.1 %, that [`POWER`] of the runs find; `None` when it is over 50 %.
    pub(super) fn smallest(&self, rounds: usize) -> Option<f64> {
        let finds = |step: &u32| self.power(f64::from(*step) * 0.001, rounds) >= POWER;
        // Power grows with the difference, so the smallest is found by halving.
        let (mut below, mut above) = (0, 500);
        if !finds(&above) {
            return None;
        }
        while above - below > 1 {
            let middle = u32::midpoint(below, above);
            if finds(&middle) { above = middle } else { below = middle }
        }
        Some(f64::from(above) * 0.001)
    }

    fn share(&self, rounds: usize, slower: f64, hit: impl Fn(&PairwiseTests) -> bool) -> f64 {
        let mut rng = Rng::with_seed(u64::from(RUNS));
        let hits = (0..RUNS)
            .filter(|_| self.run(rounds, slower, &mut rng).as_ref().is_some_and(&hit))
            .count();
        hits as f64 / f64::from(RUNS)
    }

    /// One simulated comparison. In each round a service differs from a common base by what some pair of copies differed
    /// by in some round; the first is slower besides. A pair keeps its direction, so that noise which is not symmetric
    /// stays so; which pair it is, is drawn anew each round, as any process may be the one that happens to be slow.
    fn run(&self, rounds: usize, slower: f64, rng: &mut Rng) -> Option<PairwiseTests> {
        // Two services share what a pair of copies differs by, so each gets half of its variance.
        let scale = std::f64::consts::FRAC_1_SQRT_2;
        let mut services: Vec<Vec<f64>> = vec![Vec::new(); SIMULATED_SERVICES];
        for (index, own) in services.iter_mut().enumerate() {
            let effect = if index == 0 { slower.ln_1p() } else { 0.0 };
            own.extend((0..rounds).map(|_| {
                let pair = &self.pairs[rng.usize(..self.pairs.len())];
                pair[rng.usize(..pair.len())] * scale + effect
            }));
        }
        PairwiseTests::new(services.len(), true, |a, b| {
            Some(services[a].iter().zip(&services[b]).map(|(a, b)| a - b).collect())
        })
    }
}

/// The log ratio of two copies in each round, less its mean; `None` without rounds.
fn centred(own: &[Vec<f64>], other: &[Vec<f64>]) -> Option<Vec<f64>> {
    let logs = own.iter().zip(other).map(|(own, other)| log_ratio_of_sweeps(own, other));
    let logs = logs.collect::<Option<Vec<f64>>>()?;
    let shift = mean(&logs)?;
    // Deviations from a mean of few rounds are too small by this much.
    let scale = (logs.len() as f64 / (logs.len() as f64 - 1.0).max(1.0)).sqrt();
    Some(logs.into_iter().map(|log| (log - shift) * scale).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four copies in 12 rounds of 30 sweeps whose slices vary by this fraction, on a machine that drifts.
    fn pool(noise: f64) -> Pool {
        let mut rng = Rng::with_seed(5);
        let mut copies = vec![vec![Vec::new(); 12]; 4];
        for round in 0..12 {
            for sweep in 0..30 {
                let machine = 10.0 * (1.0 + 0.01 * f64::from(sweep));
                for copy in &mut copies {
                    let uniform: f64 = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
                    copy[round].push(machine * (noise * uniform).exp());
                }
            }
        }
        Pool::of_copies(&copies).unwrap()
    }

    #[test]
    fn alarms_on_equal_copies_are_rare() {
        let alarms = pool(0.1).false_alarms(12);
        assert!(alarms <= 0.07, "{alarms}");
    }

    #[test]
    fn a_difference_between_copies_does_not_count_as_noise() {
        let mut rng = Rng::with_seed(1);
        let mut of = |level: f64| -> Vec<Vec<f64>> {
            (0..12).map(|_| (0..30).map(|_| level * (0.9 + 0.2 * rng.f64())).collect()).collect()
        };
        let pool = Pool::of_copies(&[of(10.0), of(20.0)]).unwrap();
        assert!(pool.false_alarms(12) <= 0.07);
        assert!(pool.power(0.1, 12) >= 0.9);
    }

    #[test]
    fn what_is_found_grows_with_the_difference_and_shrinks_with_the_noise() {
        let (quiet, noisy) = (pool(0.02), pool(0.2));
        assert!(quiet.power(0.03, 12) > 0.95 && noisy.power(0.03, 12) < 0.5);
        assert!(noisy.power(0.3, 12) > 0.95);
        let smallest = |pool: &Pool| pool.smallest(12).unwrap();
        assert!(smallest(&quiet) < 0.02 && smallest(&noisy) > 0.04);
        assert_eq!(quiet.smallest(3), None);
    }
}
