//! What a validation found: plain data, as validation.json has it.

use hello_stats::ranks::ALPHA;
use serde::Serialize;

use crate::summary::Ratio;

/// The services of a simulated comparison: those of a default run.
pub(crate) const SIMULATED_SERVICES: usize = 5;
/// The smallest slowing that must be found.
const MUST_FIND: f64 = 0.05;

/// What the comparison says of services whose difference is known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Validation {
    /// The scenario's name.
    pub scenario: String,
    pub rounds: usize,
    /// The CPU time of a request that the handicaps are fractions of, in µs.
    pub calibrated_us: f64,
    /// Each other copy relative to the first.
    pub copies: Vec<MeasuredCopy>,
    /// The slowed copies relative to the first.
    pub slowed: Vec<MeasuredCopy>,
    /// The share of simulated runs of equal services in which any two seemed to differ.
    pub false_alarms: f64,
    /// The share of simulated runs that found a service which was slower by `slower`.
    pub power: Vec<Power>,
    /// The smallest difference that four of five such runs find; absent when it is over 50 %.
    pub smallest: Option<f64>,
}

/// A copy relative to the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeasuredCopy {
    pub service: String,
    /// By how much it is slowed, as a fraction of a request's CPU time.
    pub slower: f64,
    pub ratio: Ratio,
}

/// How often a known difference is found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Power {
    /// The difference, as a fraction.
    pub slower: f64,
    /// The share of simulated runs that found it.
    pub found: f64,
}

impl MeasuredCopy {
    /// Whether the comparison finds that it is slower than the first copy.
    pub fn is_found(&self) -> bool {
        self.ratio.p <= ALPHA && self.ratio.ratio > 1.0
    }
}

impl Validation {
    /// Whether all copies tie and what must be found is found.
    pub fn passes(&self) -> bool {
        let ties = self.copies.iter().all(|copy| copy.ratio.p > ALPHA);
        let must = self.slowed.iter().filter(|slowed| slowed.slower >= MUST_FIND);
        ties && must.clone().count() > 0 && must.into_iter().all(MeasuredCopy::is_found)
    }
}
