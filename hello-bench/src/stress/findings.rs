//! What a sample holds of a load that looks for limits: plain data, as samples.jsonl has it.

use serde::{Deserialize, Serialize};

use crate::stress::window::{Limit, RateWindow};

/// What a load found that looks for limits.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Findings {
    /// The highest rate at which p99 holds.
    Sustain(Sustained),
    /// Latency at shares of that rate.
    Curve(Curve),
}

impl Findings {
    /// The highest rate at which p99 holds; absent where it holds at none, and for other kinds of load.
    pub fn sustained_per_s(&self) -> Option<f64> {
        match self {
            Self::Sustain(found) => Some(found.rate_per_s).filter(|rate| *rate > 0.0),
            _ => None,
        }
    }

    /// Right answers in time a second at the heaviest overload; absent for other kinds of load.
    pub fn goodput_per_s(&self) -> Option<f64> {
        None
    }

    /// Memory for one idle connection at the largest crowd; absent for other kinds of load.
    pub fn connection_bytes(&self) -> Option<f64> {
        None
    }
}

/// The highest rate at which p99 holds, and how it was found.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sustained {
    /// That rate, in requests a second; zero when p99 held at none.
    pub rate_per_s: f64,
    /// What the lowest rate failed by that failed; absent when none did.
    pub limit: Option<Limit>,
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
    /// The share.
    pub percent: f64,
    /// What was measured.
    #[serde(flatten)]
    pub window: RateWindow,
}
