//! Instructions and system calls of a request, counted under valgrind and strace: metrics that no other program's work
//! can disturb, for telling whether a change made a service do more.
//!
//! A service is loaded with N requests and then, anew, with three times as many. What the second run counted beyond the
//! first, by 2N, is what a request takes: start-up and end cancel out.

mod counter;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::count::counter::Counter;
use crate::launch::Running;
use crate::metadata::Counted;
use crate::metric::grouped;
use crate::program::Program;
use crate::progress::Progress;
use crate::session::Session;
use hello_load::{Length, Scenario};

/// The version of the file's form.
const SCHEMA: u32 = 1;
/// Connections of the load.
const CONNECTIONS: u32 = 64;
/// How often a service is counted again that takes more than was recorded.
const RECOUNTS: u32 = 2;
/// How often the instructions of a build are counted that is compared with another.
const COUNTS: u32 = 3;
/// Requests of the shorter run of such a count.
const REQUESTS: u32 = 5000;
/// How long a counter may take to write down what it counted, once the service has ended.
const WRITING: Duration = Duration::from_secs(5);
/// How many more instructions than recorded are a change: those of the same build differ by less, with how many
/// requests find each other in one turn of the loop.
const INSTRUCTIONS_ALLOWED: f64 = 1.03;
/// How many more system calls than recorded are a change.
const SYSTEM_CALLS_ALLOWED: f64 = 0.1;

/// What a request of each service takes. Written by `count --out`.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Counts {
    /// The version of the file's form.
    pub schema: u32,
    pub services: BTreeMap<String, Count>,
}

/// What a request takes.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Count {
    /// Instructions in user space.
    pub instructions: f64,
    pub system_calls: f64,
}

/// Counts what a request of each service takes, over this many requests and three times as many. A service that takes
/// more than was recorded is counted again, and the least kept: how many requests find each other in one turn of its
/// loop is the machine's doing, too.
///
/// # Errors
/// When valgrind or strace is missing, a service fails, or the user interrupts.
pub(crate) fn count(
    programs: &[Program],
    session: &Session,
    requests: u32,
    recorded: Option<&Counts>,
) -> Result<Counts> {
    for counter in Counter::ALL {
        counter.path()?;
    }
    let progress = Progress::new(programs.len() as u64);
    progress.beat();
    let mut services = BTreeMap::new();
    for program in programs {
        let name = &program.service.name;
        let then = recorded.and_then(|recorded| recorded.services.get(name));
        let mut least = Count::of(program, session, requests, &progress)?;
        for _ in 0..RECOUNTS {
            if then.is_some_and(|then| least.excess(then).is_some()) {
                least = least.min(Count::of(program, session, requests, &progress)?);
            }
        }
        services.insert(name.clone(), least);
        progress.step();
    }
    Ok(Counts { schema: SCHEMA, services })
}

/// What one counter shows for a request, from this many requests and three times as many.
fn per_request(counter: Counter, program: &Program, session: &Session, requests: u32) -> Result<f64> {
    let counted = |requests| session.cores.on_generator(|| run(counter, program, session, requests))?;
    let (few, many) = (counted(requests)?, counted(3 * requests)?);
    Ok((many - few) / f64::from(2 * requests))
}

/// Counts the instructions of a request several times, since those of one build differ a little with how many requests
/// find each other in one turn of its loop.
///
/// # Errors
/// When valgrind is missing, the service fails, or the user interrupts.
pub(crate) fn instructions(program: &Program, session: &Session) -> Result<Counted> {
    let name = &program.service.name;
    ensure!(program.service.url.is_none(), "{name} was not started here: its instructions cannot be counted");
    Counter::Valgrind.path()?;
    let mut counts = Vec::new();
    for _ in 0..COUNTS {
        counts.push(per_request(Counter::Valgrind, program, session, REQUESTS)?);
    }
    Ok(Counted {
        mean: counts.iter().sum::<f64>() / f64::from(COUNTS),
        least: counts.iter().copied().fold(f64::INFINITY, f64::min),
        most: counts.iter().copied().fold(0.0, f64::max),
    })
}

