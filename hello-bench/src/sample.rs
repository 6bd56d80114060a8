//! What was measured of one service under one load in one round: plain data, a line of `samples.jsonl`.

use std::time::Duration;

use hello_load::{Slice, Traffic};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::stress::findings::Findings;
use crate::system::noise::Noise;
use crate::system::process::Memory;

/// What was measured of one service under one load in one round.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sample {
    /// The round, from 1.
    pub round: u32,
    /// The scenario's name.
    pub scenario: String,
    /// The service's name.
    pub service: String,
    /// When the service was started.
    pub at: Timestamp,
    /// From the start of the process to its first right answer, in µs; absent when there was none.
    pub start_up_us: Option<f64>,
    /// Memory after the first answer, without load; absent when there was no first answer.
    pub idle: Option<Memory>,
    /// What the load measured; absent when it did not come to its end.
    pub load: Option<LoadMetrics>,
    /// The measured slices, one a sweep, in order; empty for a load that is one trial of one service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Slice>,
    /// What a load found that looks for limits; absent for other loads, and where it did not come to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// Memory when the load was over for as long as the scenario says; absent where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rested: Option<Memory>,
    /// From SIGTERM to the end of the process, with nothing open, in µs; absent likewise, and where it had to be killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_us: Option<f64>,
    /// What went wrong with the service, under the load or after it; absent when nothing did.
    pub failure: Option<String>,
}

impl Sample {
    /// A sample of a service that is about to start.
    pub fn new(round: u32, scenario: &str, service: &str) -> Self {
        Self {
            round,
            scenario: scenario.to_owned(),
            service: service.to_owned(),
            at: Timestamp::now(),
            start_up_us: None,
            idle: None,
            load: None,
            slices: Vec::new(),
            findings: None,
            rested: None,
            stop_us: None,
            failure: None,
        }
    }

    /// The same sample with the reason why it has no more; a load that had come to its end is kept.
    #[must_use]
    pub fn failed(self, cause: &str) -> Self {
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { failure: Some(cause), ..self }
    }

    /// Whether other services were measured within the same seconds, so that its noise is theirs as well.
    pub fn is_shared(&self) -> bool {
        !self.slices.is_empty() || self.findings.is_some()
    }
}

/// What a load measured of a service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadMetrics {
    /// What the generator saw.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// CPU time of the service, user and system, for one answer, in µs; absent for a server that runs elsewhere.
    pub cpu_us_per_request: Option<f64>,
    /// CPU time of the service as a fraction of what its cores could give; absent for a server that runs elsewhere.
    pub service_busy: Option<f64>,
    /// The most memory seen; absent for a server that runs elsewhere.
    pub peak: Option<Memory>,
    /// What else ran on the machine; where services were measured in slices, during all of the round's sweeps.
    pub noise: Noise,
}

/// What a service spent on a load.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Answers, right or wrong, in the time of `cpu`.
    pub answers: u64,
    /// CPU time, user and system.
    pub cpu: Duration,
    /// The most memory seen.
    pub peak: Memory,
}

impl LoadMetrics {
    /// The metrics of a load on which a service on so many cores spent this; a server that runs elsewhere does not show
    /// what it spent.
    pub fn new(traffic: Traffic, spent: Option<Spent>, service_cores: usize, noise: Noise) -> Self {
        let elapsed_s = traffic.elapsed_s * service_cores as f64;
        let cpu_us = |spent: Spent| spent.cpu.as_secs_f64() * 1e6 / spent.answers.max(1) as f64;
        Self {
            cpu_us_per_request: spent.map(cpu_us),
            service_busy: spent.map(|spent| spent.cpu.as_secs_f64() / elapsed_s),
            peak: spent.map(|spent| spent.peak),
            noise,
            traffic,
        }
    }
}
