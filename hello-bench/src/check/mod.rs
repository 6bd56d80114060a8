//! The contract, checked: what a service answers, and how it behaves as a process.
//!
//! The expected answers stand in [`cases`] once more, byte for byte, and not taken from hello-core: a mistake there
//! must show.

mod arrival;
pub mod cases;
pub mod http;
pub mod outcome;
pub mod own;
pub mod process;
pub mod shutdown;

use std::thread;

use anyhow::{Result, anyhow};

pub use outcome::{Outcome, Violation};

use crate::launch::Running;
use crate::program::Program;
use crate::service::Finder;
use crate::session::Session;
use hello_load::Strictness;
use hello_load::Target;

/// Which parts of the contract to check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// The responses: a fraction of a second.
    Responses,
    /// The responses, however the requests arrive, and the process: some seconds, since a drain may take four.
    All,
}

/// Checks a running server by its URL.
///
/// # Errors
/// When it cannot be reached.
pub fn url(target: &Target, strictness: Strictness) -> Result<Outcome> {
    let mut outcome = http::check(target, strictness)?;
    arrival::check(target, strictness, &mut outcome);
    Ok(outcome)
}

/// Checks the responses of a running server by what it is to answer: the contract, or what its own entry expects.
fn responses(target: &Target, strictness: Strictness) -> Result<Outcome> {
    match &target.exchange {
        Some(exchange) => Ok(own::check(target, exchange)),
        None => http::check(target, strictness),
    }
}

/// Checks a service.
///
/// # Errors
/// When it cannot be started, or the user interrupts.
pub fn service(program: &Program, session: &Session, scope: Scope) -> Result<Outcome> {
    let Session { cores, interrupt } = session;
    let running = Running::launch(program, cores)?;
    if scope == Scope::Responses || program.service.is_own() {
        let mut outcome = responses(&running.target, program.service.strictness())?;
        outcome.set_apart(&program.service.exceptions(Finder::Check));
        return Ok(outcome);
    }
    let strictness = program.service.strictness();
    let mut outcome = url(&running.target, strictness)?;
    drop(running);
    interrupt.check()?;
    // Of the contract of the process, its core has the end on request alone.
    match strictness {
        Strictness::Core => outcome.merge(shutdown::on_request(program, cores, interrupt)?),
        Strictness::Exact => outcome.merge(process::check(program, cores, interrupt)?),
    }
    outcome.except(&program.service.exceptions(Finder::Check));
    Ok(outcome)
}

/// Checks services side by side, and that all send equally many bytes.
///
/// # Errors
/// When one cannot be started, or the user interrupts.
pub fn services(programs: &[Program], session: &Session, parts: Scope) -> Result<Vec<Outcome>> {
    let outcomes = thread::scope(|scope| {
        let checks: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(move || service(program, session, parts)))
            .collect();
        let joined = checks.into_iter().map(|check| check.join().map_err(|_| anyhow!("a check panicked"))?);
        joined.collect::<Result<Vec<Outcome>>>()
    })?;
    Ok(with_equal_sizes(programs, outcomes))
}

fn with_equal_sizes(programs: &[Program], mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let exact = |index: usize| programs[index].service.strictness() == Strictness::Exact;
    let Some(first) = (0..programs.len()).find(|index| exact(*index)) else {
        return outcomes;
    };
    let (name, bytes) = (programs[first].service.name.clone(), outcomes[first].answer_bytes);
    for index in (first + 1..programs.len()).filter(|index| exact(*index)) {
        let own = outcomes[index].answer_bytes;
        let differs = own != bytes;
        outcomes[index].add(differs.then(|| Violation {
            case: "every service sends equally many bytes".into(),
            sent: "GET /?name=abcde".into(),
            expected: format!("{} bytes, as {name}", bytes.unwrap_or_default()),
            received: format!("{} bytes", own.unwrap_or_default()),
        }));
    }
    outcomes
}
