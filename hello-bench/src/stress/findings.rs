//! What a sample holds of a load that looks for limits: plain data, as samples.jsonl has it.

use serde::{Deserialize, Serialize};

use crate::stress::crowd::IdleConnections;
use crate::stress::overload::Overload;
use crate::stress::sustained::{Curve, Sustained};

/// What a load found that looks for limits.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Findings {
    /// The highest rate at which p99 holds.
    Sustain(Sustained),
    /// Latency at shares of that rate.
    Curve(Curve),
    /// What happens beyond it.
    Overload(Overload),
    /// What idle connections cost.
    Connections(IdleConnections),
}

impl Findings {
    pub(crate) fn as_sustained(&self) -> Option<&Sustained> {
        match self {
            Self::Sustain(found) => Some(found),
            _ => None,
        }
    }

    pub(crate) fn as_curve(&self) -> Option<&Curve> {
        match self {
            Self::Curve(found) => Some(found),
            _ => None,
        }
    }

    pub(crate) fn as_overload(&self) -> Option<&Overload> {
        match self {
            Self::Overload(found) => Some(found),
            _ => None,
        }
    }

    pub(crate) fn as_connections(&self) -> Option<&IdleConnections> {
        match self {
            Self::Connections(found) => Some(found),
            _ => None,
        }
    }

    /// The highest rate at which p99 holds, 0 where it holds at none; absent for other kinds of load.
    pub fn sustained_per_s(&self) -> Option<f64> {
        self.as_sustained().map(|found| found.rate_per_s)
    }

    /// Right answers in time a second at the heaviest overload; absent for other kinds of load.
    pub fn goodput_per_s(&self) -> Option<f64> {
        self.as_overload()?.goodput_per_s()
    }

    /// Memory for one idle connection at the largest crowd; absent for other kinds of load.
    pub fn connection_bytes(&self) -> Option<f64> {
        self.as_connections()?.connection_bytes()
    }
}
