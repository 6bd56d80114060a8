//! One round under one scenario in slices: all services alive, each visited once a sweep, in a fresh random order.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use fastrand::Rng;
use hello_load::{Scenario, Slicing};

use crate::contender::Contender;
use crate::participant::{each, spent, stop};
use crate::program::Program;
use crate::sample::Sample;
use crate::session::Session;
use crate::system::conntrack;
use crate::system::files::raise_limit;
use crate::system::noise::{Counters, Noise};
use crate::trial::IDLE_TIME;

/// Sweeps that are not measured, at the start of a round.
pub(crate) const WARM_UP_SWEEPS: u32 = 2;
/// Memory is read after every so many sweeps.
const MEMORY_SWEEPS: u32 = 10;
/// How often the time is checked while services rest.
const REST_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// One round under one scenario.
pub(crate) struct Round<'a> {
    /// The cores, and whether the user wants to stop.
    pub session: &'a Session,
    pub scenario: &'a Scenario,
    /// How it is cut.
    pub slicing: Slicing,
    /// The number of the round, from 1.
    pub number: u32,
    /// Called between slices, to show progress.
    pub progress: &'a dyn Fn(),
}

impl Round<'_> {
    /// Measures these services. Whatever goes wrong with one is the failure of its sample, and the others go on.
    ///
    /// # Errors
    /// When the user interrupts, or the system has no room for more connections.
    pub(crate) fn run(&self, programs: &[&Program], mut rng: Rng) -> Result<Vec<Sample>> {
        raise_limit();
        let round = (self.number, &mut rng);
        let mut contenders = Contender::launch_all(programs, self.scenario, round, self.session)?;
        thread::sleep(IDLE_TIME);
        let interrupt = &self.session.interrupt;
        each(&mut contenders, interrupt, |contender| contender.read_idle_memory())?;
        self.await_room()?;
        each(&mut contenders, interrupt, |contender| {
            contender.warm_up(self.scenario, self.session, self.progress)
        })?;
        // Connections are opened once all is warm: some services close one that waits too long for its first request.
        each(&mut contenders, interrupt, |contender| {
            contender.connect(self.scenario, rng.u64(..), self.session)
        })?;
        for _ in 0..WARM_UP_SWEEPS {
            self.sweep(&mut contenders, &mut rng)?;
        }
        contenders.iter_mut().for_each(Contender::forget);
        let noise = self.sweeps(&mut contenders, &mut rng)?;
        let service_cores = self.session.cores.service.len();
        contenders.iter_mut().for_each(|contender| contender.note(noise, service_cores));
        if self.scenario.rest_s.is_some() {
            self.rest(&mut contenders)?;
        }
        Ok(stop(contenders))
    }

    /// Where each request has a connection of its own, waits until the system can take more of them.
    fn await_room(&self) -> Result<()> {
        match self.scenario.connection_per_request {
            true => conntrack::await_room(&self.session.interrupt),
            false => Ok(()),
        }
    }

    /// Waits without load, reads memory again, and stops each service by itself.
    fn rest(&self, contenders: &mut [Contender]) -> Result<()> {
        let end = Instant::now() + self.scenario.rest();
        while Instant::now() < end {
            self.session.interrupt.check()?;
            (self.progress)();
            thread::sleep(REST_POLL_INTERVAL);
        }
        each(contenders.iter_mut(), &self.session.interrupt, |contender| contender.read_rested_memory())?;
        each(contenders, &self.session.interrupt, |contender| {
            contender.stop_alone();
            Ok(())
        })
    }

    /// The measured sweeps; what else went on meanwhile.
    fn sweeps(&self, contenders: &mut [Contender], rng: &mut Rng) -> Result<Noise> {
        let (before, spent_before) = (Counters::read(), spent(contenders));
        for sweep in 1..=self.slicing.sweeps {
            self.sweep(contenders, rng)?;
            if sweep % MEMORY_SWEEPS == 0 || sweep == self.slicing.sweeps {
                contenders.iter_mut().for_each(Contender::look_at_processes);
            }
        }
        let own = spent(contenders).saturating_sub(spent_before);
        Ok(Noise::since(before.as_ref(), own))
    }

    /// Visits every service once.
    fn sweep(&self, contenders: &mut [Contender], rng: &mut Rng) -> Result<()> {
        let mut order: Vec<&mut Contender> = contenders.iter_mut().collect();
        rng.shuffle(&mut order);
        self.await_room()?;
        each(order, &self.session.interrupt, |contender| contender.drive_slice())?;
        (self.progress)();
        Ok(())
    }
}
