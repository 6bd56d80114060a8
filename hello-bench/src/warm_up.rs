//! Load before the measurement, for services with a JIT compiler.

use std::time::Duration;

use anyhow::Result;
use hello_load::{Length, Load, Scenario};

use crate::interrupt::Interrupt;

/// Drives the scenario's connections as fast as they go for so many seconds.
///
/// # Errors
/// When the service fails, or the user interrupts.
pub(crate) fn warm_up(load: &Load, seconds: u32, interrupt: &Interrupt, progress: &dyn Fn()) -> Result<()> {
    if seconds == 0 {
        return Ok(());
    }
    let length = Length::Time(Duration::from_secs(seconds.into()));
    let scenario = Scenario::saturating("warm-up", load.scenario.connections, length);
    let mut goes_on = || {
        progress();
        !interrupt.is_set()
    };
    hello_load::drive(&Load { scenario: &scenario, ..load.clone() }, &mut goes_on).map(drop)
}
