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
    /// What a load found that looks for limits; absent for other loads, and after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<Findings>,
    /// Why the load did not come to its end; absent when it did.
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
            failure: None,
        }
    }

    /// The same sample with the reason why it has no more.
    #[must_use]
    pub fn failed(self, cause: &str) -> Self {
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { failure: Some(cause), load: None, slices: Vec::new(), findings: None, ..self }
    }

    /// Whether other services were measured within the same seconds, so that its noise is theirs as well.
    pub fn is_shared(&self) -> bool {
        !self.slices.is_empty() || self.findings.is_some()
    }

    /// Whether the load came to its end.
    pub fn is_whole(&self) -> bool {
        self.load.is_some() || self.findings.is_some()
    }
}

/// What a load measured of a service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadMetrics {
    /// What the generator saw.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// CPU time of the service, user and system, for one answer, in µs.
    pub cpu_us_per_request: f64,
    /// CPU time of the service as a fraction of what its cores could give.
    pub service_busy: f64,
    /// The most memory seen.
    pub peak: Memory,
    /// What else ran on the machine; where services were measured in slices, during all of the round's sweeps.
    pub noise: Noise,
}

impl LoadMetrics {
    /// The metrics of a load that got so many answers and took so much CPU time of a service on so many cores.
    pub fn new(
        traffic: Traffic,
        (answers, cpu): (u64, Duration),
        service_cores: usize,
        peak: Memory,
        noise: Noise,
    ) -> Self {
        let cpu_s = cpu.as_secs_f64();
        Self {
            cpu_us_per_request: cpu_s * 1e6 / answers.max(1) as f64,
            service_busy: cpu_s / (traffic.elapsed_s * service_cores as f64),
            peak,
            noise,
            traffic,
        }
    }
}
