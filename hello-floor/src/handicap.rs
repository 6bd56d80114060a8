//! A known amount of work added to each request, to test whether a comparison finds it.

use std::time::{Duration, Instant};

/// The variable that holds the work for each request, in ns of CPU time. Without it there is none.
pub(crate) const VARIABLE: &str = "HELLO_FLOOR_HANDICAP_NS";

/// The work to add to each request.
#[derive(Clone, Copy)]
pub(crate) struct Handicap(Duration);

impl Handicap {
    /// Reads the environment.
    pub(crate) fn from_env() -> Result<Self, String> {
        let value = std::env::var(VARIABLE).unwrap_or_else(|_| "0".to_owned());
        let ns = value.parse().map_err(|_| format!("{VARIABLE}={value:?} is not a number of ns"))?;
        Ok(Self(Duration::from_nanos(ns)))
    }

    /// Does the work of one request: looks at the clock until the time is over.
    pub(crate) fn work(self) {
        if self.0.is_zero() {
            return;
        }
        let start = Instant::now();
        while start.elapsed() < self.0 {
            std::hint::spin_loop();
        }
    }
}
