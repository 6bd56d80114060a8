//! CPU time and memory of a service: its process and all that descend from it.

use std::time::Duration;

use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use procfs::process::Process;
use serde::{Deserialize, Serialize};

/// Memory at one moment, summed over the processes of a service.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Memory {
    /// Resident set size: pages in memory, those shared with other processes included.
    pub rss_bytes: u64,
    /// Proportional set size: as RSS, but a page that several processes map counts in shares.
    pub pss_bytes: u64,
    /// Threads.
    pub threads: u64,
}

impl Memory {
    /// The larger of each metric.
    pub fn max(self, other: Self) -> Self {
        Self {
            rss_bytes: self.rss_bytes.max(other.rss_bytes),
            pss_bytes: self.pss_bytes.max(other.pss_bytes),
            threads: self.threads.max(other.threads),
        }
    }
}

/// A running process and its descendants.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tree {
    root: i32,
}

impl Tree {
    /// The tree under this process.
    pub fn of(root: u32) -> Self {
        Self { root: root.cast_signed() }
    }

    /// CPU time spent so far, user and system, by all threads of the processes that live now.
    pub fn cpu(self) -> Duration {
        self.clock().read()
    }

    /// Whether the process has not ended.
    pub fn is_running(self) -> bool {
        Process::new(self.root)
            .and_then(|process| process.stat())
            .is_ok_and(|stat| stat.state != 'Z')
    }

    /// The CPU clocks of the processes that live now.
    pub fn clock(self) -> CpuClock {
        let clock = |pid| clock_getcpuclockid(Pid::from_raw(pid)).ok();
        CpuClock { clocks: self.pids().into_iter().filter_map(clock).collect() }
    }

    /// Memory now, from `/proc/PID/smaps_rollup`, which is exact. Processes that have ended count as nothing.
    pub fn memory(self) -> Memory {
        self.pids().into_iter().filter_map(memory).fold(Memory::default(), |sum, one| Memory {
            rss_bytes: sum.rss_bytes + one.rss_bytes,
            pss_bytes: sum.pss_bytes + one.pss_bytes,
            threads: sum.threads + one.threads,
        })
    }

    /// Memory now, with the kernel's own count of the peak of the resident set where there is one.
    pub fn peak_memory(self) -> Memory {
        let now = self.memory();
        Memory { rss_bytes: now.rss_bytes.max(self.high_water_rss_bytes().unwrap_or_default()), ..now }
    }

    /// The most that the resident set has ever been, by the kernel's own count; `None` for several processes, whose
    /// peaks need not coincide.
    fn high_water_rss_bytes(self) -> Option<u64> {
        if self.pids().len() > 1 {
            return None;
        }
        let status = Process::new(self.root).ok()?.status().ok()?;
        status.vmhwm.map(|kib| kib * 1024)
    }

    fn pids(self) -> Vec<i32> {
        let mut found = vec![self.root];
        let mut next = 0;
        while let Some(&pid) = found.get(next) {
            found.extend(children(pid));
            next += 1;
        }
        found
    }
}

fn children(pid: i32) -> Vec<i32> {
    let tasks = Process::new(pid).and_then(|process| process.tasks());
    let tasks = tasks.into_iter().flatten().flatten();
    tasks.filter_map(|task| task.children().ok()).flatten().map(u32::cast_signed).collect()
}

/// The CPU clocks of some processes, which count nanoseconds where `/proc/PID/stat` counts ticks of 10 ms. Reading them
/// takes one system call a process.
#[derive(Clone, Debug)]
pub struct CpuClock {
    clocks: Vec<ClockId>,
}

impl CpuClock {
    /// CPU time so far, user and system, over all threads. Processes that have ended count as nothing.
    pub fn read(&self) -> Duration {
        let read = |clock: &ClockId| clock_gettime(*clock).ok().map(Duration::from);
        self.clocks.iter().filter_map(read).sum()
    }
}

fn memory(pid: i32) -> Option<Memory> {
    let process = Process::new(pid).ok()?;
    let rollup = process.smaps_rollup().ok()?;
    let map = rollup.memory_map_rollup.0.first()?;
    let bytes = |key: &str| map.extension.map.get(key).copied().unwrap_or_default();
    Some(Memory {
        rss_bytes: bytes("Rss"),
        pss_bytes: bytes("Pss"),
        threads: process.status().map_or(0, |status| status.threads),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};
    use std::thread;
    use std::time::Instant;

    #[test]
    fn a_tree_counts_its_descendants() {
        let mut shell = Command::new("sh")
            .args(["-c", "sleep 30 & sleep 30 & echo; wait"])
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let mut line = [0];
        std::io::Read::read_exact(shell.stdout.as_mut().unwrap(), &mut line).unwrap();
        let tree = Tree::of(shell.id());
        assert_eq!(tree.pids().len(), 3);
        // A process that becomes another program has no memory for a moment.
        let limit = Instant::now() + Duration::from_secs(5);
        while tree.memory().threads != 3 && Instant::now() < limit {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(tree.memory().threads, 3);
        assert!(tree.memory().rss_bytes > Tree::of(std::process::id()).memory().pss_bytes / 1000);
        assert_eq!(tree.high_water_rss_bytes(), None);
        let group = Pid::from_raw(shell.id().cast_signed());
        nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL).unwrap();
        shell.wait().unwrap();
    }

    #[test]
    fn cpu_time_grows_in_steps_finer_than_a_tick() {
        let tree = Tree::of(std::process::id());
        let step = || {
            let before = tree.cpu();
            let later = (0..100_000_000).map(|_| tree.cpu()).find(|now| *now > before);
            later.unwrap() - before
        };
        // Other threads of this process spend time as well, and a look may come late.
        assert!((0..100).any(|_| step() < Duration::from_millis(10)));
    }

    #[test]
    fn a_process_that_has_ended_has_no_figures() {
        let mut child = Command::new("true").spawn().unwrap();
        let tree = Tree::of(child.id());
        child.wait().unwrap();
        assert!(!tree.is_running() && Tree::of(std::process::id()).is_running());
        assert_eq!((tree.cpu(), tree.memory()), (Duration::ZERO, Memory::default()));
    }
}
