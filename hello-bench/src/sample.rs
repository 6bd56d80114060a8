//! One trial's measurement: launch fresh, first answer, idle, drive, read CPU and memory, stop.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::target::Target;
use crate::engine::{self, Driven, Load, Observer};
use crate::interrupt::Interrupt;
use crate::launch::Running;
use crate::plan::Trial;
use crate::program::Program;
use crate::scenario::Scenario;
use crate::system::cores::Cores;
use crate::system::noise::{Counters, Noise};
use crate::system::process::{Memory, Tree};

/// How long a service is left alone before its idle memory is read.
const IDLE: Duration = Duration::from_millis(150);

/// What one trial measured.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Sample {
    /// Which trial.
    #[serde(flatten)]
    pub trial: Trial,
    /// When it began.
    pub at: Timestamp,
    /// From the start of the process to its first right answer, in µs; absent when there was none.
    pub start_up_us: Option<f64>,
    /// Memory after the first answer, without load; absent when there was no first answer.
    pub idle: Option<Memory>,
    /// What the load measured; absent when it did not come to its end.
    pub load: Option<LoadFigures>,
    /// Why the trial did not come to its end.
    pub failure: Option<String>,
}

/// What a load measured of a service and of the generator.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadFigures {
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
    /// CPU time of the service, user and system, by the answers between the two readings, in µs.
    pub cpu_us_per_request: f64,
    /// CPU time of the service as a fraction of what its cores could give.
    pub service_busy: f64,
    /// CPU time of the generator as a fraction of what its cores could give.
    pub generator_busy: f64,
    /// From sending a request to its whole answer; in the open model from the intended time. In µs.
    pub latency_us: Latency,
    /// How much later than intended requests were sent, in µs: by timers, and in the open model for want of a
    /// free connection.
    pub lag_us: Latency,
    /// The most memory seen.
    pub peak: Memory,
    /// What else went on on the machine.
    pub noise: Noise,
    /// Latency over time.
    pub windows: Vec<Window>,
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
    /// The longest.
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

/// What all trials of a run share.
#[derive(Clone, Debug)]
pub struct Bench<'a> {
    /// The cores of services and generator.
    pub cores: &'a Cores,
    /// Whether the user wants to stop.
    pub interrupt: &'a Interrupt,
    /// The seed of the run.
    pub seed: u64,
}

impl Bench<'_> {
    /// Measures one trial. Whatever goes wrong with the service is told in the sample.
    ///
    /// # Errors
    /// When the user interrupts.
    pub fn take(
        &self,
        trial: Trial,
        program: &Program,
        scenario: &Scenario,
        progress: &dyn Fn(),
    ) -> Result<Sample> {
        let at = Timestamp::now();
        let mut sample = Sample { trial, at, start_up_us: None, idle: None, load: None, failure: None };
        let outcome = self.measure(&mut sample, program, scenario, progress);
        self.interrupt.check()?;
        sample.failure = outcome.err().map(|cause| format!("{cause:#}"));
        Ok(sample)
    }

    fn measure(
        &self,
        sample: &mut Sample,
        program: &Program,
        scenario: &Scenario,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let mut running = Running::launch(program, self.cores)?;
        sample.start_up_us = Some(running.first_answer()?.as_secs_f64() * 1e6);
        thread::sleep(IDLE);
        sample.idle = Some(running.tree().memory());
        let target = Target::at(running.address);
        let load = Load {
            target: &target,
            scenario,
            strictness: program.service.strictness(),
            threads: self.cores.generator.len(),
            seed: self.seed ^ u64::from(sample.trial.round),
        };
        let mut watch = Watch::new(running.tree(), self.interrupt, progress);
        match engine::drive(&load, &mut watch) {
            Ok(driven) => sample.load = Some(self.figures(&driven, &watch)),
            Err(cause) => match running.obituary() {
                Some(ended) => bail!("{ended} under load"),
                None => return Err(cause),
            },
        }
        running.stop();
        Ok(())
    }

    fn figures(&self, driven: &Driven, watch: &Watch) -> LoadFigures {
        let record = &driven.record;
        let elapsed = driven.elapsed.as_secs_f64();
        let cpu = watch.cpu_used();
        let busy = |cpu: Duration, cores: &[usize]| cpu.as_secs_f64() / elapsed / cores.len() as f64;
        LoadFigures {
            requests: record.right,
            wrong: record.wrong,
            first_wrong: record.first_wrong.clone(),
            unsent: record.unsent,
            reconnects: record.reconnects,
            elapsed_s: elapsed,
            throughput_per_s: driven.answers as f64 / elapsed,
            cpu_us_per_request: cpu.as_secs_f64() * 1e6 / driven.answers.max(1) as f64,
            service_busy: busy(cpu, &self.cores.service),
            generator_busy: busy(driven.generator_cpu, &self.cores.generator),
            latency_us: Latency::from(&record.latency()),
            lag_us: Latency::from(&record.lag),
            peak: watch.peak,
            noise: watch.noise(driven.generator_cpu),
            windows: windows(driven),
        }
    }
}

/// Empty windows are left out: they have no latency.
fn windows(driven: &Driven) -> Vec<Window> {
    let length = driven.window.as_secs_f64();
    let filled = driven.record.windows.iter().enumerate().filter(|(_, window)| !window.is_empty());
    filled
        .map(|(index, window)| Window {
            start_s: index as f64 * length,
            requests: window.len(),
            p50_us: window.value_at_quantile(0.5) as f64 / 1e3,
            p99_us: window.value_at_quantile(0.99) as f64 / 1e3,
        })
        .collect()
}

/// Reads the service's counters while the engine drives it.
struct Watch<'a> {
    tree: Tree,
    interrupt: &'a Interrupt,
    progress: &'a dyn Fn(),
    looked: Instant,
    cpu: (Duration, Duration),
    counters: (Option<Counters>, Option<Counters>),
    peak: Memory,
}

impl<'a> Watch<'a> {
    /// How often memory is read: seldom enough not to be noise itself.
    const MEMORY_EVERY: Duration = Duration::from_millis(250);

    fn new(tree: Tree, interrupt: &'a Interrupt, progress: &'a dyn Fn()) -> Self {
        Self {
            tree,
            interrupt,
            progress,
            looked: Instant::now(),
            cpu: (Duration::ZERO, Duration::ZERO),
            counters: (None, None),
            peak: Memory::default(),
        }
    }

    fn cpu_used(&self) -> Duration {
        self.cpu.1.saturating_sub(self.cpu.0)
    }

    fn noise(&self, generator_cpu: Duration) -> Noise {
        match &self.counters {
            (Some(first), Some(last)) => last.since(first, self.cpu_used() + generator_cpu),
            _ => Noise::default(),
        }
    }
}

impl Observer for Watch<'_> {
    fn begin(&mut self) {
        self.counters.0 = Counters::read();
        self.cpu.0 = self.tree.cpu();
    }

    fn tick(&mut self) -> bool {
        (self.progress)();
        if self.looked.elapsed() >= Self::MEMORY_EVERY {
            self.looked = Instant::now();
            self.peak = self.peak.max(self.tree.memory());
        }
        !self.interrupt.is_set()
    }

    fn end(&mut self) {
        self.cpu.1 = self.tree.cpu();
        self.counters.1 = Counters::read();
        self.peak = self.peak.max(self.tree.memory());
        if let Some(high) = self.tree.high_water_rss_bytes() {
            self.peak.rss_bytes = self.peak.rss_bytes.max(high);
        }
    }
}
