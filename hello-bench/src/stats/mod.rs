//! Statistics on per-round values: plain functions on slices, checked against SciPy.

pub mod bootstrap;
pub mod permutation;
pub mod places;
pub mod sign_flip;

/// The middle value, or the mean of the two in the middle; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(f64::midpoint(lower, upper))
}

/// The median absolute deviation from the median, unscaled; `None` without values.
pub fn median_absolute_deviation(values: &[f64]) -> Option<f64> {
    let middle = median(values)?;
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    median(&deviations)
}

/// The arithmetic mean; `None` without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Logarithms of the ratios of two services' values in the same rounds; `None` when the rounds differ or a value is
/// not above zero.
pub fn log_ratios(values: &[f64], reference: &[f64]) -> Option<Vec<f64>> {
    let positive = values.iter().chain(reference).all(|value| *value > 0.0 && value.is_finite());
    let paired = values.len() == reference.len() && !values.is_empty();
    (positive && paired).then(|| values.iter().zip(reference).map(|(a, b)| (a / b).ln()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn middles_and_deviations() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median_absolute_deviation(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 9.0]), Some(1.0));
        assert_eq!(log_ratios(&[1.0], &[1.0, 2.0]), None);
        assert_eq!(log_ratios(&[0.0], &[1.0]), None);
        assert_eq!(log_ratios(&[2.0], &[2.0]), Some(vec![0.0]));
    }
}
