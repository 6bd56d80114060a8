//! The statistics against SciPy and NumPy on made-up samples (`fixtures/statistics.py`), and for each of them samples
//! that it must react to and samples that it must not.

use hello_stats::paired::{TRIM, log_ratio_of_sweeps};
use hello_stats::ranks::ALPHA;
use hello_stats::sign_flip::holm;
use hello_stats::summary::{trimmed_mean, variance};
use hello_stats::{Estimate, mean, median, median_absolute_deviation, permutation, sign_flip};
use serde_json::Value;

fn fixture() -> Value {
    serde_json::from_str(include_str!("fixtures/statistics.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// Every case's samples, and the case.
fn for_each_case(check: impl Fn(&[f64], &[f64], &Value)) {
    let fixture = fixture();
    let cases = fixture["cases"].as_array().unwrap();
    assert!(cases.len() >= 9);
    cases.iter().for_each(|case| check(&numbers(&case["a"]), &numbers(&case["b"]), case));
}

fn close(ours: f64, theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_f64().unwrap();
    assert!((ours - theirs).abs() <= tolerance * theirs.abs().max(1.0), "{ours} {theirs}");
}

fn same_bounds(ours: Estimate, theirs: &Value) {
    close(ours.low, &theirs[0], 1e-9);
    close(ours.high, &theirs[1], 1e-9);
}

fn log_ratios(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    (a.len() == b.len()).then(|| a.iter().zip(b).map(|(a, b)| (a / b).ln()).collect())
}

#[test]
fn middles_and_spreads_agree_with_numpy() {
    for_each_case(|a, b, case| {
        close(mean(a).unwrap(), &case["mean"], 1e-12);
        close(median(a).unwrap(), &case["median"], 1e-12);
        close(median_absolute_deviation(a).unwrap(), &case["mad"], 1e-12);
        close(variance(a).unwrap(), &case["variance"], 1e-12);
        close(trimmed_mean(a, TRIM).unwrap(), &case["trimmed_mean"], 1e-12);
        if a.len() == b.len() {
            close(log_ratio_of_sweeps(a, b).unwrap(), &case["log_ratio"], 1e-12);
        }
    });
}

#[test]
fn intervals_agree_with_scipy() {
    for_each_case(|a, b, case| {
        same_bounds(Estimate::of_mean(a).unwrap(), &case["mean_interval"]);
        same_bounds(Estimate::of_difference(a, b).unwrap(), &case["difference_interval"]);
        if let Some(logs) = log_ratios(a, b) {
            same_bounds(Estimate::of_mean(&logs).unwrap(), &case["log_ratio_interval"]);
        }
    });
}

#[test]
fn p_values_agree_with_scipy() {
    for_each_case(|a, b, case| {
        // Twelve and twelve can be divided in 2.7 million ways, of which 100 000 are tried; SciPy tries all. Four
        // standard errors of such a share are 0.0063.
        let is_exact = a.len() + b.len() <= 18;
        close(permutation::p_value(a, b), &case["permutation_p"], if is_exact { 1e-12 } else { 0.0063 });
        if let Some(logs) = log_ratios(a, b) {
            close(sign_flip::p_value(&logs), &case["sign_flip_p"], 1e-12);
        }
    });
}

#[test]
fn holm_agrees_with_its_definition_in_numpy() {
    for family in fixture()["holm"].as_array().unwrap() {
        let adjusted = holm(&numbers(&family["p"]));
        assert_eq!(adjusted.len(), family["adjusted"].as_array().unwrap().len());
        adjusted
            .into_iter()
            .enumerate()
            .for_each(|(index, p)| close(p, &family["adjusted"][index], 1e-12));
    }
}

#[test]
fn known_differences_are_significant_and_equal_samples_are_not() {
    for_each_case(|a, b, case| {
        let Some(differs) = case["differs"].as_bool() else { return };
        assert_eq!(permutation::p_value(a, b) <= ALPHA, differs, "{a:?} {b:?}");
        assert_eq!(!Estimate::of_difference(a, b).unwrap().holds(0.0), differs, "{a:?} {b:?}");
        if let Some(logs) = log_ratios(a, b) {
            assert_eq!(sign_flip::p_value(&logs) <= ALPHA, differs, "{a:?} {b:?}");
            assert_eq!(!Estimate::of_mean(&logs).unwrap().holds(0.0), differs, "{a:?} {b:?}");
        }
    });
}

#[test]
fn holm_keeps_strong_evidence_and_drops_what_is_only_one_of_many() {
    assert!(holm(&[0.004; 10]).iter().all(|p| *p <= ALPHA));
    assert!(holm(&[0.02; 10]).iter().all(|p| *p > ALPHA));
    let mixed = holm(&[0.001, 0.02, 0.02, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]);
    assert!(mixed[0] <= ALPHA && mixed[1..].iter().all(|p| *p > ALPHA));
}

/// Mean, median, trimmed mean, variance, and median absolute deviation.
fn all_of(values: &[f64]) -> [f64; 5] {
    let trimmed = trimmed_mean(values, TRIM);
    [mean(values), median(values), trimmed, variance(values), median_absolute_deviation(values)]
        .map(Option::unwrap)
}

/// Which of [`all_of`] differ between the two samples.
fn moved(before: &[f64], after: &[f64]) -> [bool; 5] {
    let (before, after) = (all_of(before), all_of(after));
    std::array::from_fn(|index| (before[index] - after[index]).abs() > 1e-9)
}

#[test]
fn a_shift_moves_the_middles_a_scale_the_spreads_and_an_outlier_what_is_not_robust() {
    let values = [-4.0, -3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0];
    let mut outlier = values;
    outlier[8] = 1e6;
    let mut order = values;
    order.reverse();
    assert_eq!(moved(&values, &values.map(|value| value + 1.0)), [true, true, true, false, false]);
    assert_eq!(moved(&values, &values.map(|value| value * 2.0)), [false, false, false, true, true]);
    assert_eq!(moved(&values, &outlier), [true, false, false, true, false]);
    assert_eq!(moved(&values, &order), [false; 5]);
}

#[test]
fn a_sweep_ratio_sees_a_difference_and_no_common_factor() {
    let reference = [9.0, 10.0, 11.0, 12.0, 13.0, 14.0];
    let slower = reference.map(|value| value * 1.03);
    let common: Vec<f64> = reference.iter().zip([1.0, 3.0, 0.5, 2.0, 1.5, 0.8]).map(|(a, b)| a * b).collect();
    let ratio = |values: &[f64], reference: &[f64]| log_ratio_of_sweeps(values, reference).unwrap().exp();
    assert!((ratio(&slower, &reference) - 1.03).abs() < 1e-12);
    assert!((ratio(&reference, &reference) - 1.0).abs() < 1e-12);
    assert!((ratio(&common, &reference) - 1.0).abs() > 0.2);
    let both: Vec<f64> = slower.iter().zip(&common).zip(reference).map(|((a, b), c)| a * b / c).collect();
    assert!((ratio(&both, &common) - 1.03).abs() < 1e-12);
}
