//! The programs that count what a service does.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::program::{Program, named_by};

/// How long a service under a counter may take to start.
const START_S: u32 = 60;

/// A program that counts what another one does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Counter {
    Valgrind,
    Strace,
}

impl Counter {
    pub(super) const ALL: [Self; 2] = [Self::Valgrind, Self::Strace];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Valgrind => "valgrind",
            Self::Strace => "strace",
        }
    }

    pub(super) fn path(self) -> Result<PathBuf> {
        let name = self.name();
        named_by(&name.to_uppercase(), name)
            .with_context(|| format!("{name} is not installed: apt-get install {name}"))
    }

    /// The program with this one in front of it.
    pub(super) fn wrap(self, program: &Program, log: &Path) -> Result<Program> {
        let log = log.display();
        let own = match self {
            Self::Valgrind => vec![
                "--tool=callgrind".to_owned(),
                // A shell in front of the service becomes it.
                "--trace-children=yes".to_owned(),
                "--callgrind-out-file=/dev/null".to_owned(),
                format!("--log-file={log}"),
            ],
            // The tracer is a grandchild: signals to the child reach the service.
            Self::Strace => ["-D", "-f", "-c", "-U", "calls,name", "-o"]
                .map(str::to_owned)
                .into_iter()
                .chain([log.to_string()])
                .collect(),
        };
        let mut counted = program.clone();
        counted.arguments = own;
        counted.arguments.push(program.path.display().to_string());
        counted.arguments.extend(program.arguments.iter().cloned());
        counted.path = self.path()?;
        counted.service.start_timeout_s = START_S;
        Ok(counted)
    }

    /// What it counted, once it has written that.
    pub(super) fn read(self, log: &str) -> Option<f64> {
        let number = match self {
            Self::Valgrind => log.lines().rev().find_map(|line| line.split_once("Collected :"))?.1.trim(),
            Self::Strace => log.lines().rev().find_map(|line| line.strip_suffix(" total"))?.trim(),
        };
        number.split(' ').next()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_where_the_counters_write_them() {
        let log = "==7== \n==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert_eq!(Counter::Valgrind.read(log), Some(123_456.0));
        let log = "    calls syscall\n--------- ----------------\n       70 recvfrom\n--------- ----------------\n      140 total\n";
        assert_eq!(Counter::Strace.read(log), Some(140.0));
        assert_eq!(Counter::Strace.read("    calls syscall\n"), None);
    }
}
