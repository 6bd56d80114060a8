//! Middles and spreads of a sample.

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

/// The unbiased variance; `None` with fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let middle = mean(values).filter(|_| values.len() > 1)?;
    let squares = values.iter().map(|value| (value - middle).powi(2)).sum::<f64>();
    Some(squares / (values.len() - 1) as f64)
}

/// The mean of what is left when `share` of the values is cut off at each end; `None` without values, or when a value
/// that is left is not finite.
pub fn trimmed_mean(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let cut = (sorted.len() as f64 * share) as usize;
    mean(sorted.get(cut..sorted.len() - cut)?).filter(|mean| mean.is_finite())
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
        assert_eq!((variance(&[1.0]), variance(&[1.0, 3.0])), (None, Some(2.0)));
    }

    #[test]
    fn a_trimmed_mean_ignores_a_fifth_at_each_end() {
        let values = [f64::NEG_INFINITY, 1.0, 2.0, 3.0, 1e9];
        assert_eq!(trimmed_mean(&values, 0.2), Some(2.0));
        assert_eq!(trimmed_mean(&values, 0.1), None);
        assert_eq!(trimmed_mean(&[], 0.2), None);
        assert_eq!(trimmed_mean(&[5.0], 0.2), Some(5.0));
    }
}
