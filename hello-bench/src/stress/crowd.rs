//! What idle connections cost: memory and CPU time while they are there, memory after they have left.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hello_load::{Crowd, FloodObserver, Load, Stress};
use serde::{Deserialize, Serialize};

use crate::stress::watch::Watch;
use crate::system::files::raise_limit;
use crate::system::process::Memory;

/// How often the time is checked while connections idle.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// What idle connections cost.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct IdleConnections {
    /// Memory before the first connection; absent where the service is not a process that we know.
    pub before: Option<Memory>,
    /// At each count, ascending.
    pub counts: Vec<IdlePoint>,
    /// Memory once all have left; absent likewise, or where the load was stopped.
    pub after: Option<Memory>,
    /// How long after they left, in seconds.
    pub after_s: f64,
}

/// What so many idle connections cost.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct IdlePoint {
    /// How many the scenario asks for.
    pub asked: u32,
    /// How many there were: fewer where the limit of open files is lower, or the service refused one.
    pub connections: u32,
    /// How many the service had closed by the end.
    pub closed: u32,
    /// Whether it refused one.
    pub is_refused: bool,
    /// Memory while they idle; absent where the service is not a process that we know.
    pub memory: Option<Memory>,
    /// CPU time a second while they idle, in µs; absent likewise.
    pub cpu_us_per_s: Option<f64>,
}

impl IdleConnections {
    /// Resident memory for each connection of a point, in bytes; absent where memory is not known.
    pub fn bytes_per_connection(&self, point: &IdlePoint) -> Option<f64> {
        let grown = point.memory?.rss_bytes as f64 - self.before?.rss_bytes as f64;
        (point.connections > 0).then(|| grown.max(0.0) / f64::from(point.connections))
    }

    /// That of the largest crowd.
    pub fn connection_bytes(&self) -> Option<f64> {
        self.bytes_per_connection(self.counts.last()?).filter(|bytes| *bytes > 0.0)
    }
}

/// Opens, and then drops, the connections of a scenario. Memory afterwards is left to [`wait`].
///
/// # Errors
/// As [`Crowd::grow`], and when the scenario has no counts.
pub(crate) fn gather(load: &Load, watch: &mut Watch) -> Result<IdleConnections> {
    let Some(Stress::Connections { counts, idle_s, .. }) = &load.scenario.stress else {
        bail!("the scenario has no counts of connections");
    };
    let allowed = raise_limit();
    let mut crowd = Crowd::new(load);
    // One answer, so that what the first request needs is there already.
    crowd.grow(1, &mut || watch.tick())?;
    let before = watch.memory();
    let mut points = Vec::new();
    for asked in counts {
        let wanted = (*asked as usize).min(allowed);
        crowd.grow(wanted, &mut || watch.tick())?;
        let connections = crowd.open();
        let memory = watch.memory();
        let (cpu_before, began) = (watch.service_cpu(), Instant::now());
        wait(Duration::from_secs_f64(*idle_s), &mut || watch.tick())?;
        let elapsed = began.elapsed().as_secs_f64();
        let spent = watch.service_cpu().saturating_sub(cpu_before).as_secs_f64();
        points.push(IdlePoint {
            asked: *asked,
            connections: u32::try_from(connections)?,
            closed: u32::try_from(connections.saturating_sub(crowd.open()))?,
            is_refused: crowd.refused > 0,
            memory,
            cpu_us_per_s: watch.tree.map(|_| spent * 1e6 / elapsed),
        });
    }
    Ok(IdleConnections { before, counts: points, after: None, after_s: 0.0 })
}

/// Lets time pass.
///
/// # Errors
/// When `goes_on` says no.
pub(crate) fn wait(time: Duration, goes_on: &mut dyn FnMut() -> bool) -> Result<()> {
    let end = Instant::now() + time;
    loop {
        if !goes_on() {
            bail!("interrupted");
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        thread::sleep(left.min(POLL_INTERVAL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_for_a_connection_is_what_was_added() {
        let memory = |rss_bytes| Some(Memory { rss_bytes, pss_bytes: 0, threads: 1 });
        let point = |connections, rss_bytes| IdlePoint {
            asked: connections,
            connections,
            closed: 0,
            is_refused: false,
            memory: memory(rss_bytes),
            cpu_us_per_s: Some(10.0),
        };
        let counts = vec![point(10, 3_000_000), point(1000, 9_000_000)];
        let idle = IdleConnections { before: memory(1_000_000), counts, after: None, after_s: 0.0 };
        assert_eq!(idle.bytes_per_connection(&idle.counts[0]), Some(200_000.0));
        assert_eq!(idle.connection_bytes(), Some(8000.0));
        assert_eq!(IdleConnections { before: None, ..idle }.connection_bytes(), None);
    }
}
