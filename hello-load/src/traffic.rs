//! What the generator saw of a load: counts, throughput, latency and its own lag.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::record::Record;

/// Who offered a load.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Engine {
    /// hello-bench's own.
    #[default]
    Embedded,
    /// The user's k6.
    K6,
}

/// The metrics of a load that do not require access to the server's process.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Traffic {
    /// Who offered it.
    #[serde(default)]
    pub engine: Engine,
    /// Requests with the right answer, after the warm-up.
    pub requests: u64,
    /// Requests with a wrong answer, in the warm-up too.
    pub wrong: u64,
    /// What was wrong with the first of them.
    pub first_wrong: Option<String>,
    /// Requests that the schedule intended and nobody sent, as no connection was free before the end.
    pub unsent: u64,
    /// Connections opened after the first ones.
    pub reconnects: u64,
    /// Seconds from the first reading of the counters to the last.
    pub elapsed_s: f64,
    /// Answers a second between the two readings.
    pub throughput_per_s: f64,
    /// CPU time of the generator as a fraction of what its cores could give.
    pub generator_busy: f64,
    /// From sending a request to its whole answer; in the open model from the intended time. In µs.
    pub latency_us: Latency,
    /// How much later than intended requests were sent, in µs: by timers, and in the open model for want of a
    /// free connection. Absent where the engine does not report it.
    pub lag_us: Option<Latency>,
    /// Latency over time.
    pub windows: Vec<Window>,
}

impl Traffic {
    /// The traffic of a record, with so many answers in `elapsed`, by a generator with so many cores.
    pub(crate) fn new(
        record: &Record,
        answers: u64,
        elapsed: Duration,
        generator_cpu: Duration,
        generator_cores: usize,
    ) -> Self {
        let elapsed_s = elapsed.as_secs_f64();
        Self {
            engine: Engine::Embedded,
            requests: record.right,
            wrong: record.wrong,
            first_wrong: record.first_wrong.clone(),
            unsent: record.unsent,
            reconnects: record.reconnects,
            elapsed_s,
            throughput_per_s: answers as f64 / elapsed_s,
            generator_busy: generator_cpu.as_secs_f64() / elapsed_s / generator_cores.max(1) as f64,
            latency_us: Latency::from(&record.latency()),
            lag_us: Some(Latency::from(&record.lag)),
            windows: windows(record),
        }
    }
}

/// Percentiles of a duration, in µs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Latency {
    /// The arithmetic mean.
    pub mean: f64,
    /// Half are at most this.
    pub p50: f64,
    /// 90 % are at most this.
    pub p90: f64,
    /// 95 % are at most this.
    pub p95: f64,
    /// 99 % are at most this.
    pub p99: f64,
    /// 99.9 % are at most this.
    #[serde(rename = "p99.9")]
    pub p999: f64,
    /// None took longer.
    pub max: f64,
}

impl From<&Histogram<u64>> for Latency {
    fn from(ns: &Histogram<u64>) -> Self {
        let us = |quantile| ns.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            mean: ns.mean() / 1e3,
            p50: us(0.5),
            p90: us(0.9),
            p95: us(0.95),
            p99: us(0.99),
            p999: us(0.999),
            max: ns.max() as f64 / 1e3,
        }
    }
}

/// The latencies of requests that were intended to be sent in one span of time.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Window {
    /// Its begin, in seconds after the warm-up.
    pub start_s: f64,
    /// Requests with the right answer.
    pub requests: u64,
    /// Their median latency, in µs.
    pub p50_us: f64,
    /// The latency that 99 % of them have at most, in µs.
    pub p99_us: f64,
}

/// Empty windows are left out: they have no latency.
fn windows(record: &Record) -> Vec<Window> {
    let length = record.window().as_secs_f64();
    let filled = record.windows.iter().enumerate().filter(|(_, window)| !window.is_empty());
    filled
        .map(|(index, window)| Window {
            start_s: index as f64 * length,
            requests: window.len(),
            p50_us: window.value_at_quantile(0.5) as f64 / 1e3,
            p99_us: window.value_at_quantile(0.99) as f64 / 1e3,
        })
        .collect()
}
