//! More load than a server can take: requests on schedule over as many connections as they need, with refusals counted.
//!
//! A request is never late on our account: one that finds no idle connection gets a new one, and one that finds all of
//! those waiting that there may be is never sent. So what is late is late with the server.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use fastrand::Rng;

use crate::flood_worker::{FloodWorker, Share};
use crate::load::{Load, own_cpu};
use crate::phase::Phase;
use crate::span::Shared;
use crate::tally::{FloodCounts, FloodWindow, Tally};

/// The most time between two looks of the observer.
const TICK: Duration = Duration::from_millis(50);

/// An overload: phases that follow each other without a pause.
#[derive(Clone, Debug)]
pub struct Flood<'a> {
    /// The server, and the connections that there are at first. Its scenario's rate does not count.
    pub load: Load<'a>,
    /// What to offer.
    pub phases: Vec<Phase>,
    /// How late a right answer may be to be good.
    pub in_time: Duration,
    /// How late it may be to be normal.
    pub normal: Duration,
    /// The most connections.
    pub max_connections: usize,
}

/// What one phase brought.
#[derive(Clone, Debug, PartialEq)]
pub struct FloodPhase {
    /// What was offered.
    pub phase: Phase,
    /// What became of it.
    pub counts: FloodCounts,
    /// The 99th percentile of the good answers, in µs; absent without any.
    pub good_p99_us: Option<f64>,
    /// CPU time of the service in this phase.
    pub service_cpu: Duration,
    /// CPU time of the generator, as a fraction of what its cores could give.
    pub generator_busy: f64,
}

/// What an overload brought.
#[derive(Clone, Debug, PartialEq)]
pub struct FloodResult {
    /// Each phase.
    pub phases: Vec<FloodPhase>,
    /// Tenths of a second, in order.
    pub windows: Vec<FloodWindow>,
}

/// Who watches an overload.
pub trait FloodObserver {
    /// CPU time of the service so far.
    fn service_cpu(&mut self) -> Duration;
    /// The load goes on; `false` stops it.
    fn tick(&mut self) -> bool;
}

impl Flood<'_> {
    /// Offers all phases.
    ///
    /// # Errors
    /// When a connection cannot be opened for another reason than the server's refusal, an answer is wrong, or the
    /// observer stops the load.
    pub fn drive(&self, observer: &mut dyn FloodObserver) -> Result<FloodResult> {
        let shared = Shared::default();
        let mut rng = Rng::with_seed(self.load.seed);
        let count = self.load.workers();
        let origin = Instant::now();
        let workers =
            (0..count).map(|index| FloodWorker::new(self.share(), (index, count), rng.u64(..), origin));
        let workers = workers.collect::<Result<Vec<_>>>()?;
        let main = thread::current();
        let (readings, tally) = thread::scope(|scope| {
            let shared = &shared;
            let running: Vec<_> = workers
                .into_iter()
                .map(|worker| {
                    let main = main.clone();
                    scope.spawn(move || {
                        let outcome = worker.run(shared);
                        if outcome.is_err() {
                            shared.stop();
                        }
                        shared.finish_worker();
                        main.unpark();
                        outcome
                    })
                })
                .collect();
            let readings = self.observe(shared, origin, observer);
            let mut tally = Tally::default();
            for worker in running {
                tally.merge(worker.join().map_err(|_| anyhow!("a load thread panicked"))??);
            }
            anyhow::Ok((readings, tally))
        })?;
        if shared.is_stopped() {
            bail!("interrupted");
        }
        self.result(tally, &readings)
    }

    fn share(&self) -> Share<'_> {
        Share {
            target: self.load.target,
            strictness: self.load.strictness,
            phases: &self.phases,
            max_connections: (self.max_connections / self.load.workers()).max(1),
            limits: (self.normal.as_nanos() as u64, self.in_time.as_nanos() as u64),
        }
    }

    fn result(&self, tally: Tally, readings: &[Reading]) -> Result<FloodResult> {
        if let Some(first) = &tally.first_wrong {
            bail!("{} answers were wrong, the first: {first}", tally.wrong);
        }
        let phase = |(index, phase): (usize, &Phase)| {
            let (before, after) = (readings.get(index)?, readings.get(index + 1)?);
            let elapsed = (after.at - before.at).as_secs_f64().max(1e-9);
            let generator = after.generator.saturating_sub(before.generator).as_secs_f64();
            Some(FloodPhase {
                phase: *phase,
                counts: tally.of_phase(index),
                good_p99_us: tally.good_p99_us(index),
                service_cpu: after.service.saturating_sub(before.service),
                generator_busy: generator / elapsed / self.load.threads.max(1) as f64,
            })
        };
        let phases = self.phases.iter().enumerate().map(phase).collect::<Option<Vec<_>>>();
        let phases = phases.context("the load ended before its last phase")?;
        Ok(FloodResult { phases, windows: tally.windows(&self.starts()) })
    }

    /// When each phase begins, in seconds; at the end, when the last one ends.
    fn starts(&self) -> Vec<f64> {
        let mut starts = vec![0.0];
        for phase in &self.phases {
            starts.push(starts.last().copied().unwrap_or_default() + phase.duration_s);
        }
        starts
    }

    /// Reads the clocks at the start of each phase and at the end of the last.
    fn observe(&self, shared: &Shared, origin: Instant, observer: &mut dyn FloodObserver) -> Vec<Reading> {
        let mut readings = Vec::new();
        for start in self.starts() {
            self.wait(shared, origin + Duration::from_secs_f64(start), observer);
            let service = observer.service_cpu();
            readings.push(Reading { at: Instant::now(), service, generator: own_cpu() });
        }
        readings
    }

    fn wait(&self, shared: &Shared, until: Instant, observer: &mut dyn FloodObserver) {
        while shared.finished_workers() < self.load.workers() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            if !observer.tick() {
                shared.stop();
            }
            thread::park_timeout(left.min(TICK));
        }
    }
}

struct Reading {
    at: Instant,
    service: Duration,
    generator: Duration,
}
