//! The comparison measured by itself: whether equal services tie, and how small a difference it finds.
//!
//! Three copies of the floor, which are the same binary under three names, and two that spend a known amount of CPU
//! time more on each request, go through the very comparison that services go through.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use serde::Serialize;

use crate::compare::{Compared, Options, build, compare};
use crate::figure::Figure;
use crate::interrupt::Interrupt;
use crate::plan::Trial;
use crate::program::Builder;
use crate::sample::Bench;
use crate::scenario::Scenario;
use crate::service::{Catalogue, Service};
use crate::stats::places::{ALPHA, Comparison};
use crate::stats::sign_flip::p_value;
use crate::stats::{log_ratios, median};
use crate::summary::{Ratio, Row};
use crate::system::cores::Cores;

/// The variable by which the floor is slowed.
const HANDICAP: &str = "HELLO_FLOOR_HANDICAP_NS";
/// The same binary under three names.
const COPIES: [&str; 3] = ["copy-a", "copy-b", "copy-c"];
/// By how much the others are slowed, as a fraction of the CPU time of a request.
const SLOWED: [(&str, f64); 2] = [("slower-5", 0.05), ("slower-10", 0.10)];
/// Trials from which the CPU time of a request is known beforehand.
const CALIBRATIONS: u32 = 3;
/// Repetitions on resampled rounds.
const REPETITIONS: u32 = 2000;
/// The share of runs that must find a difference for it to count as one that can be told.
const POWER: f64 = 0.8;
/// Pairs of a comparison of five services, for which p-values are corrected.
const PAIRS: f64 = 10.0;

/// What the comparison says of services whose difference is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Validation {
    /// Rounds.
    pub rounds: usize,
    /// The CPU time of a request that the handicaps are fractions of, in µs.
    pub calibrated_us: f64,
    /// Each pair of copies.
    pub copies: Vec<Pair>,
    /// The share of repetitions on resampled rounds in which any of the copies seemed to differ.
    pub false_alarms: f64,
    /// The copies that are slowed, by the first copy.
    pub slowed: Vec<Slowed>,
    /// The smallest difference that four of five runs of so many rounds would tell; absent when it is over 50 %.
    pub smallest: Option<f64>,
}

/// Two copies of one binary.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Their names.
    pub names: (String, String),
    /// The ratio of their CPU time per request.
    pub ratio: Ratio,
}

/// A copy with a handicap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Slowed {
    /// The handicap, as a fraction of a request's CPU time.
    pub by: f64,
    /// What was measured, by the first copy.
    pub ratio: Ratio,
}

impl Slowed {
    /// Whether the comparison tells it from the first copy.
    pub fn is_found(&self) -> bool {
        self.ratio.p <= ALPHA && self.ratio.ratio > 1.0
    }
}

impl Validation {
    /// Whether all copies tie, alarms are as rare as they should be, and the larger handicap is found.
    pub fn passes(&self) -> bool {
        let ties = self.copies.iter().all(|pair| pair.ratio.p > ALPHA);
        // Three standard errors of a share of 5 % in so many repetitions.
        let allowed = ALPHA + 3.0 * (ALPHA * (1.0 - ALPHA) / f64::from(REPETITIONS)).sqrt();
        let largest = self.slowed.last().is_some_and(Slowed::is_found);
        ties && self.false_alarms <= allowed && largest
    }
}

/// Runs the comparison on copies of the floor. The options say how; their services are replaced.
///
/// # Errors
/// When the catalogue has no floor, or the comparison fails.
pub fn validate(
    catalogue: &Catalogue,
    options: &Options,
    interrupt: &Interrupt,
) -> Result<(Validation, Compared)> {
    let floor = catalogue.floor().context("the catalogue has no floor to make copies of")?;
    let scenario = options.scenarios.first().context("there is no scenario")?;
    let calibrated_us = calibrate(catalogue, options, floor, scenario, interrupt)?;
    let services = services(floor, calibrated_us);
    let options = Options { reference: COPIES[0].to_owned(), services, ..options.clone() };
    let compared = compare(&catalogue.with(Vec::new()), &options, interrupt)?;
    ensure!(!compared.interrupted, "interrupted");
    Ok((assess(&compared, calibrated_us)?, compared))
}

fn services(floor: &Service, calibrated_us: f64) -> Vec<Service> {
    let named = |name: &str, by: f64| {
        let ns = (calibrated_us * by * 1e3).round();
        let environment = BTreeMap::from([(HANDICAP.to_owned(), ns.to_string())]);
        Service { name: name.to_owned(), floor: false, environment, ..floor.clone() }
    };
    let copies = COPIES.iter().map(|name| named(name, 0.0));
    copies.chain(SLOWED.iter().map(|(name, by)| named(name, *by))).collect()
}

/// The CPU time of a request of the floor, in µs.
fn calibrate(
    catalogue: &Catalogue,
    options: &Options,
    floor: &Service,
    scenario: &Scenario,
    interrupt: &Interrupt,
) -> Result<f64> {
    let builder = Builder::new(catalogue, &options.profile, interrupt);
    let programs = build(&builder, std::slice::from_ref(floor))?;
    let cores = Cores::split()?;
    let bench = Bench { cores: &cores, interrupt, seed: options.seed, generator: &options.generator };
    let mut values = Vec::new();
    for round in 1..=CALIBRATIONS {
        let names = (scenario.name.clone(), floor.name.clone());
        let trial = Trial { round, position: 1, scenario: names.0, service: names.1 };
        let sample = bench.take(trial, &programs[0], scenario, &|| ())?;
        if let Some(cause) = &sample.failure {
            anyhow::bail!("the floor cannot be measured: {cause}");
        }
        values.extend(Figure::CpuUsPerRequest.of(&sample));
    }
    median(&values).context("the floor gave no figure")
}

