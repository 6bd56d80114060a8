//! Ranges that the fields of a scenario must lie in.

use anyhow::{Result, ensure};

/// The longest warm-up, think time or measurement.
const MAX_SECONDS: f64 = 3600.0;

pub(crate) fn seconds(field: &str, value: f64, least: f64) -> Result<()> {
    ensure!(
        (least..=MAX_SECONDS).contains(&value),
        "{field} is {value}, not from {least} to {MAX_SECONDS} seconds"
    );
    Ok(())
}

pub(crate) fn rate_within(field: &str, rate: f64) -> Result<()> {
    within(field, rate, (1.0, 1e6))
}

pub(crate) fn within(field: &str, value: f64, (least, most): (f64, f64)) -> Result<()> {
    ensure!((least..=most).contains(&value), "{field} is {value}, not from {least} to {most}");
    Ok(())
}
