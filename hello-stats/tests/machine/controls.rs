//! Negative controls: on the same machine, estimators without one of the safeguards fail, and by far.

use hello_stats::sign_flip::p_value;
use hello_stats::summary::variance;
use hello_stats::{Estimate, mean};

use crate::model::{DISTURBED, Design, MEASURED, Machine, Order, Round};
use crate::{ALPHA, Rng, any_differ, compare, log_ratios, shares};

const DESIGN: Design = Design { rounds: 12, sweeps: 30 };
/// Fewer than for the estimator: the Monte-Carlo error is at most 2.9 %, and the margins are far wider.
const RUNS: usize = 300;
const SEQUENTIAL: Machine = Machine { order: Order::Sequential, ..MEASURED };

/// Per round the logarithm of the ratio of sums, as for two trials.
fn log_ratios_of_sums(run: &[Round], a: usize, b: usize) -> Vec<f64> {
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    run.iter().map(|round| (sum(&round[a]) / sum(&round[b])).ln()).collect()
}

/// Per round the mean of the sweeps' log ratios, with nothing cut off.
fn untrimmed(run: &[Round], a: usize, b: usize) -> Vec<f64> {
    let log_ratio = |round: &Round| {
        let logs = round[a].iter().zip(&round[b]).map(|(value, reference)| (value / reference).ln());
        mean(&logs.collect::<Vec<f64>>()).unwrap()
    };
    run.iter().map(log_ratio).collect()
}

/// The mean width of the interval between the first two of five equal services.
fn width(machine: Machine, estimator: impl Fn(&[Round]) -> Vec<f64>) -> f64 {
    let mut rng = Rng::with_seed(11);
    let mut one = || Estimate::of_mean(&estimator(&machine.run(DESIGN, &[1.0; 5], &mut rng))).unwrap();
    let widths: Vec<f64> = (0..100).map(|_| one()).map(|estimate| estimate.high - estimate.low).collect();
    mean(&widths).unwrap()
}

fn paired(run: &[Round]) -> Vec<f64> {
    log_ratios(run, 1, 0).unwrap()
}

#[test]
fn sequential_trials_have_intervals_several_times_as_wide() {
    let slices = width(MEASURED, paired);
    let trials = width(SEQUENTIAL, |run| log_ratios_of_sums(run, 1, 0));
    println!("width by slices {slices:.4}, by trials {trials:.4}");
    assert!(trials > 3.0 * slices, "{trials} {slices}");
}

#[test]
fn sequential_trials_do_not_find_three_percent() {
    let [found] = shares(RUNS, 12, |rng| {
        let run = SEQUENTIAL.run(DESIGN, &[1.0, 1.03], rng);
        [p_value(&log_ratios_of_sums(&run, 1, 0)) <= ALPHA / 10.0]
    });
    println!("trials find 3 % in {found}");
    assert!(found < 0.2, "{found}");
}

#[test]
fn treating_the_slices_of_a_trial_as_independent_covers_far_too_little() {
    let [covers] = shares(RUNS, 13, |rng| {
        let run = SEQUENTIAL.run(Design { rounds: 1, ..DESIGN }, &[1.0; 5], rng);
        let logs = |service: usize| run[0][service].iter().map(|value| value.ln()).collect::<Vec<f64>>();
        [Estimate::of_difference(&logs(1), &logs(0)).unwrap().holds(0.0)]
    });
    println!("slices as values cover in {covers}");
    assert!(covers < 0.8, "{covers}");
}

#[test]
fn a_fixed_order_raises_false_alarms_about_the_first_service() {
    let fixed = Machine { order: Order::Fixed, ..MEASURED };
    let [alarms] = shares(RUNS, 14, |rng| [any_differ(&compare(&fixed.run(DESIGN, &[1.0; 5], rng)))]);
    println!("false alarms with a fixed order in {alarms}");
    assert!(alarms > 0.25, "{alarms}");
}

#[test]
fn ten_pairs_without_a_correction_raise_false_alarms() {
    let [alarms] = shares(RUNS, 15, |rng| {
        let run = MEASURED.run(DESIGN, &[1.0; 5], rng);
        let mut pairs = (0..5).flat_map(|a| (0..a).map(move |b| (a, b)));
        [pairs.any(|(a, b)| p_value(&log_ratios(&run, a, b).unwrap()) <= ALPHA)]
    });
    println!("false alarms without Holm in {alarms}");
    assert!(alarms > 0.15, "{alarms}");
}

#[test]
fn the_range_of_three_rounds_and_a_normal_quantile_cover_too_little() {
    let [range, normal] = shares(1000, 16, |rng| {
        let logs = paired(&MEASURED.run(Design { rounds: 6, sweeps: 20 }, &[1.0, 1.0], rng));
        let half = 1.96 * (variance(&logs).unwrap() / 6.0).sqrt();
        [Estimate::of_mean(&logs[..3]).unwrap().holds(0.0), mean(&logs).unwrap().abs() <= half]
    });
    println!("the range of three rounds covers in {range}, a normal quantile for six in {normal}");
    // Theory says 1 − 2/2³ = 0.75, and 0.893.
    assert!((0.70..0.80).contains(&range) && (0.86..0.92).contains(&normal), "{range} {normal}");
}

#[test]
fn without_trimming_bursts_widen_the_interval() {
    let trimmed = width(DISTURBED, paired);
    let all = width(DISTURBED, |run| untrimmed(run, 1, 0));
    println!("width with trimming {trimmed:.4}, without {all:.4}");
    assert!(all > 1.5 * trimmed, "{all} {trimmed}");
}
