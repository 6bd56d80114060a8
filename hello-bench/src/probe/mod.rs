//! What services do with bad and slow peers: each case with what the standard, or the contract, asks for.
//!
//! The rules are those of RFC 9112 (HTTP/1.1) and RFC 9110 (HTTP semantics), by section; where they are silent, those of
//! the contract. A case that is left open is reported and not judged.

mod case;
mod chunks;
mod ending;
mod framing;
mod limits;
mod memory;
mod message;
pub mod observation;
mod part;
pub mod peer;
mod pipelines;
mod pressure;
mod slow;
mod survival;
mod syntax;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use jiff::Timestamp;

use crate::probe::case::Case;
use crate::probe::survival::Subject;
use crate::program::Program;
use crate::progress::Progress;
use crate::service::Finder;
use crate::session::Session;
use crate::system::conntrack;
use crate::system::cores::Cores;
use crate::system::files::raise_limit;
use crate::system::host::Host;

pub(crate) use case::Family;
pub use observation::{Level, Observation, Probed, Probes};

/// The file of a run's folder that holds what was observed.
pub const FILE: &str = "probe.json";
/// The version of the file's form.
const SCHEMA: u32 = 1;
/// Services that are probed at a time.
const AT_A_TIME: usize = 3;
/// Connections that the cases need at a time.
const CONNECTIONS: usize = 2000 * AT_A_TIME;

/// All cases, in the order of the page. A file of cases has a `FAMILY`, and its line here.
const FAMILIES: &[Family] = &[
    syntax::FAMILY,
    limits::FAMILY,
    framing::FAMILY,
    chunks::FAMILY,
    pipelines::FAMILY,
    slow::FAMILY,
    pressure::FAMILY,
    ending::FAMILY,
];
/// The family of what is observed over all messages together.
const SURVIVAL: &str = "Survival";

/// The families that can be chosen.
pub(crate) fn families() -> &'static [Family] {
    FAMILIES
}

/// The families with these keys; all where there are none.
pub(crate) fn chosen(keys: &[String]) -> Vec<Family> {
    let is_chosen = |family: &&Family| keys.is_empty() || keys.iter().any(|key| key == family.key);
    FAMILIES.iter().filter(is_chosen).copied().collect()
}

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

/// Probes services by the cases of these families, some services at a time: they spend most of it waiting. One that
/// cannot be probed says why, and the others go on.
///
/// # Errors
/// When this process may not open enough files, or the user interrupts.
pub(crate) fn probe(
    programs: &[Program],
    families: &[Family],
    session: &Session,
    command: String,
) -> Result<Probes> {
    let room = raise_limit();
    ensure!(
        room >= CONNECTIONS,
        "the cases need {CONNECTIONS} connections at a time, and this process may open {room}: raise the limit of open files (ulimit -Hn)"
    );
    let started_at = Timestamp::now();
    let progress = Progress::new((programs.len() * steps(families)) as u64);
    progress.beat();
    let next = AtomicUsize::new(0);
    let found = thread::scope(|scope| {
        let probing = || -> Result<Vec<(usize, Probed)>> {
            let mut found = Vec::new();
            while let Some((at, program)) = take(programs, &next) {
                let observed = service(program, families, session, &progress);
                session.interrupt.check()?;
                found.push((at, Probed::new(&program.service.name, observed)));
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
    let (hello_bench, host) = (env!("CARGO_PKG_VERSION").to_owned(), Host::describe(&session.cores));
    Ok(Probes { schema: SCHEMA, hello_bench, command, started_at, host, services })
}

/// The next program that nobody has taken, and its place.
fn take<'a>(programs: &'a [Program], next: &AtomicUsize) -> Option<(usize, &'a Program)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    programs.get(at).map(|program| (at, program))
}

/// What counts as a step of a service: all its messages, the cases that wait, and each that is busy.
fn steps(families: &[Family]) -> usize {
    2 + families.iter().map(|family| family.busy.len()).sum::<usize>()
}

/// What one service does in the cases of these families.
///
/// # Errors
/// When it cannot be started, the system has no room for more connections, or the user interrupts.
fn service(
    program: &Program,
    families: &[Family],
    session: &Session,
    progress: &Progress,
) -> Result<Vec<Observation>> {
    let Session { cores, interrupt } = session;
    let name = &program.service.name;
    progress.now(&format!("{name}: messages"), None);
    let mut observations = messages(program, families, session)?;
    progress.step();
    progress.now(&format!("{name}: slow peers"), None);
    let mut waited = waiting(program, families, cores)?.into_iter();
    progress.step();
    for family in families {
        observations.extend(waited.by_ref().take(family.waiting.len()));
        for case in family.busy {
            conntrack::await_room(interrupt)?;
            interrupt.check()?;
            progress.now(&format!("{name}: {}", case.name), None);
            observations.push(case.observe(program, cores).of(family.title));
            progress.step();
        }
    }
    let exceptions = program.service.exceptions(Finder::Probe);
    Ok(observations.into_iter().map(|seen| seen.excepted(&exceptions)).collect())
}

/// Sends the messages of the families to one service, and checks it after each.
fn messages(program: &Program, families: &[Family], session: &Session) -> Result<Vec<Observation>> {
    let mut subject = Subject::launch(program, &session.cores)?;
    if families.iter().all(|family| family.messages.is_empty() && family.parts.is_empty()) {
        return Ok(Vec::new());
    }
    let mut observations = Vec::new();
    for family in families {
        session.interrupt.check()?;
        let mut seen = subject.send(family.messages)?;
        for part in family.parts {
            seen.push(part.observe(&mut subject)?);
        }
        observations.extend(seen.into_iter().map(|seen| seen.of(family.title)));
    }
    observations.extend(subject.observe()?.map(|seen| seen.of(SURVIVAL)));
    Ok(observations)
}

/// All cases that spend their time waiting, side by side, each with a service of its own; in the order of the families.
fn waiting(program: &Program, families: &[Family], cores: &Cores) -> Result<Vec<Observation>> {
    let cases: Vec<(&Family, &Case)> = families
        .iter()
        .flat_map(|family| family.waiting.iter().map(move |case| (family, case)))
        .collect();
    thread::scope(|scope| {
        let observe = |(family, case): &(&Family, &Case)| case.observe(program, cores).of(family.title);
        let seen: Vec<_> = cases.iter().map(|case| scope.spawn(move || observe(case))).collect();
        seen.into_iter().map(|seen| seen.join().map_err(|_| anyhow!("a case panicked"))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_families_are_chosen_where_none_is_named() {
        let keys = |families: Vec<Family>| families.iter().map(|family| family.key).collect::<Vec<_>>();
        let all = keys(chosen(&[]));
        assert_eq!(all.len(), FAMILIES.len());
        assert_eq!(keys(chosen(&["slow".to_owned(), "syntax".to_owned()])), ["syntax", "slow"]);
    }
}
