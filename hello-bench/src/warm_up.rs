//! Load before the measurement, for services with a JIT compiler.

use anyhow::Result;
use hello_load::{Load, Model, Scenario};

use crate::interrupt::Interrupt;

/// Drives the scenario's connections as fast as they go for so many seconds.
///
/// # Errors
/// When the service fails, or the user interrupts.
pub fn warm_up(load: &Load, seconds: u32, interrupt: &Interrupt, progress: &dyn Fn()) -> Result<()> {
    if seconds == 0 {
        return Ok(());
    }
    let scenario = Scenario {
        name: "warm-up".into(),
        about: "before the measurement".into(),
        model: Model::Closed,
        connections: load.scenario.connections,
        think_time_s: Some(0.0),
        rate_per_s: None,
        k6_rate_per_s: None,
        warm_up_s: 0.0,
        duration_s: Some(f64::from(seconds)),
        requests: None,
        slices: None,
    };
    let mut goes_on = || {
        progress();
        !interrupt.is_set()
    };
    hello_load::drive(&Load { scenario: &scenario, ..load.clone() }, &mut goes_on).map(drop)
}
