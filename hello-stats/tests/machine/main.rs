//! The whole estimator on a synthetic machine whose truth is known: do its intervals cover, are its false alarms rare,
//! does it find a small difference? The tests in `controls` show that these can fail.
//!
//! `--nocapture` shows the numbers.

mod controls;
mod model;

use fastrand::Rng;
use hello_stats::paired::log_ratio_of_sweeps;
use hello_stats::permutation::p_value;
use hello_stats::ranks::{ALPHA, PairwiseTests};
use hello_stats::sign_flip::holm;
use hello_stats::summary::variance;
use hello_stats::{Bounds, Estimate};

use model::{DISTURBED, Design, MEASURED, Machine, Round};

/// Simulated runs. The Monte-Carlo error of a share, √(p (1 − p) / 1000), is 0.7 % near 5 and 95 %, and 1.3 % near
/// 80 %.
const RUNS: usize = 1000;

/// The logarithm of the ratio of `a` to `b` in each round.
fn log_ratios(run: &[Round], a: usize, b: usize) -> Option<Vec<f64>> {
    run.iter().map(|round| log_ratio_of_sweeps(&round[a], &round[b])).collect()
}

/// The ratio of `a` to `b`.
fn ratio(run: &[Round], a: usize, b: usize) -> Estimate {
    Estimate::of_mean(&log_ratios(run, a, b).unwrap()).unwrap().exp()
}

/// The first five services, pair by pair.
fn compare(run: &[Round]) -> PairwiseTests {
    PairwiseTests::new(5, true, |a, b| log_ratios(run, a, b)).unwrap()
}

fn any_differ(comparison: &PairwiseTests) -> bool {
    comparison.rank_ranges().iter().any(|range| (range.best, range.worst) != (1, 5))
}

/// In what share of the runs each of the events happened.
fn shares<const N: usize>(runs: usize, seed: u64, mut run: impl FnMut(&mut Rng) -> [bool; N]) -> [f64; N] {
    let mut rng = Rng::with_seed(seed);
    let mut counts = [0_usize; N];
    for _ in 0..runs {
        counts
            .iter_mut()
            .zip(run(&mut rng))
            .for_each(|(count, happened)| *count += usize::from(happened));
    }
    counts.map(|count| count as f64 / runs as f64)
}

/// Five equal services and one that costs 10 % less: intervals must cover both ratios, and none of the five may
/// differ from another.
fn covers_without_false_alarms(machine: Machine, design: Design, seed: u64) {
    let [equal, less, alarms] = shares(RUNS, seed, |rng| {
        let run = machine.run(design, &[1.0, 1.0, 1.0, 1.0, 1.0, 0.9], rng);
        let ratios = [ratio(&run, 1, 0), ratio(&run, 5, 0)];
        assert!(ratios.iter().all(|ratio| ratio.bounds == Bounds::Interval));
        [ratios[0].holds(1.0), ratios[1].holds(0.9), any_differ(&compare(&run))]
    });
    println!("{design:?}: covers 1.0 in {equal}, 0.9 in {less}; false alarms in {alarms}");
    assert!((0.93..=0.97).contains(&equal) && (0.93..=0.97).contains(&less), "{equal} {less}");
    assert!(alarms <= ALPHA, "{alarms}");
}

#[test]
fn nine_rounds_cover_without_false_alarms() {
    covers_without_false_alarms(MEASURED, Design { rounds: 9, sweeps: 40 }, 1);
}

#[test]
fn twelve_rounds_cover_without_false_alarms() {
    covers_without_false_alarms(MEASURED, Design { rounds: 12, sweeps: 30 }, 2);
}

/// With six rounds no difference between any two of five services can be significant, so there are no alarms at all.
#[test]
fn six_rounds_cover_without_false_alarms() {
    covers_without_false_alarms(MEASURED, Design { rounds: 6, sweeps: 20 }, 3);
}

#[test]
fn a_disturbed_machine_widens_intervals_and_invalidates_nothing() {
    covers_without_false_alarms(DISTURBED, Design { rounds: 12, sweeps: 30 }, 4);
}

