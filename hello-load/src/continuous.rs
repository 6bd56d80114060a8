//! A load from its warm-up to its end, with an observer beside it.

use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use fastrand::Rng;

use crate::load::{Load, LoadResult, own_cpu};
use crate::record::Record;
use crate::run::Run;
use crate::schedule::{Budget, Schedule};
use crate::span::{Shared, Span};
use crate::traffic::Traffic;
use crate::worker::Worker;

/// The most time between two calls of [`Observer::tick`].
const TICK: Duration = Duration::from_millis(50);
/// Windows that a measurement is divided into, roughly.
const WINDOWS: u32 = 30;
/// The shortest window.
const MIN_WINDOW: Duration = Duration::from_millis(50);
/// When a load that counts requests is looked at last: longer than any such load takes.
const FAR: Duration = Duration::from_secs(86_400 * 365);

/// Who watches a load: reads the service's counters when the measurement begins and ends, and may stop it.
pub trait Observer {
    /// The warm-up is over.
    fn begin(&mut self) {}
    /// The load goes on; `false` stops it.
    fn tick(&mut self) -> bool;
    /// The measurement is over.
    fn end(&mut self) {}
}

/// A closure that says whether the load goes on.
impl<F: FnMut() -> bool> Observer for F {
    fn tick(&mut self) -> bool {
        self()
    }
}

/// Drives a load to its end.
///
/// # Errors
/// When the server cannot be reached, drops a request, leaves one without an answer, or sends what is not HTTP; when
/// the observer stops the load.
pub fn drive(load: &Load, observer: &mut dyn Observer) -> Result<LoadResult> {
    let shared = Shared::default();
    let window = (load.scenario.expected().saturating_sub(load.scenario.warm_up()) / WINDOWS).max(MIN_WINDOW);
    let mut rng = Rng::with_seed(load.seed);
    let budget = Budget::of(load.scenario);
    let main = thread::current();
    let workers = load
        .shares()
        .map(|connections| Worker::connect(load, connections, rng.u64(..), window))
        .collect::<Result<Vec<_>>>()?;
    let span = Span::whole(load.scenario);
    thread::scope(|scope| {
        let count = workers.len();
        let running: Vec<_> = workers
            .into_iter()
            .enumerate()
            .map(|(index, worker)| {
                let schedule = Schedule::new(load.scenario, worker.size(), (index, count), &budget, &mut rng);
                let (main, shared) = (main.clone(), &shared);
                scope.spawn(move || run(worker, schedule, span, shared, &main))
            })
            .collect();
        let (first, last) = observe(load, &shared, span, observer);
        let mut record = Record::new(window);
        for worker in running {
            record.merge(worker.join().map_err(|_| anyhow!("a load thread panicked"))??);
        }
        if shared.is_stopped() {
            return Err(anyhow!("interrupted"));
        }
        Ok(result(load, &record, first, last))
    })
}

fn run(mut worker: Worker, schedule: Schedule, span: Span, shared: &Shared, main: &Thread) -> Result<Record> {
    let outcome = Run::new(&mut worker, schedule, span, shared).drive(&|| Duration::ZERO);
    if outcome.is_err() {
        shared.stop();
    }
    shared.finish_worker();
    main.unpark();
    outcome.map(|_| worker.into_record())
}

fn result(load: &Load, record: &Record, first: Reading, last: Reading) -> LoadResult {
    let (answers, elapsed) = (last.answers - first.answers, last.at - first.at);
    let generator_cpu = last.cpu.saturating_sub(first.cpu);
    let traffic = Traffic::new(record, answers, elapsed, generator_cpu, load.threads);
    LoadResult { traffic, answers, generator_cpu }
}

struct Reading {
    at: Instant,
    answers: u64,
    cpu: Duration,
}

impl Reading {
    fn take(shared: &Shared) -> Self {
        Self { at: Instant::now(), answers: shared.answers(), cpu: own_cpu() }
    }
}

/// Waits for the end of the warm-up and of the measurement, and has the observer look at each.
fn observe(load: &Load, shared: &Shared, span: Span, observer: &mut dyn Observer) -> (Reading, Reading) {
    wait(load, shared, span.origin + Duration::from_nanos(span.start_ns), observer);
    observer.begin();
    let first = Reading::take(shared);
    let end = span.end_ns.map_or(FAR, Duration::from_nanos);
    wait(load, shared, span.origin + end, observer);
    let last = Reading::take(shared);
    observer.end();
    (first, last)
}

fn wait(load: &Load, shared: &Shared, until: Instant, observer: &mut dyn Observer) {
    while shared.finished_workers() < load.workers() {
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
