//! Whether two services differ: the exact paired sign-flip test, and Holm's correction for many pairs.

use fastrand::Rng;

/// Up to this many rounds every pattern of signs is tried: 2^16.
const EXACT_ROUNDS: usize = 16;
/// Random patterns beyond that.
const RANDOM_PATTERNS: u32 = 100_000;
/// Rounding must not make two equal sums unequal.
const TOLERANCE: f64 = 1e-12;

/// The two-sided p-value of "the differences are symmetric around zero", by the mean (Fisher's randomization test).
///
/// If two services are alike, each round's difference could as well have had the other sign. p is the share of all
/// patterns of signs whose mean is at least as far from zero as the one observed, the observed pattern included. 1
/// without differences.
pub fn p_value(differences: &[f64]) -> f64 {
    let observed = differences.iter().sum::<f64>().abs();
    let scale = differences.iter().map(|difference| difference.abs()).sum::<f64>();
    let extreme = observed - scale * TOLERANCE;
    if differences.len() <= EXACT_ROUNDS {
        return exact(differences, extreme);
    }
    let mut rng = Rng::with_seed(differences.len() as u64);
    let hits = (0..RANDOM_PATTERNS).filter(|_| random(differences, &mut rng).abs() >= extreme).count();
    (hits + 1) as f64 / f64::from(RANDOM_PATTERNS + 1)
}

/// The smallest p-value that this many rounds can give.
pub fn smallest_p(rounds: usize) -> f64 {
    if rounds == 0 { 1.0 } else { 2.0 * 0.5_f64.powi(rounds.min(EXACT_ROUNDS) as i32) }
}

/// Holm's step-down correction: p-values that hold together for the whole family.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| p_values[*a].total_cmp(&p_values[*b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut highest = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        highest = highest.max(p_values[index] * (p_values.len() - rank) as f64).min(1.0);
        adjusted[index] = highest;
    }
    adjusted
}

/// Half of the patterns are enough, those that keep the first sign: flipping every sign of one only negates its sum.
fn exact(differences: &[f64], extreme: f64) -> f64 {
    let Some((first, rest)) = differences.split_first() else { return 1.0 };
    let mut hits = 0_u32;
    each_sum(rest, *first, &mut |sum| hits += u32::from(sum.abs() >= extreme));
    f64::from(hits) / f64::from(1_u32 << rest.len())
}

/// Calls `visit` with the sum of each pattern of signs.
fn each_sum(differences: &[f64], sum: f64, visit: &mut impl FnMut(f64)) {
    let Some((first, rest)) = differences.split_first() else { return visit(sum) };
    each_sum(rest, sum + first, visit);
    each_sum(rest, sum - first, visit);
}

fn random(differences: &[f64], rng: &mut Rng) -> f64 {
    differences
        .iter()
        .map(|difference| if rng.bool() { *difference } else { -difference })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_rounds_of_one_sign_are_two_of_512() {
        let p = p_value(&[0.01; 9]);
        assert!((p - 2.0 / 512.0).abs() < 1e-12, "{p}");
        assert!((smallest_p(9) - p).abs() < 1e-12);
        assert!(p_value(&[]) >= 1.0 && p_value(&[0.0; 5]) >= 1.0);
    }

    #[test]
    fn random_patterns_agree_with_all_patterns() {
        let differences: Vec<f64> = (0..16).map(|index| f64::from(index) - 5.5).collect();
        let exact = p_value(&differences);
        let mut longer = differences.clone();
        longer.push(0.0);
        assert!((p_value(&longer) - exact).abs() < 0.01, "{exact}");
    }

    #[test]
    fn holm_multiplies_by_the_hypotheses_left_and_never_falls() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(adjusted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{adjusted:?}");
        assert!(holm(&[0.9, 0.8]).iter().all(|p| *p <= 1.0));
    }
}
