//! Whether two runs differ: the permutation test for values that are not paired.

use fastrand::Rng;

use crate::summary::mean;

/// Up to this many ways to divide the values each is tried; 48 620 for twice nine.
const EXACT_DIVISIONS: u64 = 50_000;
/// Random divisions beyond that.
const RANDOM_DIVISIONS: u32 = 100_000;
/// Rounding must not make two equal sums unequal.
const TOLERANCE: f64 = 1e-12;

/// The two-sided p-value of "both are drawn from the same distribution", by the difference of the means
/// (E. J. G. Pitman, Supplement to the Journal of the Royal Statistical Society 4:1, 1937).
///
/// p is the share of all ways to divide the pooled values into groups of the same sizes whose means differ by at
/// least as much as observed. 1 when a group is empty.
pub fn p_value(a: &[f64], b: &[f64]) -> f64 {
    let (Some(mean_a), Some(mean_b)) = (mean(a), mean(b)) else { return 1.0 };
    let pooled: Vec<f64> = a.iter().chain(b).copied().collect();
    let total: f64 = pooled.iter().sum();
    let scale: f64 = pooled.iter().map(|value| value.abs()).sum();
    let extreme = (mean_a - mean_b).abs() - scale * TOLERANCE;
    let (n, m) = (a.len() as f64, b.len() as f64);
    let is_extreme = |sum: f64| (sum / n - (total - sum) / m).abs() >= extreme;
    if divisions(pooled.len(), a.len()) <= EXACT_DIVISIONS {
        let (mut hits, mut all) = (0_u64, 0_u64);
        each_sum(&pooled, a.len(), 0.0, &mut |sum| {
            all += 1;
            hits += u64::from(is_extreme(sum));
        });
        return hits as f64 / all as f64;
    }
    random(pooled, a.len(), is_extreme)
}

fn random(mut pooled: Vec<f64>, size: usize, is_extreme: impl Fn(f64) -> bool) -> f64 {
    let mut rng = Rng::with_seed(pooled.len() as u64);
    let mut hits = 0;
    for _ in 0..RANDOM_DIVISIONS {
        rng.shuffle(&mut pooled);
        hits += u32::from(is_extreme(pooled[..size].iter().sum()));
    }
    f64::from(hits + 1) / f64::from(RANDOM_DIVISIONS + 1)
}

/// Calls `visit` with the sum of each choice of `size` values.
fn each_sum(values: &[f64], size: usize, sum: f64, visit: &mut impl FnMut(f64)) {
    if size == 0 {
        return visit(sum);
    }
    for index in 0..=values.len() - size {
        each_sum(&values[index + 1..], size - 1, sum + values[index], visit);
    }
}

/// The number of ways to choose `size` of `n`, or more than can be tried.
fn divisions(n: usize, size: usize) -> u64 {
    let mut ways = 1_u64;
    for step in 0..size.min(n - size) {
        ways = ways * (n - step) as u64 / (step + 1) as u64;
        if ways > EXACT_DIVISIONS {
            break;
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separated_groups_have_the_smallest_p_there_is() {
        let p = p_value(&[1.0, 2.0, 3.0], &[10.0, 11.0, 12.0]);
        assert!((p - 2.0 / 20.0).abs() < 1e-12, "{p}");
        assert_eq!(divisions(18, 9), 48_620);
        assert!(p_value(&[1.0; 4], &[1.0; 4]) >= 1.0 && p_value(&[], &[1.0]) >= 1.0);
    }

    #[test]
    fn random_divisions_agree_with_all() {
        let a: Vec<f64> = (0..9).map(|index| f64::from(index * 7 % 9)).collect();
        let b: Vec<f64> = (0..9).map(|index| f64::from(index * 5 % 9) + 1.5).collect();
        let exact = p_value(&a, &b);
        let pooled: Vec<f64> = a.iter().chain(&b).copied().collect();
        let total: f64 = pooled.iter().sum();
        let observed = (a.iter().sum::<f64>() / 9.0 - b.iter().sum::<f64>() / 9.0).abs() - 1e-9;
        let sampled = random(pooled, 9, |sum| (sum / 9.0 - (total - sum) / 9.0).abs() >= observed);
        assert!((exact - sampled).abs() < 0.01, "{exact} {sampled}");
    }
}
