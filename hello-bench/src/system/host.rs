//! The machine that measured: without it a metric means nothing.

use std::fs;
use std::process::Command;

use procfs::{CpuInfo, Current, Meminfo};
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
        let cpu = CpuInfo::current().ok();
        let flags = cpu.as_ref().and_then(|cpu| cpu.flags(0)).unwrap_or_default();
        let shared = cores.are_shared();
        Self {
            os: os_name(&read("/etc/os-release")),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: cpu.as_ref().and_then(|cpu| cpu.model_name(0)).unwrap_or("unknown").to_owned(),
            virtualized: flags.contains(&"hypervisor"),
            cores: cores.service.len() + if shared { 0 } else { cores.generator.len() },
            service_cores: cores.service.clone(),
            generator_cores: cores.generator.clone(),
            memory_bytes: Meminfo::current().map_or(0, |memory| memory.mem_total),
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

/// The distribution, from the text of `/etc/os-release`.
fn os_name(text: &str) -> String {
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or("unknown", |name| name.trim().trim_matches('"')).to_owned()
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
    fn the_distribution_is_found_or_unknown() {
        assert_eq!(
            os_name("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)"
        );
        assert_eq!(os_name(""), "unknown");
    }

    #[test]
    fn this_machine_has_a_description() {
        let host = Host::describe(&Cores { service: vec![0], generator: vec![0] });
        assert!(host.memory_bytes > 0 && host.cores == 1);
        assert!(!host.line().contains('\n'));
    }
}
