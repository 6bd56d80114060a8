//! Which core runs what: the service and the generator do not share one where there are two.
//!
//! The division is a value, made once from the machine. No thread is confined but those that run for it.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use anyhow::{Context, Result, anyhow};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The logical CPUs of the service and those of the generator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cores {
    /// Where services run.
    pub service: Vec<usize>,
    /// Where the generator runs.
    pub generator: Vec<usize>,
}

impl Cores {
    /// Halves the physical cores that this process may use, so that hyperthreads of one core stay together. With one
    /// physical core its hyperthreads are divided; with one CPU, service and generator share it.
    ///
    /// # Errors
    /// When the system does not report the CPUs.
    pub fn split() -> Result<Self> {
        let allowed = sched_getaffinity(Pid::this()).context("cannot read which cores are available")?;
        let cpus = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        Ok(Self::halve(&cpus.map(|cpu| (cpu, physical_core(cpu))).collect::<Vec<_>>()))
    }

    /// The same CPUs for both: for what is not timed.
    #[must_use]
    pub fn shared(&self) -> Self {
        let mut all = self.service.clone();
        all.extend(self.generator.iter().filter(|cpu| !self.service.contains(cpu)));
        Self { service: all.clone(), generator: all }
    }

    /// Divides CPUs, each given with its physical core.
    fn halve(cpus: &[(usize, PhysicalCore)]) -> Self {
        let mut cores: BTreeMap<PhysicalCore, Vec<usize>> = BTreeMap::new();
        for (cpu, core) in cpus {
            cores.entry(*core).or_default().push(*cpu);
        }
        let mut groups: Vec<Vec<usize>> = cores.into_values().collect();
        if groups.len() == 1 {
            groups = cpus.iter().map(|(cpu, _)| vec![*cpu]).collect();
        }
        groups.sort();
        if groups.len() < 2 {
            let all = groups.concat();
            return Self { service: all.clone(), generator: all };
        }
        let (service, generator) = groups.split_at(groups.len() / 2);
        let sorted = |groups: &[Vec<usize>]| {
            let mut cpus = groups.concat();
            cpus.sort_unstable();
            cpus
        };
        Self { service: sorted(service), generator: sorted(generator) }
    }

    /// Whether service and generator compete for a core, so that neither's throughput is its own.
    pub fn are_shared(&self) -> bool {
        self.service == self.generator
    }

    /// Runs `work` on a thread that is confined to the cores of the service, and so are the processes that it starts.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn on_service<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        on(&self.service, work)
    }

    /// Runs `work` on a thread that is confined to the cores of the generator, and so are the threads that it starts.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn on_generator<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        on(&self.generator, work)
    }
}

fn on<T: Send>(cpus: &[usize], work: impl FnOnce() -> T + Send) -> Result<T> {
    thread::scope(|scope| {
        let confined = scope.spawn(move || confine(cpus).map(|()| work()));
        confined.join().map_err(|_| anyhow!("a confined thread panicked"))?
    })
}

/// Confines the calling thread, and the threads and processes that it starts from now on.
fn confine(cpus: &[usize]) -> Result<()> {
    let mut set = CpuSet::new();
    for cpu in cpus {
        set.set(*cpu).with_context(|| format!("there is no core {cpu}"))?;
    }
    sched_setaffinity(Pid::from_raw(0), &set).with_context(|| format!("cannot run on cores {cpus:?}"))
}

/// Package and core, as `/sys` numbers them.
type PhysicalCore = (i64, i64);

/// The physical core of a CPU; a core of its own where `/sys` does not list it.
fn physical_core(cpu: usize) -> PhysicalCore {
    let read = |name: &str| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/{name}");
        fs::read_to_string(path).ok()?.trim().parse::<i64>().ok()
    };
    match (read("physical_package_id"), read("core_id")) {
        (Some(package), Some(core)) => (package, core),
        _ => (i64::MAX, cpu as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn halves(cpus: &[(usize, PhysicalCore)]) -> (Vec<usize>, Vec<usize>) {
        let cores = Cores::halve(cpus);
        (cores.service, cores.generator)
    }

    #[test]
    fn the_generator_gets_the_odd_core() {
        let own =
            |cpus: &[usize]| halves(&cpus.iter().map(|cpu| (*cpu, (0, *cpu as i64))).collect::<Vec<_>>());
        assert_eq!(own(&[0, 2, 3]), (vec![0], vec![2, 3]));
        assert_eq!(own(&[4]), (vec![4], vec![4]));
    }

    #[test]
    fn hyperthreads_of_a_core_stay_together() {
        // Siblings are k and k + 4, as Linux numbers most desktops.
        let numbered = |cpus: usize, cores: usize| -> Vec<(usize, PhysicalCore)> {
            (0..cpus).map(|cpu| (cpu, (0, (cpu % cores) as i64))).collect()
        };
        assert_eq!(halves(&numbered(8, 4)), (vec![0, 1, 4, 5], vec![2, 3, 6, 7]));
        assert_eq!(halves(&numbered(2, 1)), (vec![0], vec![1]));
        assert_eq!(halves(&numbered(4, 2)), (vec![0, 2], vec![1, 3]));
    }

    #[test]
    fn confined_work_leaves_the_caller_as_it_was() {
        let before = sched_getaffinity(Pid::from_raw(0)).unwrap();
        let cores = Cores::split().unwrap();
        let within = cores.on_service(|| sched_getaffinity(Pid::from_raw(0)).unwrap()).unwrap();
        let is_set = |cpu: usize| within.is_set(cpu).unwrap();
        assert!(cores.service.iter().all(|cpu| is_set(*cpu)));
        assert_eq!((0..CpuSet::count()).filter(|cpu| is_set(*cpu)).count(), cores.service.len());
        assert_eq!(sched_getaffinity(Pid::from_raw(0)).unwrap(), before);
    }
}
