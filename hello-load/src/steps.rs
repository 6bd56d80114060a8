//! A load whose rate changes from step to step over connections that stay open.

use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;

use crate::load::Load;
use crate::record::Record;
use crate::scenario::{Scenario, Slicing};
use crate::sliced::{Slice, visit};
use crate::span::Span;
use crate::traffic::Traffic;
use crate::worker::Worker;

/// One window for all latencies of a step.
const WINDOW: Duration = Duration::from_secs(3600);

/// What one step measured, after its settling time.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Answers and CPU times.
    pub slice: Slice,
    /// What the generator saw.
    pub traffic: Traffic,
}

/// The connections of a load to one server, kept open from step to step.
#[derive(Debug)]
pub struct SteppedLoad {
    scenario: Scenario,
    threads: usize,
    workers: Vec<Worker>,
    rng: Rng,
}

impl SteppedLoad {
    /// Opens the connections.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub fn connect(load: &Load) -> Result<Self> {
        let mut rng = Rng::with_seed(load.seed);
        let workers =
            load.shares().map(|connections| Worker::connect(load, connections, rng.u64(..), WINDOW));
        let workers = workers.collect::<Result<Vec<_>>>()?;
        Ok(Self { scenario: load.scenario.clone(), threads: load.threads, workers, rng })
    }

    /// Offers requests for `settle` and then, measured, for `duration`: at this rate, or without one as fast as they are
    /// answered. Waits for the last answer. `service_cpu` is read on this thread at both ends of what is measured.
    ///
    /// # Errors
    /// When the server drops a request, leaves one without an answer, or sends what is not HTTP.
    pub fn step(
        &mut self,
        rate_per_s: Option<f64>,
        (settle, duration): (Duration, Duration),
        service_cpu: &dyn Fn() -> Duration,
    ) -> Result<Step> {
        let scenario =
            rate_per_s.map_or_else(|| self.scenario.saturated(), |rate| self.scenario.at_rate(rate));
        let slicing =
            Slicing { settle_s: settle.as_secs_f64(), duration_s: duration.as_secs_f64(), sweeps: 1 };
        let span = Span::slice(&scenario, &slicing);
        let slice = visit(&mut self.workers, &scenario, span, &mut self.rng, service_cpu)?;
        let mut record = Record::new(WINDOW);
        for worker in &mut self.workers {
            record.merge(worker.take_record());
        }
        let elapsed = Duration::from_nanos(slice.elapsed_ns);
        let cpu = Duration::from_nanos(slice.generator_cpu_ns);
        let traffic = Traffic::new(&record, slice.answers, elapsed, cpu, self.threads);
        Ok(Step { slice, traffic: Traffic { windows: Vec::new(), ..traffic } })
    }
}
