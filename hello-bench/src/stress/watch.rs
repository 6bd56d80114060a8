//! The service under a load that looks for limits: its clocks and memory as far as it is a process that we know.

use std::time::{Duration, Instant};

use hello_load::FloodObserver;

use crate::interrupt::Interrupt;
use crate::system::process::{CpuClock, Memory, Tree};

/// How often memory is read: seldom enough not to be noise itself.
const MEMORY_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The CPU time of a service that is a process on this machine.
#[derive(Clone, Debug)]
pub(crate) struct ServiceCpu {
    pub clock: CpuClock,
    /// The cores that it may use.
    pub cores: usize,
}

/// A service under load, and the user, who may want to stop.
pub(crate) struct Watch<'a> {
    /// The process; absent where it is not known.
    pub tree: Option<Tree>,
    /// Its CPU time; absent likewise.
    pub cpu: Option<ServiceCpu>,
    interrupt: &'a Interrupt,
    progress: &'a dyn Fn(),
    memory_read: Instant,
    peak: Memory,
}

impl<'a> Watch<'a> {
    /// Watches a process on so many cores, or none.
    pub(crate) fn new(
        tree: Option<Tree>,
        cores: usize,
        interrupt: &'a Interrupt,
        progress: &'a dyn Fn(),
    ) -> Self {
        let cpu = tree.map(|tree| ServiceCpu { clock: tree.clock(), cores });
        Self { tree, cpu, interrupt, progress, memory_read: Instant::now(), peak: Memory::default() }
    }

    pub(crate) fn memory(&self) -> Option<Memory> {
        self.tree.map(Tree::memory)
    }

    /// The most memory seen.
    pub(crate) fn peak(&self) -> Option<Memory> {
        self.tree.map(|tree| self.peak.max(tree.peak_memory()))
    }
}

impl FloodObserver for Watch<'_> {
    fn service_cpu(&mut self) -> Duration {
        self.cpu.as_ref().map_or(Duration::ZERO, |cpu| cpu.clock.read())
    }

    /// The load goes on while the process lives and nobody wants to stop.
    fn tick(&mut self) -> bool {
        (self.progress)();
        if let Some(tree) = self.tree
            && self.memory_read.elapsed() >= MEMORY_POLL_INTERVAL
        {
            self.memory_read = Instant::now();
            self.peak = self.peak.max(tree.memory());
        }
        !self.interrupt.is_set() && self.tree.is_none_or(Tree::is_running)
    }
}
