//! A service that takes part in a round: its process, what it measured so far, and what went wrong.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use hello_load::{Scenario, Target, own_cpu};

use crate::interrupt::Interrupt;
use crate::launch::Running;
use crate::program::Program;
use crate::sample::Sample;
use crate::session::Session;
use crate::system::cores::Cores;
use crate::system::process::{Memory, Tree};
use crate::warm_up::warm_up;

/// A service in a round, with its load. Once something went wrong with it, it has no process any more and is left alone.
pub(crate) struct Participant<'a, L> {
    pub(crate) program: &'a Program,
    pub(crate) sample: Sample,
    pub(crate) running: Option<Running>,
    pub(crate) tree: Option<Tree>,
    /// What offers the load; absent until its connections are open, and after a failure.
    pub(crate) load: Option<L>,
    pub(crate) peak: Memory,
}

impl<'a, L> Participant<'a, L> {
    /// Starts these services in a random order, each up to its first answer.
    ///
    /// # Errors
    /// When the user interrupts.
    pub(crate) fn launch_all(
        programs: &[&'a Program],
        scenario: &Scenario,
        (round, rng): (u32, &mut Rng),
        session: &Session,
    ) -> Result<Vec<Self>> {
        let mut order: Vec<&Program> = programs.to_vec();
        rng.shuffle(&mut order);
        let launch = |program| {
            session.interrupt.check()?;
            Ok(Self::launch(program, scenario, round, &session.cores))
        };
        order.into_iter().map(launch).collect()
    }

    /// Starts the service and waits for its first answer.
    fn launch(program: &'a Program, scenario: &Scenario, round: u32, cores: &Cores) -> Self {
        let mut participant = Self {
            program,
            sample: Sample::new(round, &scenario.name, &program.service.name),
            running: None,
            tree: None,
            load: None,
            peak: Memory::default(),
        };
        match Running::launch(program, cores) {
            Ok(running) => {
                participant.running = Some(running);
                if let Err(cause) = participant.take_first_answer() {
                    participant.fail(&cause);
                }
            }
            Err(cause) => participant.fail(&cause),
        }
        participant
    }

    fn fail(&mut self, cause: &anyhow::Error) {
        let exit = self.running.as_mut().and_then(Running::exit_reason);
        let when = if self.sample.load.is_some() { "after the load" } else { "under load" };
        let cause = exit.map_or_else(|| format!("{cause:#}"), |exit| format!("{exit} {when}"));
        self.sample = self.sample.clone().failed(&cause);
        (self.load, self.running) = (None, None);
    }

    fn take_first_answer(&mut self) -> Result<()> {
        let running = self.running()?;
        let first_answer = running.first_answer()?;
        if running.is_here() {
            self.tree = Some(running.tree()?);
            self.sample.start_up_us = Some(first_answer.as_secs_f64() * 1e6);
        }
        Ok(())
    }

    fn running(&self) -> Result<&Running> {
        self.running
            .as_ref()
            .with_context(|| format!("{} is not running", self.program.service.name))
    }

    /// What its load goes to.
    pub(crate) fn target(&self) -> Result<Target> {
        Ok(self.running()?.target.clone())
    }

    pub(crate) fn load(&mut self) -> Result<&mut L> {
        let name = &self.program.service.name;
        self.load.as_mut().with_context(|| format!("{name} has no connections"))
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
        let target = self.target()?;
        let load = self.program.load(&target, scenario, &session.cores, 0);
        warm_up(&load, self.program.service.warm_up_s, &session.interrupt, progress)
    }

    /// Reads memory under load.
    pub(crate) fn read_memory(&mut self) {
        if let Some(tree) = self.tree {
            self.peak = self.peak.max(tree.peak_memory());
        }
    }

    /// Reads memory some time after the load.
    pub(crate) fn read_rested_memory(&mut self) -> Result<()> {
        let running = self.running.as_mut().context("is not running")?;
        ensure!(running.wait(Duration::ZERO)?.is_none(), "ended after the load");
        self.sample.rested = self.tree.map(Tree::memory);
        Ok(())
    }

    /// Stops the service by itself, and notes how long that takes.
    pub(crate) fn stop_alone(&mut self) {
        let took = self.running.take().and_then(Running::time_stop);
        self.sample.stop_us = took.map(|took| took.as_secs_f64() * 1e6);
    }

    /// CPU time so far.
    pub(crate) fn cpu(&self) -> Duration {
        self.tree.map_or(Duration::ZERO, Tree::cpu)
    }
}

/// Has each service take a step, unless an earlier one failed.
///
/// # Errors
/// When the user interrupts.
pub(crate) fn each<'p, 'a: 'p, L: 'p>(
    participants: impl IntoIterator<Item = &'p mut Participant<'a, L>>,
    interrupt: &Interrupt,
    mut step: impl FnMut(&mut Participant<'a, L>) -> Result<()>,
) -> Result<()> {
    for participant in participants {
        interrupt.check()?;
        if participant.running.is_some()
            && let Err(cause) = step(participant)
        {
            // What the user interrupts has not failed, and nobody waits for its end.
            interrupt.check()?;
            participant.fail(&cause);
        }
    }
    interrupt.check()
}

/// CPU time of services and generator so far.
pub(crate) fn spent<L>(participants: &[Participant<L>]) -> Duration {
    participants.iter().map(Participant::cpu).sum::<Duration>() + own_cpu()
}

/// Stops the services: what was measured of them.
pub(crate) fn stop<L>(participants: Vec<Participant<L>>) -> Vec<Sample> {
    let (samples, running): (Vec<Sample>, Vec<Option<Running>>) = participants
        .into_iter()
        .map(|participant| (participant.sample, participant.running))
        .unzip();
    Running::stop(running.into_iter().flatten());
    samples
}
