//! Medians over rounds.

use hello_stats::median;

/// The median of a value of each round; `None` without rounds.
pub(crate) fn median_of<T>(rounds: &[T], value: impl Fn(&T) -> f64) -> Option<f64> {
    median(&rounds.iter().map(value).collect::<Vec<_>>())
}

/// The median of the rounds that have a value; `None` where none has.
pub(crate) fn median_of_known<T>(rounds: &[T], value: impl Fn(&T) -> Option<f64>) -> Option<f64> {
    median(&rounds.iter().filter_map(value).collect::<Vec<_>>())
}
