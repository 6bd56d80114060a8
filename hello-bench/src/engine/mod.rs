//! The load engine: offers a [`Scenario`] to a [`Target`] and verifies every answer.
//!
//! An engine of our own, since what is measured here is the server: it must cost less than the server does, and
//! still compare each body byte for byte.

pub mod client;
pub mod pace;
pub mod record;
pub mod response;
pub mod target;
pub mod verify;
pub mod worker;

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fastrand::Rng;
use nix::time::{ClockId, clock_gettime};

use crate::engine::pace::Pace;
use crate::engine::record::Record;
use crate::engine::target::Target;
use crate::engine::verify::Strictness;
use crate::engine::worker::{Work, Worker};
use crate::scenario::{Extent, Model, Scenario};

/// The most time between two looks of the observer.
const TICK: Duration = Duration::from_millis(50);
/// Windows that a measurement is divided into, roughly.
const WINDOWS: u32 = 30;
/// The shortest window.
const SHORTEST_WINDOW: Duration = Duration::from_millis(50);

/// A load to drive.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// Where.
    pub target: &'a Target,
    /// What.
    pub scenario: &'a Scenario,
    /// What a right answer is.
    pub strictness: Strictness,
    /// Threads that share the connections; the generator's cores.
    pub threads: usize,
    /// The seed of the names and first offsets.
    pub seed: u64,
}

/// Who watches a load: reads the service's counters when the measurement begins and ends, and may stop it.
pub trait Observer {
    /// The warm-up is over.
    fn begin(&mut self) {}
    /// The load goes on; `false` stops it.
    fn tick(&mut self) -> bool;
    /// The measurement is over.
    fn end(&mut self) {}
}

/// When the phases of a run begin and end, in ns since its origin.
#[derive(Clone, Copy, Debug)]
pub struct Phases {
    /// The end of the warm-up.
    pub start_ns: u64,
    /// The end of the measurement, where time says so.
    pub end_ns: Option<u64>,
    /// Whether latency counts from the intended time.
    pub open: bool,
}

/// What the workers and the observer share.
#[derive(Debug, Default)]
pub struct Shared {
    answers: AtomicU64,
    stopped: AtomicBool,
    finished: AtomicUsize,
}

impl Shared {
    /// Counts an answer, right or wrong.
    pub fn count_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether the run is to end now.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// What a load measured.
#[derive(Debug)]
pub struct Driven {
    /// Latencies, lag, counts.
    pub record: Record,
    /// Answers between the observer's two readings.
    pub answers: u64,
    /// The time between them.
    pub elapsed: Duration,
    /// CPU time of this process between them.
    pub generator_cpu: Duration,
    /// The length of a window of the record.
    pub window: Duration,
}

/// Drives the load to its end.
///
/// # Errors
/// When the server cannot be reached, drops a request, or sends what is no HTTP; when the observer stops it.
pub fn drive(load: &Load, observer: &mut dyn Observer) -> Result<Driven> {
    let shared = Shared::default();
    let window =
        (load.scenario.expected().saturating_sub(load.scenario.warm_up()) / WINDOWS).max(SHORTEST_WINDOW);
    let origin = Instant::now();
    let plan = works(load, origin, window, &shared);
    let phases = phases(load.scenario);
    let main = thread::current();
    thread::scope(|scope| {
        let running: Vec<_> = plan
            .into_iter()
            .map(|work| {
                let (main, shared) = (main.clone(), &shared);
                scope.spawn(move || finish(work, shared, &main))
            })
            .collect();
        let (first, last) = observe(load, &shared, origin, phases, observer);
        let mut record = Record::new(window);
        for worker in running {
            record.merge(worker.join().map_err(|_| anyhow!("a load thread panicked"))??);
        }
        if shared.is_stopped() {
            return Err(anyhow!("interrupted"));
        }
        Ok(Driven {
            record,
            answers: last.answers - first.answers,
            elapsed: last.at - first.at,
            generator_cpu: last.cpu.saturating_sub(first.cpu),
            window,
        })
    })
}

fn finish(work: Work, shared: &Shared, main: &Thread) -> Result<Record> {
    let outcome = Worker::new(work).and_then(Worker::run);
    if outcome.is_err() {
        shared.stopped.store(true, Ordering::Relaxed);
    }
    shared.finished.fetch_add(1, Ordering::Relaxed);
    main.unpark();
    outcome
}

struct Reading {
    at: Instant,
    answers: u64,
    cpu: Duration,
}

impl Reading {
    fn take(shared: &Shared) -> Self {
        Self {
            at: Instant::now(),
            answers: shared.answers.load(Ordering::Relaxed),
            cpu: clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from),
        }
    }
}

