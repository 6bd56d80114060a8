//! Which core runs what: the service and the generator do not share one where there are two.

use anyhow::{Context, Result};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The cores of the service and those of the generator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cores {
    /// Where services run.
    pub service: Vec<usize>,
    /// Where the generator runs.
    pub generator: Vec<usize>,
}

impl Cores {
    /// Halves the cores that this process may use. With one core, both share it.
    ///
    /// # Errors
    /// When the system does not tell the cores.
    pub fn split() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::from_raw(0)).context("cannot read which cores may be used")?;
        let all = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false)).collect();
        Ok(Self::halve(all))
    }

    fn halve(all: Vec<usize>) -> Self {
        if all.len() < 2 {
            return Self { service: all.clone(), generator: all };
        }
        let (service, generator) = all.split_at(all.len() / 2);
        Self { service: service.to_vec(), generator: generator.to_vec() }
    }

    /// Whether service and generator compete for a core, so that neither's throughput is its own.
    pub fn are_shared(&self) -> bool {
        self.service == self.generator
    }

    /// Confines the calling thread, and the threads and processes that it starts from now on.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn confine(cores: &[usize]) -> Result<()> {
        let mut set = CpuSet::new();
        for core in cores {
            set.set(*core).with_context(|| format!("there is no core {core}"))?;
        }
        sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot run on cores {cores:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_gets_the_odd_core() {
        let cores = Cores::halve(vec![0, 2, 3]);
        assert_eq!((cores.service.as_slice(), cores.generator.as_slice()), (&[0][..], &[2, 3][..]));
        assert!(Cores::halve(vec![4]).are_shared());
    }
}
