//! A load in short slices over connections that stay open, for servers that are visited in turn.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use fastrand::Rng;
use serde::{Deserialize, Serialize};

use crate::load::Load;
use crate::record::Record;
use crate::run::{Marks, Run};
use crate::scenario::{Scenario, Slicing};
use crate::schedule::{Budget, Schedule};
use crate::span::{Shared, Span};
use crate::traffic::Traffic;
use crate::worker::Worker;

/// One window for all latencies of a round: its slices do not follow each other.
const WINDOW: Duration = Duration::from_secs(3600);

/// What one slice measured, after its settling time.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Slice {
    /// Answers, right or wrong.
    pub answers: u64,
    /// Wall-clock time between the two readings of the clocks, in ns.
    pub elapsed_ns: u64,
    /// CPU time of the service between them, user and system, in ns.
    pub service_cpu_ns: u64,
    /// CPU time of the generator between them, in ns.
    pub generator_cpu_ns: u64,
}

impl Slice {
    /// CPU time of the service for one answer, in µs; infinite without answers.
    pub fn cpu_us_per_request(&self) -> f64 {
        self.service_cpu_ns as f64 / 1e3 / self.answers as f64
    }

    /// Answers a second.
    pub fn throughput_per_s(&self) -> f64 {
        self.answers as f64 * 1e9 / self.elapsed_ns as f64
    }
}

/// The connections of a load to one server, kept open from slice to slice.
#[derive(Debug)]
pub struct SlicedLoad {
    scenario: Scenario,
    slicing: Slicing,
    threads: usize,
    workers: Vec<Worker>,
    rng: Rng,
}

impl SlicedLoad {
    /// Opens the connections.
    ///
    /// # Errors
    /// When the scenario has no slices, or the server cannot be reached.
    pub fn connect(load: &Load) -> Result<Self> {
        let slicing = load.scenario.slices.context("the scenario has no slices")?;
        let mut rng = Rng::with_seed(load.seed);
        let workers =
            load.shares().map(|connections| Worker::connect(load, connections, rng.u64(..), WINDOW));
        let workers = workers.collect::<Result<Vec<_>>>()?;
        Ok(Self { scenario: load.scenario.clone(), slicing, threads: load.threads, workers, rng })
    }

    /// Offers one slice, and waits for its last answer. `service_cpu` reads the CPU time of the service so far; it is
    /// called on this thread when the settling time is over, and again at the end.
    ///
    /// # Errors
    /// When the server drops a request, leaves one without an answer, or sends what is not HTTP.
    pub fn drive(&mut self, service_cpu: &dyn Fn() -> Duration) -> Result<Slice> {
        let span = Span::slice(&self.scenario, &self.slicing);
        visit(&mut self.workers, &self.scenario, span, &mut self.rng, service_cpu)
    }

    /// Forgets the latencies recorded so far, as the slices until now were a warm-up. Wrong answers stay counted.
    pub fn forget(&mut self) {
        for worker in &mut self.workers {
            worker.forget();
        }
    }

    /// Closes the connections. The traffic is that of `slices`, with the latencies of every slice since the last
    /// [`SlicedLoad::forget`].
    pub fn finish(self, slices: &[Slice]) -> Traffic {
        let mut record = Record::new(WINDOW);
        for worker in self.workers {
            record.merge(worker.into_record());
        }
        let sum = |value: fn(&Slice) -> u64| slices.iter().map(value).sum::<u64>();
        let answers = sum(|slice| slice.answers);
        let elapsed = Duration::from_nanos(sum(|slice| slice.elapsed_ns));
        let cpu = Duration::from_nanos(sum(|slice| slice.generator_cpu_ns));
        Traffic { windows: Vec::new(), ..Traffic::new(&record, answers, elapsed, cpu, self.threads) }
    }
}

/// Offers one span of a load over the connections of these workers, the first on this thread, and waits for its last
/// answer.
pub(crate) fn visit(
    workers: &mut [Worker],
    scenario: &Scenario,
    span: Span,
    rng: &mut Rng,
    service_cpu: &dyn Fn() -> Duration,
) -> Result<Slice> {
    let count = workers.len();
    let mut jobs = workers.iter_mut().enumerate().map(|(index, worker)| {
        let connections = worker.size();
        (worker, Schedule::new(scenario, connections, (index, count), &Budget::none(), rng))
    });
    let (own, own_schedule) = jobs.next().context("there is no worker")?;
    let others: Vec<_> = jobs.collect();
    let shared = Shared::default();
    let marks = thread::scope(|scope| {
        let run = |worker: &mut Worker, schedule, clock: &dyn Fn() -> Duration| {
            stopping(Run::new(worker, schedule, span, &shared).drive(clock), &shared)
        };
        let running: Vec<_> = others
            .into_iter()
            .map(|(worker, schedule)| scope.spawn(move || run(worker, schedule, &|| Duration::ZERO)))
            .collect();
        let own = run(own, own_schedule, service_cpu);
        let joined = running.into_iter().map(|worker| worker.join());
        let others = joined.map(|marks| marks.unwrap_or_else(|_| Err(anyhow!("a load thread panicked"))));
        std::iter::once(own).chain(others).collect::<Result<Vec<Marks>>>()
    })?;
    Ok(slice(&marks))
}

/// Has the other workers stop when this one failed.
fn stopping(outcome: Result<Marks>, shared: &Shared) -> Result<Marks> {
    if outcome.is_err() {
        shared.stop();
    }
    outcome
}

/// The clocks are those of the first worker, the answers those of all.
fn slice(marks: &[Marks]) -> Slice {
    let first = &marks[0];
    let spent = |end: Duration, start: Duration| end.saturating_sub(start).as_nanos() as u64;
    Slice {
        answers: marks.iter().map(|marks| marks.end.answers - marks.start.answers).sum(),
        elapsed_ns: first.end.at_ns - first.start.at_ns,
        service_cpu_ns: spent(first.end.service_cpu, first.start.service_cpu),
        generator_cpu_ns: spent(first.end.generator_cpu, first.start.generator_cpu),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::exchange::Exchange;
    use crate::scenario::Length;
    use crate::target::Target;
    use crate::verify::Strictness;

    /// How long the server keeps a connection without a request.
    const KEEP_ALIVE: Duration = Duration::from_millis(300);
    /// Long enough for a server of a busy machine to close some of its connections.
    const PAUSE: Duration = Duration::from_secs(2);

    fn serve(mut stream: TcpStream) {
        stream.set_read_timeout(Some(KEEP_ALIVE)).unwrap();
        while let Ok(1..) = stream.read(&mut [0; 1024]) {
            if stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").is_err() {
                return;
            }
        }
    }

    #[test]
    fn connections_that_the_server_closed_between_slices_are_opened_anew() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap()).with(Some(Exchange::get()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        let mut scenario = Scenario::saturating("x", 4, Length::Time(Duration::from_secs(1)));
        scenario.slices = Some(Slicing { duration_s: 0.02, settle_s: 0.002, sweeps: 2 });
        let load =
            Load { target: &target, scenario: &scenario, strictness: Strictness::Exact, threads: 1, seed: 0 };
        let mut sliced = SlicedLoad::connect(&load).unwrap();
        let before = sliced.drive(&|| Duration::ZERO).unwrap();
        thread::sleep(PAUSE);
        let after = sliced.drive(&|| Duration::ZERO).unwrap();
        let traffic = sliced.finish(&[before, after]);
        assert_eq!(traffic.wrong, 0);
        assert!(traffic.reconnects >= 1, "{} connections were reopened", traffic.reconnects);
    }
}
