//! A service in a round of slices: its connections, and what they measured so far.

use std::time::Duration;

use anyhow::Result;
use hello_load::{Scenario, Slice, SlicedLoad};

use crate::participant::Participant;
use crate::sample::{LoadMetrics, Spent};
use crate::session::Session;
use crate::system::noise::Noise;
use crate::system::process::{CpuClock, Tree};

/// A service in a round of slices.
pub(crate) type Contender<'a> = Participant<'a, Slices>;

/// The connections of a load that comes in slices.
pub(crate) struct Slices {
    load: SlicedLoad,
    /// Absent for a server that runs elsewhere.
    clock: Option<CpuClock>,
    slices: Vec<Slice>,
}

impl Contender<'_> {
    /// Opens the connections.
    pub(crate) fn connect(&mut self, scenario: &Scenario, seed: u64, session: &Session) -> Result<()> {
        let target = self.target()?;
        let load = SlicedLoad::connect(&self.program.load(&target, scenario, &session.cores, seed))?;
        self.load = Some(Slices { load, clock: self.tree.map(Tree::clock), slices: Vec::new() });
        Ok(())
    }

    /// Offers one slice.
    pub(crate) fn drive_slice(&mut self) -> Result<()> {
        let Slices { load, clock, slices } = self.load()?;
        let clock = clock.as_ref();
        slices.push(load.drive(&|| clock.map_or(Duration::ZERO, CpuClock::read))?);
        Ok(())
    }

    /// Forgets the slices so far: they were a warm-up.
    pub(crate) fn forget(&mut self) {
        if let Some(Slices { load, slices, .. }) = &mut self.load {
            slices.clear();
            load.forget();
        }
    }

    /// Reads memory under load, and which processes there are.
    pub(crate) fn look_at_processes(&mut self) {
        self.read_memory();
        if let (Some(load), Some(clock)) = (&mut self.load, self.tree.map(Tree::clock)) {
            load.clock = Some(clock);
        }
    }

    /// Closes the connections, and notes what was measured.
    pub(crate) fn note(&mut self, noise: Noise, service_cores: usize) {
        let Some(Slices { load, slices, .. }) = self.load.take() else { return };
        let traffic = load.finish(&slices);
        let sum = |value: fn(&Slice) -> u64| slices.iter().map(value).sum::<u64>();
        let cpu = Duration::from_nanos(sum(|slice| slice.service_cpu_ns));
        let spent = self.tree.map(|_| Spent { answers: sum(|slice| slice.answers), cpu, peak: self.peak });
        self.sample.load = Some(LoadMetrics::new(traffic, spent, service_cores, noise));
        self.sample.slices = slices;
    }
}
