//! Bootstrap intervals at 95 %, widened for the small number of rounds.

use crate::stats::mean;
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Resamples: the Monte Carlo error of a bound is then far below the width of the interval.
const RESAMPLES: usize = 10_000;
/// The seed, fixed so that the same samples give the same report.
const SEED: u64 = 0x5EED;
/// The coverage that an interval aims at.
pub const CONFIDENCE: f64 = 0.95;

/// A range that holds the true value with 95 % confidence.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// Half the width as a fraction of `middle`.
    pub fn half_width(&self, middle: f64) -> f64 {
        (self.high - self.low) / 2.0 / middle.abs()
    }

    /// The interval of a value in other units.
    pub fn scaled(&self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }

    /// Whether `value` lies in it.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The interval of a statistic of `values`; `None` with fewer than three, which say too little.
///
/// The expanded percentile interval: percentiles are taken further out than 2.5 % and 97.5 %, by what the t
/// distribution and the factor n/(n-1) ask for, since the plain percentile interval is too narrow for small samples
/// (T. Hesterberg, "What Teachers Should Know About the Bootstrap", The American Statistician 69:4, 2015).
pub fn interval(values: &[f64], statistic: impl Fn(&[f64]) -> Option<f64>) -> Option<Interval> {
    if values.len() < 3 {
        return None;
    }
    let mut rng = Rng::with_seed(SEED);
    let estimate = || statistic(&resampled(values, &mut rng));
    expanded(estimate, values.len())
}

/// The interval of the difference of two means, `a` less `b`, of values that are not paired; `None` with fewer than
/// three of either. Expanded as for the smaller number.
pub fn difference(a: &[f64], b: &[f64]) -> Option<Interval> {
    let fewer = a.len().min(b.len());
    if fewer < 3 {
        return None;
    }
    let mut rng = Rng::with_seed(SEED);
    let estimate = || Some(mean(&resampled(a, &mut rng))? - mean(&resampled(b, &mut rng))?);
    expanded(estimate, fewer)
}

/// As many values, drawn with replacement.
fn resampled(values: &[f64], rng: &mut Rng) -> Vec<f64> {
    values.iter().map(|_| values[rng.usize(..values.len())]).collect()
}

fn expanded(mut estimate: impl FnMut() -> Option<f64>, n: usize) -> Option<Interval> {
    let mut estimates = (0..RESAMPLES).map(|_| estimate()).collect::<Option<Vec<f64>>>()?;
    estimates.sort_unstable_by(f64::total_cmp);
    let tail = expanded_tail(n)?;
    Some(Interval { low: quantile(&estimates, tail), high: quantile(&estimates, 1.0 - tail) })
}

/// The probability beyond each end of an expanded percentile interval of `n` values.
fn expanded_tail(n: usize) -> Option<f64> {
    let n = n as f64;
    let t = StudentsT::new(0.0, 1.0, n - 1.0).ok()?.inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
    Some(Normal::standard().cdf(-(n / (n - 1.0)).sqrt() * t))
}

/// A quantile of sorted values, interpolated as NumPy does by default.
fn quantile(sorted: &[f64], probability: f64) -> f64 {
    let at = probability * (sorted.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_are_further_out_for_few_values() {
        // t(0.975, 8) = 2.306; Phi(-sqrt(9/8) * 2.306) = 0.00723.
        assert!((expanded_tail(9).unwrap() - 0.00723).abs() < 1e-4);
        assert!((expanded_tail(1000).unwrap() - 0.0248).abs() < 3e-4);
    }

    #[test]
    fn intervals_cover_the_mean_nineteen_times_in_twenty() {
        let mut rng = Rng::with_seed(7);
        let mut covered = 0;
        for _ in 0..300 {
            let values: Vec<f64> = (0..9).map(|_| (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0).collect();
            covered += usize::from(interval(&values, mean).unwrap().holds(0.0));
        }
        assert!((275..=295).contains(&covered), "{covered} of 300");
    }

    #[test]
    fn two_values_have_no_interval() {
        assert_eq!(interval(&[1.0, 2.0], mean), None);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
    }
}
