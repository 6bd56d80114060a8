//! The rate that a service sustains, and latency at shares of it: plain data.

use serde::{Deserialize, Serialize};

use crate::stress::window::{LimitingFactor, RateWindow};

/// The highest rate at which p99 holds, and how it was found.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sustained {
    /// That rate, in requests a second; zero when p99 held at none.
    pub rate_per_s: f64,
    /// What the lowest rate failed by that failed; absent when none did.
    pub limit: Option<LimitingFactor>,
    /// What p99 from the intended time had to stay under, in µs.
    pub p99_limit_us: f64,
    /// Answers a second as fast as it goes, where the search began.
    pub burst_per_s: f64,
    /// Every window, in order.
    pub windows: Vec<RateWindow>,
}

/// Latency at shares of a rate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Curve {
    /// The rate that the shares are of: the one that the same round found, or that the scenario gives.
    pub base_per_s: f64,
    /// The search for it; absent where it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<Sustained>,
    /// A window at each share, ascending.
    pub points: Vec<CurvePoint>,
}

/// A window at one share of a rate.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The intended rate, in % of the sustained one.
    pub percent: f64,
    /// What was measured.
    #[serde(flatten)]
    pub window: RateWindow,
}
