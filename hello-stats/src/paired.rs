//! How much two services differ in a round: from their values in the same sweeps, or from one value of each.

use crate::summary::trimmed_mean;

/// The share of the sweeps that is cut off at each end: sweeps that something else disturbed.
pub const TRIM: f64 = 0.2;

/// The trimmed mean of the logarithms of the sweeps' ratios: how much `values` differs from `reference` in this round.
///
/// Both were measured within the same tenth of a second in each sweep, so that what moves the machine moves both. A
/// sweep in which one of them is zero counts as infinitely far; one in which both are is left out. `None` when the
/// sweeps differ in number or too many are infinite.
pub fn log_ratio_of_sweeps(values: &[f64], reference: &[f64]) -> Option<f64> {
    if values.len() != reference.len() {
        return None;
    }
    let logs = values.iter().zip(reference).map(|(value, reference)| (value / reference).ln());
    let logs: Vec<f64> = logs.filter(|log| !log.is_nan()).collect();
    trimmed_mean(&logs, TRIM)
}

/// The logarithm of the ratio of two values; `None` when one is not above zero.
pub fn log_ratio(value: f64, reference: f64) -> Option<f64> {
    let positive = value > 0.0 && reference > 0.0;
    Some((value / reference).ln()).filter(|log| positive && log.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disturbed_sweeps_are_cut_off() {
        let reference = [10.0; 10];
        let mut values = [9.0; 10];
        values[3] = 1000.0;
        values[7] = 0.0;
        let log = log_ratio_of_sweeps(&values, &reference).unwrap();
        assert!((log - 0.9_f64.ln()).abs() < 1e-12, "{log}");
        assert_eq!(log_ratio_of_sweeps(&values, &reference[1..]), None);
        assert_eq!(log_ratio_of_sweeps(&[0.0; 10], &reference), None);
        assert_eq!(log_ratio_of_sweeps(&[0.0; 10], &[0.0; 10]), None);
    }

    #[test]
    fn a_drift_that_both_share_cancels() {
        let drift: Vec<f64> = (0..40).map(|sweep| 1.0 + 0.3 * f64::from(sweep) / 40.0).collect();
        let fast: Vec<f64> = drift.iter().map(|drift| 8.0 * drift).collect();
        let slow: Vec<f64> = drift.iter().map(|drift| 10.0 * drift).collect();
        assert!((log_ratio_of_sweeps(&fast, &slow).unwrap() - 0.8_f64.ln()).abs() < 1e-12);
        assert_eq!((log_ratio(0.0, 1.0), log_ratio(1.0, f64::NAN)), (None, None));
        assert_eq!(log_ratio(3.0, 3.0), Some(0.0));
    }
}
