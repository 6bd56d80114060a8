//! A service in a round: its process, its connections, and what they measured so far.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use hello_load::{Scenario, Slice, SlicedLoad, Target};

use crate::launch::Running;
use crate::program::Program;
use crate::sample::{LoadMetrics, Sample};
use crate::session::Session;
use crate::system::cores::Cores;
use crate::system::noise::Noise;
use crate::system::process::{CpuClock, Memory, Tree};
use crate::warm_up::warm_up;

/// A service in a round. Once something went wrong with it, it has no process any more and is left alone.
pub(crate) struct Contender<'a> {
    program: &'a Program,
    sample: Sample,
    running: Option<Running>,
    tree: Option<Tree>,
    clock: Option<CpuClock>,
    load: Option<SlicedLoad>,
    slices: Vec<Slice>,
    peak: Memory,
}

impl<'a> Contender<'a> {
    /// Starts the service and waits for its first answer.
    pub(crate) fn launch(program: &'a Program, scenario: &Scenario, round: u32, cores: &Cores) -> Self {
        let mut contender = Self {
            program,
            sample: Sample::new(round, &scenario.name, &program.service.name),
            running: None,
            tree: None,
            clock: None,
            load: None,
            slices: Vec::new(),
            peak: Memory::default(),
        };
        match Running::launch(program, cores) {
            Ok(running) => {
                contender.running = Some(running);
                contender.attempt(Self::take_first_answer);
            }
            Err(cause) => contender.fail(&cause),
        }
        contender
    }

    /// Takes a step, unless an earlier one failed.
    pub(crate) fn attempt(&mut self, step: impl FnOnce(&mut Self) -> Result<()>) {
        if self.running.is_some()
            && let Err(cause) = step(self)
        {
            self.fail(&cause);
        }
    }

    fn fail(&mut self, cause: &anyhow::Error) {
        let exit = self.running.as_mut().and_then(Running::exit_reason);
        let cause = exit.map_or_else(|| format!("{cause:#}"), |exit| format!("{exit} under load"));
        self.sample = self.sample.clone().failed(&cause);
        (self.load, self.running) = (None, None);
    }

    fn take_first_answer(&mut self) -> Result<()> {
        let running = self.running()?;
        let (first_answer, tree) = (running.first_answer()?, running.tree()?);
        self.sample.start_up_us = Some(first_answer.as_secs_f64() * 1e6);
        self.tree = Some(tree);
        Ok(())
    }

    fn running(&self) -> Result<&Running> {
        self.running
            .as_ref()
            .with_context(|| format!("{} is not running", self.program.service.name))
    }

    /// Reads memory without load.
    pub(crate) fn read_idle_memory(&mut self) -> Result<()> {
        self.sample.idle = self.tree.map(Tree::memory);
        Ok(())
    }

    /// Gives a JIT compiler the load that it needs.
    pub(crate) fn warm_up(
        &mut self,
        scenario: &Scenario,
        session: &Session,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let target = Target::at(self.running()?.address);
        let load = self.program.load(&target, scenario, &session.cores, 0);
        warm_up(&load, self.program.service.warm_up_s, &session.interrupt, progress)
    }

    /// Opens the connections.
    pub(crate) fn connect(&mut self, scenario: &Scenario, seed: u64, session: &Session) -> Result<()> {
        let target = Target::at(self.running()?.address);
        self.load = Some(SlicedLoad::connect(&self.program.load(&target, scenario, &session.cores, seed))?);
        self.clock = self.tree.map(Tree::clock);
        Ok(())
    }

    /// Offers one slice.
    pub(crate) fn drive_slice(&mut self) -> Result<()> {
        let (Some(load), Some(clock)) = (self.load.as_mut(), self.clock.as_ref()) else {
            return Err(anyhow!("{} has no connections", self.program.service.name));
        };
        self.slices.push(load.drive(&|| clock.read())?);
        Ok(())
    }

    /// Forgets the slices so far: they were a warm-up.
    pub(crate) fn forget(&mut self) {
        self.slices.clear();
        if let Some(load) = &mut self.load {
            load.forget();
        }
    }

    /// Reads memory under load, and which processes there are.
    pub(crate) fn read_memory(&mut self) {
        if let Some(tree) = self.tree {
            self.peak = self.peak.max(tree.peak_memory());
            self.clock = Some(tree.clock());
        }
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Duration {
        self.tree.map_or(Duration::ZERO, Tree::cpu)
    }

    /// Closes the connections: what was measured, and the process, which still runs unless it failed.
    pub(crate) fn finish(mut self, noise: Noise, service_cores: usize) -> (Sample, Option<Running>) {
        let Some(load) = self.load.take() else { return (self.sample, self.running) };
        let traffic = load.finish(&self.slices);
        let sum = |value: fn(&Slice) -> u64| self.slices.iter().map(value).sum::<u64>();
        let cpu = Duration::from_nanos(sum(|slice| slice.service_cpu_ns));
        let spent = (sum(|slice| slice.answers), cpu);
        self.sample.load = Some(LoadMetrics::new(traffic, spent, service_cores, self.peak, noise));
        self.sample.slices = self.slices;
        (self.sample, self.running)
    }
}
