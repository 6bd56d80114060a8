//! A service in a round of idle connections.

use std::time::{Duration, Instant};

use anyhow::Result;
use hello_load::{FloodObserver, Scenario};

use crate::participant::Participant;
use crate::session::Session;
use crate::stress::crowd::{IdleConnections, gather, wait};
use crate::stress::findings::Findings;
use crate::stress::watch::Watch;

/// A service in such a round.
pub(crate) type IdleParticipant<'a> = Participant<'a, Left>;

/// A crowd that has left.
pub(crate) struct Left {
    found: IdleConnections,
    at: Instant,
}

impl IdleParticipant<'_> {
    /// Opens the connections, lets them idle, and closes them.
    pub(crate) fn gather(
        &mut self,
        scenario: &Scenario,
        seed: u64,
        session: &Session,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let target = self.target()?;
        let load = self.program.load(&target, scenario, &session.cores, seed);
        let mut watch = Watch::new(self.tree, session.cores.service.len(), &session.interrupt, progress);
        let found = gather(&load, &mut watch)?;
        self.load = Some(Left { found, at: Instant::now() });
        Ok(())
    }

    /// When its connections left; absent for one that failed.
    pub(crate) fn left_at(&self) -> Option<Instant> {
        self.load.as_ref().map(|left| left.at)
    }

    /// Reads memory so long after the connections left.
    pub(crate) fn read_memory_after(
        &mut self,
        time: Duration,
        session: &Session,
        progress: &dyn Fn(),
    ) -> Result<()> {
        let mut watch = Watch::new(self.tree, session.cores.service.len(), &session.interrupt, progress);
        let left = self.load()?;
        wait(time.saturating_sub(left.at.elapsed()), &mut || watch.tick())?;
        left.found.after = watch.memory();
        left.found.after_s = left.at.elapsed().as_secs_f64();
        self.sample.findings = self.load.take().map(|left| Findings::Connections(left.found));
        Ok(())
    }
}
