//! The machine that measured: without it a metric means nothing.

use std::fs;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::system::cores::Cores;

/// What a reader must know of the machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Host {
    /// The distribution, from `/etc/os-release`.
    pub os: String,
    /// The kernel's release.
    pub kernel: String,
    /// The processor's name.
    pub cpu: String,
    /// Whether the kernel runs under a hypervisor, as it reports itself.
    pub virtualized: bool,
    /// Cores that this process may use.
    pub cores: usize,
    /// Cores that services ran on.
    pub service_cores: Vec<usize>,
    /// Cores that the generator ran on.
    pub generator_cores: Vec<usize>,
    /// Memory.
    pub memory_bytes: u64,
    /// The compiler, as `rustc --version` names it.
    pub rustc: String,
}

impl Host {
    /// Describes this machine. What cannot be read is named "unknown" or 0.
    pub fn describe(cores: &Cores) -> Self {
        let cpuinfo = read("/proc/cpuinfo");
        let shared = cores.are_shared();
        Self {
            os: field(&read("/etc/os-release"), "PRETTY_NAME", '=').trim_matches('"').to_owned(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: field(&cpuinfo, "model name", ':'),
            virtualized: field(&cpuinfo, "flags", ':').split(' ').any(|flag| flag == "hypervisor"),
            cores: cores.service.len() + if shared { 0 } else { cores.generator.len() },
            service_cores: cores.service.clone(),
            generator_cores: cores.generator.clone(),
            memory_bytes: memory_bytes(&read("/proc/meminfo")),
            rustc: rustc(),
        }
    }

    /// One line: cores, processor, memory, system.
    pub fn line(&self) -> String {
        let gib = self.memory_bytes as f64 / f64::from(1 << 30);
        let plural = if self.cores == 1 { "" } else { "s" };
        let virtual_machine = if self.virtualized { ", virtual machine" } else { "" };
        format!(
            "{} core{plural} of {}, {gib:.0} GiB, {}, Linux {}{virtual_machine}, {}",
            self.cores, self.cpu, self.os, self.kernel, self.rustc
        )
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

fn field(text: &str, name: &str, separator: char) -> String {
    let values = text.lines().filter_map(|line| line.split_once(separator));
    let mut found = values.filter(|(key, _)| key.trim() == name);
    found.next().map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn memory_bytes(meminfo: &str) -> u64 {
    let total = field(meminfo, "MemTotal", ':');
    total.trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

fn rustc() -> String {
    let output = Command::new("rustc").arg("--version").output();
    let version = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.as_deref().unwrap_or_default();
    let short = version.split(' ').take(2).collect::<Vec<_>>().join(" ");
    if short.is_empty() { "rustc unknown".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_or_unknown() {
        assert_eq!(field("a b : c: d\n", "a b", ':'), "c: d");
        assert_eq!(field("", "a", ':'), "unknown");
        assert_eq!(memory_bytes("MemFree: 1 kB\nMemTotal:     2048 kB\n"), 2 << 20);
    }

    #[test]
    fn this_machine_has_a_description() {
        let host = Host::describe(&Cores { service: vec![0], generator: vec![0] });
        assert!(host.memory_bytes > 0 && host.cores == 1);
        assert!(!host.line().contains('\n'));
    }
}