/// What is counted from the start of a service to its end, with these requests between.
fn run(counter: Counter, program: &Program, session: &Session, requests: u32) -> Result<f64> {
    let name = &program.service.name;
    let log = std::env::temp_dir().join(format!("hello-bench-count-{}", std::process::id()));
    let mut running = Running::launch(&counter.wrap(program, &log)?, &session.cores)?;
    let scenario = Scenario::saturating("count", CONNECTIONS, Length::Requests(requests.into()));
    let target = running.target.clone();
    let strictness = program.service.strictness();
    let load = hello_load::Load { target: &target, scenario: &scenario, strictness, threads: 1, seed: 1 };
    let result = hello_load::drive(&load, &mut || !session.interrupt.is_set())?;
    ensure!(result.traffic.wrong == 0, "{name} gave wrong answers under {}", counter.name());
    running.signal(Signal::SIGTERM)?;
    running.wait(Duration::from_secs(10))?;
    let counted = written(counter, &log);
    let _ = fs::remove_file(&log);
    counted.with_context(|| format!("{} did not count {name}", counter.name()))
}

/// Waits for the count: strace writes it after the service has ended.
fn written(counter: Counter, log: &Path) -> Option<f64> {
    let limit = Instant::now() + WRITING;
    loop {
        let counted = fs::read_to_string(log).ok().and_then(|text| counter.read(&text));
        if counted.is_some() || Instant::now() >= limit {
            return counted;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

impl Counts {
    /// Reads what was counted before.
    ///
    /// # Errors
    /// When the file cannot be read or is of another form.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let counts: Self =
            serde_json::from_str(&text).with_context(|| format!("{} is not a count", path.display()))?;
        ensure!(
            counts.schema == SCHEMA,
            "{} has schema {}, but this version reads {SCHEMA}",
            path.display(),
            counts.schema
        );
        Ok(counts)
    }

    /// That no service takes more than was recorded.
    ///
    /// # Errors
    /// When one does, or is not recorded.
    pub(crate) fn check_against(&self, recorded: &Self) -> Result<()> {
        let mut more = Vec::new();
        for (service, now) in &self.services {
            match recorded.services.get(service) {
                None => more.push(format!("{service} is not recorded")),
                Some(then) => more.extend(now.excess(then).map(|excess| format!("{service}: {excess}"))),
            }
        }
        if !more.is_empty() {
            bail!("more than recorded: {}; if that is intended, record it again with --out", more.join("; "));
        }
        Ok(())
    }
}

impl Count {
    /// Counts a service once.
    fn of(program: &Program, session: &Session, requests: u32, progress: &Progress) -> Result<Self> {
        let count = |counter: Counter| {
            progress.now(&format!("{} under {}", program.service.name, counter.name()), None);
            per_request(counter, program, session, requests)
        };
        Ok(Self { instructions: count(Counter::Valgrind)?, system_calls: count(Counter::Strace)? })
    }

    /// The smaller of each.
    fn min(self, other: Self) -> Self {
        Self {
            instructions: self.instructions.min(other.instructions),
            system_calls: self.system_calls.min(other.system_calls),
        }
    }

    fn excess(&self, recorded: &Self) -> Option<String> {
        let calls = self.system_calls > recorded.system_calls + SYSTEM_CALLS_ALLOWED;
        let instructions = self.instructions > recorded.instructions * INSTRUCTIONS_ALLOWED;
        (calls || instructions).then(|| {
            format!(
                "{} instructions and {:.2} system calls per request; {} and {:.2} are recorded",
                grouped(self.instructions),
                self.system_calls,
                grouped(recorded.instructions),
                recorded.system_calls
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_recorded_is_told_and_less_is_fine() {
        let of = |instructions, system_calls| Counts {
            schema: SCHEMA,
            services: BTreeMap::from([("a".to_owned(), Count { instructions, system_calls })]),
        };
        let recorded = of(10_000.0, 2.0);
        of(10_200.0, 2.05).check_against(&recorded).unwrap();
        of(5_000.0, 1.0).check_against(&recorded).unwrap();
        let more = of(11_000.0, 2.0).check_against(&recorded).unwrap_err().to_string();
        assert!(more.contains("a: 11") && more.contains("000 instructions"), "{more}");
        assert!(of(10_000.0, 3.0).check_against(&recorded).is_err());
        let unknown = Counts { schema: SCHEMA, services: BTreeMap::new() };
        assert!(recorded.check_against(&unknown).unwrap_err().to_string().contains("not recorded"));
    }
}
