//! A load to offer, and what came of it.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::scenario::Scenario;
use crate::target::Target;
use crate::traffic::Traffic;
use crate::verify::Strictness;

/// A load to offer.
#[derive(Clone, Debug)]
pub struct Load<'a> {
    /// The server under load.
    pub target: &'a Target,
    /// What to offer.
    pub scenario: &'a Scenario,
    /// What a right answer is.
    pub strictness: Strictness,
    /// Threads that share the connections: one for each core of the generator.
    pub threads: usize,
    /// The seed of the names that are asked for and of the first offsets.
    pub seed: u64,
}

impl Load<'_> {
    /// The number of workers: no more than there are connections.
    pub(crate) fn workers(&self) -> usize {
        self.threads.clamp(1, self.scenario.connections as usize)
    }

    /// The connections of each worker.
    pub(crate) fn shares(&self) -> impl Iterator<Item = usize> + use<> {
        let (all, workers) = (self.scenario.connections as usize, self.workers());
        (0..workers).map(move |index| (all + index) / workers)
    }
}

/// What came of a load.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadResult {
    /// What the generator saw.
    pub traffic: Traffic,
    /// Answers, right or wrong, between the observer's two readings.
    pub answers: u64,
    /// CPU time of the generator between them.
    pub generator_cpu: Duration,
}

/// CPU time of this process so far, over all threads.
pub fn own_cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}
