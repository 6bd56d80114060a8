//! Estimates with their bounds: Student's intervals, and the range of the rounds where there are too few for one.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::summary::{mean, variance};

/// The coverage that an interval aims at.
pub const CONFIDENCE: f64 = 0.95;
/// The fewest rounds with an interval. The range of five rounds is about as wide as the interval would be, and claims
/// nothing.
pub const MIN_ROUNDS_FOR_INTERVAL: usize = 6;

/// What the bounds of an estimate are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bounds {
    /// A 95 % confidence interval.
    Interval,
    /// The smallest and the largest round, as there are too few for an interval.
    Range,
}

/// A value with its bounds.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Estimate {
    /// In the unit of the rounds' values.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// What the bounds are.
    pub bounds: Bounds,
}

impl Estimate {
    /// The mean of rounds, with Student's interval (W. S. Gosset, "The Probable Error of a Mean", Biometrika 6:1,
    /// 1908), or with the range below [`MIN_ROUNDS_FOR_INTERVAL`]; `None` without rounds.
    pub fn of_mean(rounds: &[f64]) -> Option<Self> {
        let value = mean(rounds)?;
        if rounds.len() < MIN_ROUNDS_FOR_INTERVAL {
            let low = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let high = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            return Some(Self { value, low, high, bounds: Bounds::Range });
        }
        let n = rounds.len() as f64;
        Self::within(value, (variance(rounds)? / n).sqrt(), n - 1.0)
    }

    /// The mean of `a` less that of `b`, whose rounds are not pairs, with Welch's interval (B. L. Welch, Biometrika
    /// 34:1, 1947); `None` when either has fewer than [`MIN_ROUNDS_FOR_INTERVAL`].
    pub fn of_difference(a: &[f64], b: &[f64]) -> Option<Self> {
        if a.len().min(b.len()) < MIN_ROUNDS_FOR_INTERVAL {
            return None;
        }
        let (n, m) = (a.len() as f64, b.len() as f64);
        let (va, vb) = (variance(a)? / n, variance(b)? / m);
        let freedom = (va + vb).powi(2) / (va.powi(2) / (n - 1.0) + vb.powi(2) / (m - 1.0));
        let value = mean(a)? - mean(b)?;
        let is_constant = va + vb <= 0.0;
        Self::within(value, (va + vb).sqrt(), if is_constant { n + m - 2.0 } else { freedom })
    }

    fn within(value: f64, standard_error: f64, freedom: f64) -> Option<Self> {
        let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(f64::midpoint(1.0, CONFIDENCE));
        let half = t * standard_error;
        Some(Self { value, low: value - half, high: value + half, bounds: Bounds::Interval })
    }

    /// The ratio that this estimate is the logarithm of.
    #[must_use]
    pub fn exp(self) -> Self {
        Self { value: self.value.exp(), low: self.low.exp(), high: self.high.exp(), bounds: self.bounds }
    }

    /// Whether `value` lies within the bounds.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_six_rounds_there_is_a_range_and_no_interval() {
        let rounds = [1.0, 4.0, 2.0, 3.0, 5.0];
        let range = Estimate::of_mean(&rounds).unwrap();
        assert_eq!(range, Estimate { value: 3.0, low: 1.0, high: 5.0, bounds: Bounds::Range });
        assert_eq!(Estimate::of_mean(&[1.0; 6]).unwrap().bounds, Bounds::Interval);
        assert_eq!(Estimate::of_mean(&[]), None);
        assert_eq!(Estimate::of_difference(&rounds, &[1.0; 9]), None);
    }

    #[test]
    fn an_interval_that_must_exclude_excludes_and_one_that_must_hold_holds() {
        let rounds = [0.030, 0.031, 0.029, 0.030, 0.032, 0.028, 0.030, 0.031, 0.029];
        let estimate = Estimate::of_mean(&rounds).unwrap();
        assert!(!estimate.holds(0.0) && estimate.holds(0.03) && !estimate.holds(0.035));
        let ratio = estimate.exp();
        assert!(
            !ratio.holds(1.0) && ratio.holds(1.0304) && (0.001..0.004).contains(&(ratio.high - ratio.low))
        );
    }
}
