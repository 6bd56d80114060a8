//! The statistics against SciPy's, on made-up samples: `fixtures/statistics.py` writes what it says.

use hello_stats::bootstrap::{Interval, difference, interval};
use hello_stats::sign_flip::holm;
use hello_stats::{log_ratios, mean, median, median_absolute_deviation, permutation, sign_flip};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/statistics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn close(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance, "{ours} {theirs}");
}

/// Bounds agree within what two bootstraps of 10 000 resamples differ by.
fn alike(ours: Interval, theirs: &Value) {
    let theirs = numbers(theirs);
    let tolerance = 0.08 * (theirs[1] - theirs[0]);
    assert!((ours.low - theirs[0]).abs() <= tolerance, "{ours:?} {theirs:?}");
    assert!((ours.high - theirs[1]).abs() <= tolerance, "{ours:?} {theirs:?}");
}

#[test]
fn all_agree_with_scipy() {
    let fixture = fixture();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 6);
    for case in cases {
        let (a, b) = (numbers(&case["a"]), numbers(&case["b"]));
        close(median(&a).unwrap(), &case["median"], 1e-12);
        close(median_absolute_deviation(&a).unwrap(), &case["mad"], 1e-12);
        close(permutation::p_value(&a, &b), &case["permutation_p"], 1e-9);
        alike(difference(&a, &b).unwrap(), &case["difference_interval"]);
        let middle = interval(&a, median).unwrap();
        let theirs = numbers(&case["median_interval"]);
        // A median of few values takes few values, and a bound may fall on the next one.
        assert!(middle.low <= theirs[1] && middle.high >= theirs[0], "{middle:?} {theirs:?}");
        if let Some(logs) = log_ratios(&a, &b) {
            close(sign_flip::p_value(&logs), &case["sign_flip_p"], 1e-9);
            alike(interval(&logs, mean).unwrap(), &case["log_ratio_interval"]);
        }
    }
}

#[test]
fn holm_agrees_with_its_definition_in_numpy() {
    let fixture = fixture();
    let adjusted = holm(&numbers(&fixture["holm"]["p"]));
    for (ours, theirs) in adjusted.into_iter().zip(fixture["holm"]["adjusted"].as_array().unwrap()) {
        close(ours, theirs, 1e-12);
    }
}
