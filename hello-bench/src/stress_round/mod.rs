//! One round of a load that looks for limits: all services alive, visited in turn where that fits.

mod idle;
mod rates;

use std::thread;
use std::time::Duration;

use anyhow::Result;
use fastrand::Rng;
use hello_load::{Scenario, Stress, own_cpu};

use crate::participant::{Participant, each, spent, stop};
use crate::program::Program;
use crate::sample::Sample;
use crate::session::Session;
use crate::stress_round::idle::IdleParticipant;
use crate::stress_round::rates::{RateParticipant, known_rate};
use crate::system::files::raise_limit;
use crate::system::noise::{Counters, Noise};
use crate::trial::IDLE_TIME;

/// One round under one scenario.
pub(crate) struct StressRound<'a> {
    /// The cores, and whether the user wants to stop.
    pub session: &'a Session,
    pub scenario: &'a Scenario,
    /// What it looks for.
    pub stress: &'a Stress,
    /// The number of the round, from 1.
    pub number: u32,
    /// What was measured before: the rates that this round found already.
    pub samples: &'a [Sample],
    /// Called between windows, to show progress.
    pub progress: &'a dyn Fn(),
}

impl StressRound<'_> {
    /// Measures these services. Whatever goes wrong with one is the failure of its sample, and the others go on.
    ///
    /// # Errors
    /// When the user interrupts.
    pub(crate) fn run(&self, programs: &[&Program], mut rng: Rng) -> Result<Vec<Sample>> {
        match self.stress {
            Stress::Sustain { .. } => self.sustain(programs, &mut rng),
            Stress::Curve { percent, .. } => self.curve(programs, percent, &mut rng),
            Stress::Overload { .. } => self.overload(programs, &mut rng),
            Stress::Connections { left_s, .. } => self.connections(programs, *left_s, &mut rng),
        }
    }

    fn sustain(&self, programs: &[&Program], rng: &mut Rng) -> Result<Vec<Sample>> {
        let (before, spent_before) = (Counters::read(), own_cpu());
        let mut participants = self.found(programs, |_| None, rng)?;
        // The services began within the round.
        let own = spent(&participants).saturating_sub(spent_before);
        let noise = Noise::since(before.as_ref(), own);
        let cores = self.session.cores.service.len();
        for participant in &mut participants {
            participant.read_memory();
            participant.note_sustained(noise, cores);
        }
        Ok(stop(participants))
    }

    fn curve(&self, programs: &[&Program], percent: &[f64], rng: &mut Rng) -> Result<Vec<Sample>> {
        let mut participants = self.found(programs, |program| self.known_rate(program), rng)?;
        let mut percent = percent.to_vec();
        rng.shuffle(&mut percent);
        for percent in percent {
            self.pass(&mut participants, rng, |participant| participant.visit(percent))?;
        }
        participants.iter_mut().for_each(RateParticipant::note_curve);
        Ok(stop(participants))
    }

    /// One service after the other: an overload that is interrupted is none.
    fn overload(&self, programs: &[&Program], rng: &mut Rng) -> Result<Vec<Sample>> {
        raise_limit();
        let mut participants = self.found(programs, |program| self.known_rate(program), rng)?;
        let seed = rng.u64(..);
        self.pass(&mut participants, rng, |participant| {
            participant.flood(self.scenario, seed, self.session, self.progress)
        })?;
        Ok(stop(participants))
    }

    /// One service after the other; memory is read once the last one's connections have left for long enough.
    fn connections(&self, programs: &[&Program], left_s: f64, rng: &mut Rng) -> Result<Vec<Sample>> {
        raise_limit();
        let mut participants: Vec<IdleParticipant> = self.launched(programs, rng)?;
        let seed = rng.u64(..);
        self.pass(&mut participants, rng, |participant| {
            participant.gather(self.scenario, seed, self.session, self.progress)
        })?;
        let left = Duration::from_secs_f64(left_s);
        self.pass_in_order(&mut participants, |participant| {
            participant.read_memory_after(left, self.session, self.progress)
        })?;
        Ok(stop(participants))
    }

    /// The services with open connections, once the rate of each is known: window by window, each of which visits all
    /// services in a fresh random order, so that a burst of something else does not spoil all windows of one service.
    fn found<'p>(
        &self,
        programs: &[&'p Program],
        known: impl Fn(&Program) -> Option<f64>,
        rng: &mut Rng,
    ) -> Result<Vec<RateParticipant<'p>>> {
        let mut participants = self.launched(programs, rng)?;
        let mut order: Vec<_> = participants.iter_mut().collect();
        rng.shuffle(&mut order);
        each(order, &self.session.interrupt, |participant| {
            let seeded = (rng.u64(..), known(participant.program));
            participant.open(self.scenario, seeded, self.session)
        })?;
        while !participants.iter().all(RateParticipant::is_found) {
            self.pass(&mut participants, rng, |participant| participant.load()?.finder.advance())?;
        }
        Ok(participants)
    }

    /// The rate of a service: the scenario's, or what this round found under another scenario.
    fn known_rate(&self, program: &Program) -> Option<f64> {
        self.scenario
            .rate_per_s
            .or_else(|| known_rate(self.samples, self.number, &program.service.name))
    }

    /// Visits every service once, in a random order.
    fn pass<L>(
        &self,
        participants: &mut [Participant<L>],
        rng: &mut Rng,
        mut step: impl FnMut(&mut Participant<L>) -> Result<()>,
    ) -> Result<()> {
        let mut order: Vec<_> = participants.iter_mut().collect();
        rng.shuffle(&mut order);
        each(order, &self.session.interrupt, |participant| {
            (self.progress)();
            step(participant)
        })
    }

    /// Visits every service once, as they were left.
    fn pass_in_order(
        &self,
        participants: &mut [IdleParticipant],
        step: impl FnMut(&mut IdleParticipant) -> Result<()>,
    ) -> Result<()> {
        let mut order: Vec<_> = participants.iter_mut().collect();
        order.sort_by_key(|participant| participant.left_at());
        each(order, &self.session.interrupt, step)
    }

    /// The services, started and warm.
    fn launched<'p, L>(&self, programs: &[&'p Program], rng: &mut Rng) -> Result<Vec<Participant<'p, L>>> {
        let mut participants =
            Participant::launch_all(programs, self.scenario, (self.number, rng), self.session)?;
        thread::sleep(IDLE_TIME);
        each(&mut participants, &self.session.interrupt, |participant| {
            participant.read_idle_memory()?;
            participant.warm_up(self.scenario, self.session, self.progress)
        })?;
        Ok(participants)
    }
}