/// In what share of the runs a service that costs 3 % more is found to differ from the reference; and from each of
/// the four others.
fn power(design: Design, runs: usize) -> [f64; 2] {
    let power = shares(runs, 5, |rng| {
        let comparison = compare(&MEASURED.run(design, &[1.0, 1.0, 1.0, 1.0, 1.03], rng));
        let is_found = |other: usize| comparison.p[4][other] <= ALPHA && comparison.log_ratio[4][other] > 0.0;
        [is_found(0), (0..4).all(is_found)]
    });
    println!("{design:?}: 3 % found in {}, to all in {}", power[0], power[1]);
    power
}

#[test]
fn three_percent_are_found_in_four_of_five_runs() {
    let [reference, _] = power(Design { rounds: 12, sweeps: 30 }, RUNS / 2);
    assert!(reference >= 0.8, "{reference}");
}

/// Processes differ, and only more rounds average that out. And with nine rounds and ten pairs, the smallest of Holm's
/// p-values is significant only if all nine rounds agree on the sign.
#[test]
#[ignore = "for the choice of the defaults: slow without optimization"]
fn more_rounds_find_more_than_more_sweeps() {
    let designs = [(9, 40), (12, 30), (15, 24)].map(|(rounds, sweeps)| Design { rounds, sweeps });
    let [nine, twelve, fifteen] = designs.map(|design| power(design, RUNS)[0]);
    assert!(nine < twelve && twelve < fifteen, "{nine} {twelve} {fifteen}");
}

/// Two runs of the same reference and four services. In the second run the last one costs `change` times as much.
fn two_runs(change: f64, rng: &mut Rng) -> [Vec<Vec<f64>>; 2] {
    [1.0, change].map(|level| {
        let run = MEASURED.run(Design { rounds: 6, sweeps: 20 }, &[1.0, 1.0, 1.0, 1.0, level], rng);
        (1..5).map(|service| log_ratios(&run, service, 0).unwrap()).collect()
    })
}

#[test]
fn runs_are_compared_without_false_alarms_and_a_tenth_is_found() {
    let compare = |change: f64, rng: &mut Rng| {
        let [before, after] = two_runs(change, rng);
        let p: Vec<f64> = before.iter().zip(&after).map(|(before, after)| p_value(before, after)).collect();
        let estimate = Estimate::of_difference(&after[3], &before[3]).unwrap().exp();
        let adjusted = holm(&p);
        [estimate.holds(change), adjusted.iter().any(|p| *p <= ALPHA), adjusted[3] <= ALPHA]
    };
    let [covers, alarms, _] = shares(RUNS, 6, |rng| compare(1.0, rng));
    let [covers_change, _, found] = shares(RUNS / 2, 7, |rng| compare(1.1, rng));
    println!(
        "two runs: covers 1.0 in {covers}, 1.1 in {covers_change}; alarms in {alarms}; 10 % found in {found}"
    );
    assert!([covers, covers_change].iter().all(|share| (0.93..=0.97).contains(share)));
    assert!(alarms <= ALPHA && found >= 0.8, "{alarms} {found}");
}

fn deviation(values: &[f64]) -> f64 {
    variance(values).unwrap().sqrt()
}

/// Measured were 13 to 15 % for a sweep, and 1.1 to 1.6 % between rounds of 40 sweeps. There the model is a little
/// worse.
#[test]
fn the_model_varies_like_the_machine_that_was_measured() {
    let run = MEASURED.run(Design { rounds: 500, sweeps: 40 }, &[1.0; 5], &mut Rng::with_seed(8));
    let sweeps = run.iter().flat_map(|round| round[1].iter().zip(&round[0]));
    let sweeps: Vec<f64> = sweeps.map(|(value, reference)| (value / reference).ln()).collect();
    let (sweep, round) = (deviation(&sweeps), deviation(&log_ratios(&run, 1, 0).unwrap()));
    println!("standard deviation of sweeps {sweep:.4}, of rounds {round:.4}");
    assert!((0.13..=0.15).contains(&sweep) && (0.016..=0.020).contains(&round), "{sweep} {round}");
}
