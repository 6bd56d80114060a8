//! The options of loads that look for limits: which, and what p99 must stay under.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use hello_load::Scenario;

/// The scenarios that `--stress` names.
pub(super) const STRESS: [&str; 5] = ["churn", "sustain", "curve", "overload", "connections"];

/// What `--p99` may be.
const MIN_P99: Duration = Duration::from_micros(10);
const MAX_P99: Duration = Duration::from_secs(60);

#[derive(Debug, Args)]
pub(super) struct StressOptions {
    /// The p99 limit in sustain, curve and overload, such as 5ms [default: the scenario's]
    #[arg(long, value_name = "TIME", value_parser = time)]
    p99: Option<Duration>,
}

impl StressOptions {
    /// The scenarios with the limit that was asked for.
    ///
    /// # Errors
    /// When none of them has one.
    pub(super) fn applied(&self, scenarios: Vec<Scenario>) -> Result<Vec<Scenario>> {
        let Some(limit) = self.p99 else { return Ok(scenarios) };
        let has_limit =
            |scenario: &Scenario| scenario.stress.as_ref().is_some_and(|stress| stress.search().is_some());
        if !scenarios.iter().any(has_limit) {
            bail!("--p99 is for the scenarios sustain, curve and overload");
        }
        let limited = |scenario: Scenario| Scenario {
            stress: scenario.stress.clone().map(|stress| stress.with_p99(limit)),
            ..scenario
        };
        Ok(scenarios.into_iter().map(limited).collect())
    }
}

/// A time such as `5ms`, `500us` or `1s`.
fn time(text: &str) -> Result<Duration, String> {
    let units = [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0)];
    let found = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        Duration::try_from_secs_f64(number * seconds).ok()
    });
    match found {
        Some(limit) if (MIN_P99..=MAX_P99).contains(&limit) => Ok(limit),
        _ => Err("not a time from 10us to 60s, such as 5ms".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit() {
        assert_eq!(time("5ms"), Ok(Duration::from_millis(5)));
        assert_eq!(time("1.5 s"), Ok(Duration::from_millis(1500)));
        assert_eq!((time("10us"), time("60s")), (Ok(MIN_P99), Ok(MAX_P99)));
        assert_eq!(time("500us"), Ok(Duration::from_micros(500)));
        for text in ["5", "ms", "-5ms", "0ms", "2h", "1e9s", "NaNms"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
