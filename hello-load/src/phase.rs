//! A rate for some time: what an overload consists of.

use serde::{Deserialize, Serialize};

/// A rate for some time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Phase {
    /// Requests a second.
    pub rate_per_s: f64,
    /// Seconds.
    pub duration_s: f64,
}
