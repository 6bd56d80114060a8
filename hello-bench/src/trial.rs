//! One trial: a service started afresh, loaded from a warm-up to the end of a scenario, and stopped.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hello_load::{LoadResult, Observer, Scenario};

use crate::generator::Generator;
use crate::interrupt::Interrupt;
use crate::launch::Running;
use crate::program::Program;
use crate::sample::{LoadMetrics, Sample, Spent};
use crate::session::Session;
use crate::system::noise::{Counters, Noise};
use crate::system::process::{Memory, Tree};
use crate::warm_up::warm_up;

/// How long a service is left alone before its idle memory is read.
pub(crate) const IDLE_TIME: Duration = Duration::from_millis(150);

/// What all trials of a run share.
#[derive(Clone, Debug)]
pub(crate) struct TrialRunner<'a> {
    /// The cores, and whether the user wants to stop.
    pub session: &'a Session,
    /// Who offers the loads.
    pub generator: &'a Generator,
}

impl TrialRunner<'_> {
    /// Measures one service in one round. Whatever goes wrong with the service is the sample's failure.
    ///
    /// # Errors
    /// When the user interrupts.
    pub(crate) fn run(
        &self,
        program: &Program,
        scenario: &Scenario,
        (round, seed): (u32, u64),
        progress: &dyn Fn(),
    ) -> Result<Sample> {
        let mut sample = Sample::new(round, &scenario.name, &program.service.name);
        if let Err(cause) = self.measure(&mut sample, program, scenario, seed, progress) {
            self.session.interrupt.check()?;
            return Ok(sample.failed(&format!("{cause:#}")));
        }
        // What has come to its end is kept, whoever interrupts afterwards.
        Ok(sample)
    }

    fn measure(
        &self,
        sample: &mut Sample,
        program: &Program,
        scenario: &Scenario,
        seed: u64,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let Session { cores, interrupt } = self.session;
        let mut running = Running::launch(program, cores)?;
        let first_answer = running.first_answer()?;
        thread::sleep(IDLE_TIME);
        let tree = running.is_here().then(|| running.tree()).transpose()?;
        sample.start_up_us = tree.map(|_| first_answer.as_secs_f64() * 1e6);
        sample.idle = tree.map(Tree::memory);
        let target = running.target.clone();
        let load = program.load(&target, scenario, cores, seed);
        warm_up(&load, program.service.warm_up_s, interrupt, progress)?;
        let mut observer = CounterObserver::new(tree, interrupt, progress);
        match self.generator.drive(&load, &mut observer) {
            Ok(result) => sample.load = Some(self.metrics(result, &observer)),
            Err(cause) if interrupt.is_set() => return Err(cause),
            Err(cause) => match running.exit_reason() {
                Some(reason) => bail!("{reason} under load"),
                None => return Err(cause),
            },
        }
        Running::stop([running]);
        Ok(())
    }

    fn metrics(&self, result: LoadResult, observer: &CounterObserver) -> LoadMetrics {
        let noise = observer.noise(result.generator_cpu);
        let (answers, cpu, peak) = (result.answers, observer.cpu_used(), observer.peak);
        let spent = observer.tree.map(|_| Spent { answers, cpu, peak });
        LoadMetrics::new(result.traffic, spent, self.session.cores.service.len(), noise)
    }
}

/// Reads the service's counters while the generator drives it.
struct CounterObserver<'a> {
    tree: Option<Tree>,
    interrupt: &'a Interrupt,
    progress: &'a dyn Fn(),
    memory_read: Instant,
    cpu: (Duration, Duration),
    counters: (Option<Counters>, Option<Counters>),
    peak: Memory,
}

impl<'a> CounterObserver<'a> {
    /// How often memory is read: seldom enough not to be noise itself.
    const MEMORY_POLL_INTERVAL: Duration = Duration::from_millis(250);

    fn new(tree: Option<Tree>, interrupt: &'a Interrupt, progress: &'a dyn Fn()) -> Self {
        Self {
            tree,
            interrupt,
            progress,
            memory_read: Instant::now(),
            cpu: (Duration::ZERO, Duration::ZERO),
            counters: (None, None),
            peak: Memory::default(),
        }
    }

    fn cpu_so_far(&self) -> Duration {
        self.tree.map_or(Duration::ZERO, Tree::cpu)
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

impl Observer for CounterObserver<'_> {
    fn begin(&mut self) {
        self.counters.0 = Counters::read();
        self.cpu.0 = self.cpu_so_far();
    }

    fn tick(&mut self) -> bool {
        (self.progress)();
        if self.memory_read.elapsed() >= Self::MEMORY_POLL_INTERVAL {
            self.memory_read = Instant::now();
            self.peak = self.peak.max(self.tree.map(Tree::memory).unwrap_or_default());
        }
        !self.interrupt.is_set()
    }

    fn end(&mut self) {
        self.cpu.1 = self.cpu_so_far();
        self.counters.1 = Counters::read();
        self.peak = self.peak.max(self.tree.map(Tree::peak_memory).unwrap_or_default());
    }
}
