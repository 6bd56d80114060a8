//! What services do with bad and slow peers: each case with what the standard, or the contract, asks for.
//!
//! The rules are those of RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP semantics), by section; where they are silent, those of
//! the contract. A case that is left open is reported and not judged.

pub mod ending;
mod lengths;
mod memory;
pub mod messages;
pub mod observation;
pub mod peer;
pub mod pressure;
mod survival;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::interrupt::Interrupt;
use crate::probe::lengths::PARTS;
use crate::probe::messages::MESSAGES;
use crate::probe::survival::Subject;
use crate::program::Program;
use crate::progress::Progress;
use crate::system::cores::Cores;
use crate::system::host::Host;

pub use observation::{Level, Observation, Probed, Probes};

/// The file of a run's folder that holds what was observed.
pub const FILE: &str = "probe.json";
/// The version of the file's form.
const SCHEMA: u32 = 1;
/// Services that are probed at a time.
const AT_A_TIME: usize = 3;
/// Open files that the cases need.
const FILES: u64 = 1300 * AT_A_TIME as u64;

/// What the folder of a run holds of bad and slow peers; `None` where nobody probed.
///
/// # Errors
/// When the file is of another form.
pub fn read(folder: &Path) -> Result<Option<Probes>> {
    let path = folder.join(FILE);
    let Ok(text) = fs::read_to_string(&path) else { return Ok(None) };
    let probes: Probes =
        serde_json::from_str(&text).with_context(|| format!("{} is not a probe", path.display()))?;
    ensure!(probes.schema == SCHEMA, "{} has schema {}, this reads {SCHEMA}", path.display(), probes.schema);
    Ok(Some(probes))
}

/// Probes services, some at a time: they spend most of it waiting.
///
/// # Errors
/// When one cannot be started, this process may not open enough files, or the user interrupts.
pub fn probe(programs: &[Program], cores: &Cores, command: String, interrupt: &Interrupt) -> Result<Probes> {
    allow_files()?;
    let started_at = Timestamp::now();
    let progress = Progress::new((programs.len() * (1 + CASES.len())) as u64);
    progress.beat();
    let next = AtomicUsize::new(0);
    let found = thread::scope(|scope| {
        let probing = || -> Result<Vec<(usize, Probed)>> {
            let mut found = Vec::new();
            while let Some((at, program)) = take(programs, &next) {
                found.push((at, service(program, cores, &progress, interrupt)?));
            }
            Ok(found)
        };
        let probing: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(probing)).collect();
        let joined = probing
            .into_iter()
            .map(|probing| probing.join().map_err(|_| anyhow!("a probe panicked"))?);
        joined.collect::<Result<Vec<_>>>()
    })?;
    let mut found: Vec<(usize, Probed)> = found.into_iter().flatten().collect();
    found.sort_by_key(|(at, _)| *at);
    let services = found.into_iter().map(|(_, probed)| probed).collect();
    let (hello_bench, host) = (env!("CARGO_PKG_VERSION").to_owned(), Host::describe(cores));
    Ok(Probes { schema: SCHEMA, hello_bench, command, started_at, host, services })
}

/// The next program that nobody has taken, and its place.
fn take<'a>(programs: &'a [Program], next: &AtomicUsize) -> Option<(usize, &'a Program)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    programs.get(at).map(|program| (at, program))
}

/// A case that takes a service of its own.
struct Case {
    name: &'static str,
    level: Level,
    rule: &'static str,
    /// What the service did, and whether that is right.
    observe: fn(&Program, &Cores) -> Result<(String, bool)>,
}

const CASES: [Case; 5] = [
    Case {
        name: "1000 slow request heads, first and second",
        level: Level::Must,
        rule: "all closed in 10 s, others served meanwhile, memory back within 1 MiB (contract)",
        observe: pressure::slow_heads,
    },
    Case {
        name: "10 000 connections opened and dropped",
        level: Level::Must,
        rule: "served afterwards, memory back within 1 MiB (contract)",
        observe: pressure::churn,
    },
    Case {
        name: "more connections than open files (64)",
        level: Level::Must,
        rule: "those it has are served meanwhile, new ones afterwards (contract)",
        observe: pressure::out_of_files,
    },
    Case {
        name: "SIGTERM under load, 10 times",
        level: Level::Must,
        rule: "no request lost, exit status 0 within 5 s (contract)",
        observe: ending::terminated,
    },
    Case {
        name: "SIGSTOP for 1 s, then SIGCONT",
        level: Level::Must,
        rule: "every request answered (contract)",
        observe: ending::stopped,
    },
];

fn service(program: &Program, cores: &Cores, progress: &Progress, interrupt: &Interrupt) -> Result<Probed> {
    let name = &program.service.name;
    progress.now(&format!("{name}: {} messages", MESSAGES.len()), None);
    let mut observations = messages(program, cores)?;
    progress.step();
    for case in &CASES {
        interrupt.check()?;
        progress.now(&format!("{name}: {}", case.name), None);
        // A service that does not live through a case breaks its rule; the other cases and services go on.
        let observed = (case.observe)(program, cores);
        let (reaction, is_right) = observed.unwrap_or_else(|cause| (format!("{cause:#}"), false));
        let (case, level, rule) = (case.name.to_owned(), case.level, case.rule.to_owned());
        observations.push(Observation { case, level, rule, reaction, is_kept: is_right });
        progress.step();
    }
    Ok(Probed { service: name.clone(), observations })
}

/// Sends every message, each on a connection of its own, and checks the service after each.
fn messages(program: &Program, cores: &Cores) -> Result<Vec<Observation>> {
    let mut subject = Subject::launch(program, cores)?;
    let mut observations = Vec::new();
    for message in MESSAGES {
        observations.push(message.observe(&subject.target())?);
        subject.check_after(message.name)?;
    }
    for part in &PARTS {
        observations.push(part.observe(&mut subject)?);
    }
    observations.extend(subject.observe()?);
    Ok(observations)
}

/// Raises the soft limit of open files as far as the cases need.
fn allow_files() -> Result<()> {
    let (soft, hard) =
        getrlimit(Resource::RLIMIT_NOFILE).context("cannot ask for the limit of open files")?;
    if soft >= FILES {
        return Ok(());
    }
    ensure!(
        hard >= FILES,
        "the cases need {FILES} open files and this process may have {hard}: raise the limit with `ulimit -Hn {FILES}`"
    );
    setrlimit(Resource::RLIMIT_NOFILE, FILES, hard).context("cannot raise the limit of open files")
}
