//! The comparison checked with itself: whether equal services tie, and how small a difference it finds.
//!
//! Copies of the floor under different names, and copies that spend a known amount of CPU time more on each request, go
//! through the very comparison that services go through.

mod simulation;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use hello_load::Scenario;
use hello_stats::ranks::rounds_needed;

use crate::compare::{CompareOutcome, Comparison};
use crate::metric::Metric;
use crate::program::Program;
use crate::round::Round;
use crate::run::Folder;
use crate::sample::Sample;
use crate::session::Session;
use crate::summary::Summary;
use crate::validate::simulation::Pool;
use crate::validation::{MeasuredCopy, Power, Validation};

/// The variable by which the floor is slowed.
const HANDICAP: &str = "HELLO_FLOOR_HANDICAP_NS";
/// Copies of the same binary. The first is the reference.
const COPIES: [&str; 4] = ["copy-a", "copy-b", "copy-c", "copy-d"];
/// By how much other copies are slowed, as a fraction of the CPU time of a request.
const SLOWED: [(&str, f64); 4] =
    [("slower-2", 0.02), ("slower-3", 0.03), ("slower-5", 0.05), ("slower-10", 0.10)];
/// Makes the copies of a floor: equal ones, and ones that are slowed by fractions of the CPU time of a request.
///
/// # Errors
/// When the binary cannot be copied.
pub(crate) fn copies(floor: &Program, calibrated_us: f64) -> Result<Vec<Program>> {
    let equal = COPIES.iter().map(|name| (*name, 0.0));
    let named = equal.chain(SLOWED).map(|(name, slower)| {
        let mut copy = floor.copy(name)?;
        let ns = (calibrated_us * slower * 1e3).round();
        copy.service.environment = BTreeMap::from([(HANDICAP.to_owned(), ns.to_string())]);
        (copy.service.floor, copy.metadata.floor) = (false, false);
        Ok(copy)
    });
    named.collect()
}

/// The reference of a validation.
pub(crate) fn reference() -> &'static str {
    COPIES[0]
}

/// The CPU time of a request of the floor under this scenario, in µs: from one round of it alone.
///
/// # Errors
/// When the scenario has no slices, or the floor cannot be measured.
pub(crate) fn calibrate(floor: &Program, scenario: &Scenario, session: &Session) -> Result<f64> {
    let slicing = scenario
        .slices
        .with_context(|| format!("scenario {:?} is not measured in slices", scenario.name))?;
    let samples = session.cores.on_generator(|| {
        let round = Round { session, scenario, slicing, number: 1, progress: &|| () };
        round.run(&[floor], Rng::with_seed(1))
    })??;
    let sample = samples.first().context("the floor was not measured")?;
    if let Some(cause) = &sample.failure {
        bail!("the floor cannot be measured: {cause}");
    }
    Metric::CpuUsPerRequest.of(sample).context("the floor was not measured")
}

/// Runs the comparison of the copies, and says what it shows of itself.
///
/// # Errors
/// When the comparison fails, or a copy was not measured.
pub(crate) fn validate(
    comparison: &Comparison,
    calibrated_us: f64,
    folder: Folder,
    session: &Session,
) -> Result<(Validation, CompareOutcome)> {
    let (rounds, needed) = (comparison.rounds as usize, rounds_needed(COPIES.len() + SLOWED.len()));
    ensure!(
        rounds >= needed,
        "{rounds} rounds are too few to find any difference among the copies: --rounds {needed} or more"
    );
    let outcome = comparison.run(folder, session)?;
    if let Some(cause) = &outcome.cut_short {
        bail!("{cause}");
    }
    let (_, samples) = crate::run::read(&outcome.folder)?;
    let summary = outcome.report.summaries.first().context("nothing was measured")?;
    Ok((assess(summary, &samples, calibrated_us)?, outcome))
}

fn assess(summary: &Summary, samples: &[Sample], calibrated_us: f64) -> Result<Validation> {
    let measured = |(name, slower): (&str, f64)| {
        let row = summary.row(name).with_context(|| format!("{name} was not measured"))?;
        if let Some(cause) = &row.failure {
            bail!("{name} was not measured: {cause}");
        }
        let metric = row.metrics.get(&Metric::CpuUsPerRequest);
        let ratio = metric.and_then(|metric| metric.vs_reference.clone());
        let ratio = ratio.with_context(|| format!("{name} has no ratio"))?;
        Ok(MeasuredCopy { service: name.to_owned(), slower, ratio })
    };
    let pool = Pool::new(samples, &COPIES).context("the copies have no slices")?;
    let known = SLOWED.map(|(_, slower)| slower);
    Ok(Validation {
        scenario: summary.scenario.clone(),
        rounds: summary.rounds,
        calibrated_us,
        copies: COPIES[1..].iter().map(|name| measured((name, 0.0))).collect::<Result<_>>()?,
        slowed: SLOWED.into_iter().map(measured).collect::<Result<_>>()?,
        false_alarms: pool.false_alarms(summary.rounds),
        power: known.map(|slower| Power { slower, found: pool.power(slower, summary.rounds) }).to_vec(),
        smallest: pool.smallest(summary.rounds),
    })
}