/// Waits for the end of the warm-up and of the measurement, and has the observer look at each.
fn observe(
    load: &Load,
    shared: &Shared,
    origin: Instant,
    phases: Phases,
    observer: &mut dyn Observer,
) -> (Reading, Reading) {
    wait(load, shared, origin + Duration::from_nanos(phases.start_ns), observer);
    observer.begin();
    let first = Reading::take(shared);
    let end = phases.end_ns.map(|end| origin + Duration::from_nanos(end));
    wait(load, shared, end.unwrap_or(origin + Duration::from_secs(86_400)), observer);
    let last = Reading::take(shared);
    observer.end();
    (first, last)
}

fn wait(load: &Load, shared: &Shared, until: Instant, observer: &mut dyn Observer) {
    while shared.finished.load(Ordering::Relaxed) < threads(load) {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        if !observer.tick() {
            shared.stopped.store(true, Ordering::Relaxed);
        }
        thread::park_timeout(left.min(TICK));
    }
}

fn threads(load: &Load) -> usize {
    load.threads.clamp(1, load.scenario.connections as usize)
}

fn phases(scenario: &Scenario) -> Phases {
    let start = scenario.warm_up();
    let end = match scenario.extent() {
        Extent::Time(time) => Some((start + time).as_nanos() as u64),
        Extent::Requests(_) => None,
    };
    Phases { start_ns: start.as_nanos() as u64, end_ns: end, open: scenario.model == Model::Open }
}

fn works<'a>(load: &Load<'a>, origin: Instant, window: Duration, shared: &'a Shared) -> Vec<Work<'a>> {
    let (all, threads) = (load.scenario.connections as usize, threads(load));
    let budget = match load.scenario.extent() {
        Extent::Requests(requests) => Some(Arc::new(AtomicU64::new(requests))),
        Extent::Time(_) => None,
    };
    let mut rng = Rng::with_seed(load.seed);
    (0..threads)
        .map(|index| Work {
            target: load.target,
            connections: (all + index) / threads,
            pace: pace(load.scenario, (all + index) / threads, (index, threads), budget.clone(), &mut rng),
            strictness: load.strictness,
            seed: rng.u64(..),
            window,
            origin,
            phases: phases(load.scenario),
            shared,
        })
        .collect()
}

/// The pace of one of several workers. Closed: the first requests are spread over a think time, since equal
/// sleeps would keep all users in step. Open: the workers take the ticks of one schedule in turn.
fn pace(
    scenario: &Scenario,
    connections: usize,
    (index, threads): (usize, usize),
    budget: Option<Arc<AtomicU64>>,
    rng: &mut Rng,
) -> Pace {
    match scenario.model {
        Model::Closed => {
            let think_ns = scenario.think_time().as_nanos() as u64;
            let first = (0..connections).map(|client| Reverse((rng.u64(0..=think_ns), client)));
            Pace::Closed { think_ns, thinking: first.collect(), budget }
        }
        Model::Open => {
            let tick_ns = 1e9 / scenario.rate_per_s.unwrap_or(1.0);
            Pace::Open {
                interval_ns: tick_ns * threads as f64,
                first_ns: tick_ns * index as f64,
                served: 0,
                idle: (0..connections).collect(),
            }
        }
    }
}
