//! One rate offered for a moment: what came of it, and whether the service kept up.

use hello_load::Step;
use serde::{Deserialize, Serialize};

use crate::threshold::{GENERATOR_BUSY, SERVICE_BUSY};

/// More than this share of the requests never sent is no longer the offered rate.
const MAX_UNSENT: f64 = 0.01;

/// What stopped a service at a rate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitingFactor {
    /// The 99th percentile of latency from the intended time was too high.
    Latency,
    /// More than 1 % of the requests found no free connection until the window was over.
    Unsent,
    /// The generator's cores were busy while the service's had time left: the rate is the generator's.
    Generator,
}

/// One window of an open load.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct RateWindow {
    /// Requests a second that were intended.
    pub rate_per_s: f64,
    /// Requests with the right answer.
    pub requests: u64,
    /// Requests that no free connection could send.
    pub unsent: u64,
    /// Answers a second.
    pub throughput_per_s: f64,
    /// Median latency from the intended time, in µs.
    pub p50_us: f64,
    /// Its 99th percentile.
    pub p99_us: f64,
    /// Its 99.9th percentile.
    pub p999_us: f64,
    /// CPU time of the service for one answer, in µs; absent where the service is not a process that we know.
    pub cpu_us_per_request: Option<f64>,
    /// CPU time of the service as a fraction of its cores; absent likewise.
    pub service_busy: Option<f64>,
    /// CPU time of the generator as a fraction of its cores.
    pub generator_busy: f64,
}

impl RateWindow {
    /// What a step measured at this rate; `service_cores` are absent where the service's CPU time is not known.
    pub fn new(rate_per_s: f64, step: &Step, service_cores: Option<usize>) -> Self {
        let Step { slice, traffic } = step;
        let cpu_s = slice.service_cpu_ns as f64 / 1e9;
        Self {
            rate_per_s,
            requests: traffic.requests,
            unsent: traffic.unsent,
            throughput_per_s: traffic.throughput_per_s,
            p50_us: traffic.latency_us.p50,
            p99_us: traffic.latency_us.p99,
            p999_us: traffic.latency_us.p999,
            cpu_us_per_request: service_cores.map(|_| cpu_s * 1e6 / slice.answers.max(1) as f64),
            service_busy: service_cores.map(|cores| cpu_s / (traffic.elapsed_s * cores as f64)),
            generator_busy: traffic.generator_busy,
        }
    }

    /// What kept the service from the rate; `None` where p99 held.
    pub fn limit(&self, p99_us: f64) -> Option<LimitingFactor> {
        let unsent = self.unsent as f64 / (self.requests + self.unsent).max(1) as f64;
        let failed = match (self.p99_us > p99_us || self.requests == 0, unsent > MAX_UNSENT) {
            (_, true) => LimitingFactor::Unsent,
            (true, false) => LimitingFactor::Latency,
            (false, false) => return None,
        };
        Some(if self.is_generator_bound() { LimitingFactor::Generator } else { failed })
    }

    /// Whether the generator may be what limits the rate: its cores are busy, and those of the service are not.
    pub fn is_generator_bound(&self) -> bool {
        self.generator_busy > GENERATOR_BUSY && self.service_busy.is_none_or(|busy| busy < SERVICE_BUSY)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A window in which everything went well.
    pub(crate) fn window(rate_per_s: f64) -> RateWindow {
        RateWindow {
            rate_per_s,
            requests: 10_000,
            unsent: 0,
            throughput_per_s: rate_per_s,
            p50_us: 100.0,
            p99_us: 900.0,
            p999_us: 2000.0,
            cpu_us_per_request: Some(10.0),
            service_busy: Some(0.6),
            generator_busy: 0.5,
        }
    }

    #[test]
    fn what_stopped_a_service_is_told_apart() {
        let good = window(1000.0);
        assert_eq!(good.limit(1000.0), None);
        assert_eq!(good.limit(800.0), Some(LimitingFactor::Latency));
        assert_eq!(RateWindow { unsent: 90, ..good }.limit(1000.0), None);
        assert_eq!(RateWindow { unsent: 200, ..good }.limit(1000.0), Some(LimitingFactor::Unsent));
        assert_eq!(
            RateWindow { requests: 0, p99_us: 0.0, ..good }.limit(1000.0),
            Some(LimitingFactor::Latency)
        );
        let busy = RateWindow { generator_busy: 0.95, ..good };
        // A busy generator takes nothing from a rate that held, and is not to blame when the service is busy as well.
        assert_eq!(busy.limit(1000.0), None);
        assert_eq!(busy.limit(800.0), Some(LimitingFactor::Generator));
        assert_eq!(RateWindow { service_busy: None, ..busy }.limit(800.0), Some(LimitingFactor::Generator));
        assert_eq!(
            RateWindow { service_busy: Some(0.97), ..busy }.limit(800.0),
            Some(LimitingFactor::Latency)
        );
    }
}