fn assess(compared: &Compared, calibrated_us: f64) -> Result<Validation> {
    let summary = compared.report.summaries.first().context("nothing was measured")?;
    let row = |name: &str| {
        let found = summary.rows.iter().find(|row| row.service == name);
        found.filter(|row| row.disqualified.is_none()).with_context(|| format!("{name} was not measured"))
    };
    let mut copies: Vec<(&str, Vec<f64>)> = Vec::new();
    for name in COPIES {
        copies.push((name, values(row(name)?)?));
    }
    let mut slowed = Vec::new();
    for (name, by) in SLOWED {
        let estimate = row(name)?.figures.get(&Figure::CpuUsPerRequest);
        let ratio = estimate.and_then(|estimate| estimate.to_reference.clone());
        slowed.push(Slowed { by, ratio: ratio.with_context(|| format!("{name} has no ratio"))? });
    }
    let logs = copy_ratios(&copies)?;
    Ok(Validation {
        rounds: summary.rounds,
        calibrated_us,
        copies: pairs(&copies)?,
        false_alarms: false_alarms(&copies),
        slowed,
        smallest: smallest(&logs, summary.rounds),
    })
}

fn values(row: &Row) -> Result<Vec<f64>> {
    let estimate = row.figures.get(&Figure::CpuUsPerRequest);
    estimate.map(|estimate| estimate.values.clone()).with_context(|| format!("{} has no figure", row.service))
}

/// Each pair of copies, with p-values corrected for these pairs alone: stricter on us than those of a larger table.
fn pairs(copies: &[(&str, Vec<f64>)]) -> Result<Vec<Pair>> {
    let slices: Vec<&[f64]> = copies.iter().map(|(_, values)| values.as_slice()).collect();
    let comparison = Comparison::new(&slices, true).context("the rounds of the copies cannot be paired")?;
    let mut found = Vec::new();
    for a in 0..copies.len() {
        for b in 0..a {
            let ratio = Ratio::new(&copies[a].1, &copies[b].1, comparison.p[a][b]);
            let names = (copies[a].0.to_owned(), copies[b].0.to_owned());
            found.push(Pair { names, ratio: ratio.context("a value is not above zero")? });
        }
    }
    Ok(found)
}

/// Logarithms of the ratios of all pairs of copies, round by round.
fn copy_ratios(copies: &[(&str, Vec<f64>)]) -> Result<Vec<f64>> {
    let mut logs = Vec::new();
    for (index, (_, values)) in copies.iter().enumerate() {
        for (_, other) in &copies[..index] {
            logs.extend(log_ratios(values, other).context("the rounds of the copies cannot be paired")?);
        }
    }
    Ok(logs)
}

/// The share of runs on rounds drawn with replacement, with the copies' names dealt anew in each, in which any two
/// seem to differ.
fn false_alarms(copies: &[(&str, Vec<f64>)]) -> f64 {
    let rounds = copies.iter().map(|(_, values)| values.len()).min().unwrap_or_default();
    let mut rng = Rng::with_seed(u64::from(REPETITIONS));
    let mut alarms = 0;
    for _ in 0..REPETITIONS {
        let mut drawn = vec![Vec::with_capacity(rounds); copies.len()];
        for _ in 0..rounds {
            let round = rng.usize(..rounds);
            let mut dealt: Vec<f64> = copies.iter().map(|(_, values)| values[round]).collect();
            rng.shuffle(&mut dealt);
            drawn.iter_mut().zip(dealt).for_each(|(values, value)| values.push(value));
        }
        let slices: Vec<&[f64]> = drawn.iter().map(Vec::as_slice).collect();
        let differ = Comparison::new(&slices, true);
        alarms += u32::from(differ.is_some_and(|found| found.p.iter().flatten().any(|p| *p <= ALPHA)));
    }
    f64::from(alarms) / f64::from(REPETITIONS)
}

/// The smallest difference that a run of so many rounds finds with [`POWER`], by adding it to ratios of copies.
fn smallest(logs: &[f64], rounds: usize) -> Option<f64> {
    const RUNS: u32 = 300;
    let found = |difference: f64| {
        let mut rng = Rng::with_seed(u64::from(RUNS));
        let run = |rng: &mut Rng| -> Vec<f64> {
            let draw = |rng: &mut Rng| logs[rng.usize(..logs.len())] * if rng.bool() { 1.0 } else { -1.0 };
            (0..rounds).map(|_| draw(rng) + difference.ln_1p()).collect()
        };
        let hits = (0..RUNS).filter(|_| p_value(&run(&mut rng)) * PAIRS <= ALPHA).count();
        hits as f64 >= POWER * f64::from(RUNS)
    };
    (1..=100).map(|step| f64::from(step) * 0.005).find(|difference| found(*difference))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(noise: f64) -> Vec<(&'static str, Vec<f64>)> {
        let mut rng = Rng::with_seed(5);
        let mut value = || 10.0 * (1.0 + noise * (rng.f64() - 0.5));
        COPIES.iter().map(|name| (*name, (0..9).map(|_| value()).collect())).collect()
    }

    #[test]
    fn alarms_on_equal_copies_are_rare() {
        let alarms = false_alarms(&copies(0.1));
        assert!(alarms <= 0.065, "{alarms}");
    }

    #[test]
    fn what_can_be_told_grows_with_the_noise() {
        let least = |noise| smallest(&copy_ratios(&copies(noise)).unwrap(), 9).unwrap();
        assert!(least(0.01) <= 0.015, "{}", least(0.01));
        assert!(least(0.2) > 0.05, "{}", least(0.2));
        assert_eq!(smallest(&copy_ratios(&copies(0.01)).unwrap(), 3), None);
    }
}
