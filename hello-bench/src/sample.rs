//! One trial's measurement: launch fresh, first answer, idle, drive, read CPU and memory, stop.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::target::Target;
use crate::engine::{self, Load, Observer};
use crate::generator::{Generator, Offered};
use crate::interrupt::Interrupt;
use crate::launch::Running;
use crate::plan::Trial;
use crate::program::Program;
use crate::scenario::{Model, Scenario};
use crate::system::cores::Cores;
use crate::system::noise::{Counters, Noise};
use crate::system::process::{Memory, Tree};
use crate::traffic::Traffic;

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

/// What a load measured of a service.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct LoadFigures {
    /// What the generator saw.
    #[serde(flatten)]
    pub traffic: Traffic,
    /// CPU time of the service, user and system, by the answers between the two readings, in µs.
    pub cpu_us_per_request: f64,
    /// CPU time of the service as a fraction of what its cores could give.
    pub service_busy: f64,
    /// The most memory seen.
    pub peak: Memory,
    /// What else went on on the machine.
    pub noise: Noise,
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
    /// Who offers the loads.
    pub generator: &'a Generator,
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
        let tree = running.tree()?;
        sample.idle = Some(tree.memory());
        let target = Target::at(running.address);
        let load = Load {
            target: &target,
            scenario,
            strictness: program.service.strictness(),
            threads: self.cores.generator.len(),
            seed: self.seed ^ u64::from(sample.trial.round),
        };
        self.warm_up(&load, program.service.warm_up_s, progress)?;
        let mut watch = Watch::new(tree, self.interrupt, progress);
        match self.generator.drive(&load, &mut watch) {
            Ok(offered) => sample.load = Some(self.figures(offered, &watch)),
            Err(cause) => match running.obituary() {
                Some(ended) => bail!("{ended} under load"),
                None => return Err(cause),
            },
        }
        running.stop();
        Ok(())
    }

    /// Gives a JIT compiler what it needs: the scenario's connections, as fast as it goes.
    fn warm_up(&self, load: &Load, seconds: u32, progress: &dyn Fn()) -> Result<()> {
        if seconds == 0 {
            return Ok(());
        }
        let scenario = Scenario {
            name: "warm-up".into(),
            about: "before the measurement".into(),
            model: Model::Closed,
            connections: load.scenario.connections,
            think_time_s: Some(0.0),
            rate_per_s: None,
            k6_rate_per_s: None,
            warm_up_s: 0.0,
            duration_s: Some(f64::from(seconds)),
            requests: None,
        };
        let mut patience = Patience { interrupt: self.interrupt, progress };
        engine::drive(&Load { scenario: &scenario, ..load.clone() }, &mut patience).map(drop)
    }

    fn figures(&self, offered: Offered, watch: &Watch) -> LoadFigures {
        let cpu = watch.cpu_used().as_secs_f64();
        let available = offered.traffic.elapsed_s * self.cores.service.len() as f64;
        LoadFigures {
            cpu_us_per_request: cpu * 1e6 / offered.answers.max(1) as f64,
            service_busy: cpu / available,
            peak: watch.peak,
            noise: watch.noise(offered.generator_cpu),
            traffic: offered.traffic,
        }
    }
}

/// Watches a load that is not measured.
struct Patience<'a> {
    interrupt: &'a Interrupt,
    progress: &'a dyn Fn(),
}

impl Observer for Patience<'_> {
    fn tick(&mut self) -> bool {
        (self.progress)();
        !self.interrupt.is_set()
    }
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
