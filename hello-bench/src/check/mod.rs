//! The contract, checked: what a service answers, and how it behaves as a process.
//!
//! The expected answers stand in [`cases`] once more, byte for byte, and not taken from hello-core: a mistake there
//! must show.

mod arrival;
pub(crate) mod cases;
pub(crate) mod first_answer;
pub(crate) mod http;
pub(crate) mod outcome;
pub(crate) mod own;
pub(crate) mod process;
pub(crate) mod shutdown;

use std::thread;

use anyhow::{Result, anyhow};

pub(crate) use outcome::{Outcome, Violation};

use crate::launch::Running;
use crate::metadata::Group;
use crate::program::Program;
use crate::service::Finder;
use crate::session::Session;
use hello_load::Strictness;
use hello_load::Target;

/// Which parts of the contract to check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Scope {
    /// The responses: a fraction of a second.
    Responses,
    /// The responses, however the requests arrive, and the process: some seconds, since a drain may take four.
    All,
}

/// Checks a running server by its URL.
///
/// # Errors
/// When it cannot be reached.
pub(crate) fn url(target: &Target, strictness: Strictness) -> Result<Outcome> {
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
pub(crate) fn service(program: &Program, session: &Session, scope: Scope) -> Result<Outcome> {
    let running = Running::launch(program, &session.cores)?;
    if scope == Scope::Responses || program.service.is_own() {
        let mut outcome = responses(&running.target, program.service.strictness())?;
        outcome.set_apart(&program.service.exceptions(Finder::Check));
        return Ok(outcome);
    }
    let strictness = program.service.strictness();
    let mut outcome = url(&running.target, strictness)?;
    drop(running);
    session.interrupt.check()?;
    // Of the contract of the process, its core has the end on request alone.
    match strictness {
        Strictness::Core => outcome.merge(shutdown::on_request(program, session)?),
        Strictness::Exact => outcome.merge(process::check(program, session)?),
    }
    outcome.except(&program.service.exceptions(Finder::Check));
    Ok(outcome)
}

/// Checks services side by side, and that all send equally many bytes. One whose check ends in an error has a
/// violation that says so.
///
/// # Errors
/// When none can be started, the floor aside, or the user interrupts.
pub(crate) fn services(programs: &[Program], session: &Session, parts: Scope) -> Result<Vec<Outcome>> {
    let outcomes = thread::scope(|scope| {
        let checks: Vec<_> = programs
            .iter()
            .map(|program| scope.spawn(move || service(program, session, parts)))
            .collect();
        let joined = checks.into_iter().map(|check| check.join().map_err(|_| anyhow!("a check panicked"))?);
        joined.collect::<Vec<Result<Outcome>>>()
    });
    session.interrupt.check()?;
    let is_ranked = |program: &Program| Group::RANKED.contains(&program.metadata.group());
    let is_usable = |(program, outcome): (&Program, &Result<Outcome>)| outcome.is_ok() && is_ranked(program);
    let some = programs.iter().zip(&outcomes).any(is_usable);
    let outcomes = outcomes.into_iter().map(|outcome| match outcome {
        Err(cause) if some => Ok(broken_off(&cause)),
        other => other,
    });
    Ok(with_equal_sizes(programs, outcomes.collect::<Result<_>>()?))
}

fn broken_off(cause: &anyhow::Error) -> Outcome {
    let mut outcome = Outcome::default();
    outcome.add(Some(Violation {
        case: "the service starts, and lives through its check".to_owned(),
        sent: "the contract's requests".to_owned(),
        expected: "a line that says where it listens, and answers".to_owned(),
        received: format!("{cause:#}"),
    }));
    outcome
}

/// Compares with the first service that breaks nothing: what is wrong with another is its own fault alone.
fn with_equal_sizes(programs: &[Program], mut outcomes: Vec<Outcome>) -> Vec<Outcome> {
    let is_exact = |index: &usize| programs[*index].service.strictness() == Strictness::Exact;
    let right: Vec<usize> = (0..programs.len())
        .filter(|index| is_exact(index) && outcomes[*index].violations.is_empty())
        .collect();
    let Some(first) = right.first().copied() else {
        return outcomes;
    };
    let (name, bytes) = (programs[first].service.name.clone(), outcomes[first].answer_bytes);
    for index in right.into_iter().skip(1) {
        let own = outcomes[index].answer_bytes;
        let differs = own != bytes;
        outcomes[index].add(differs.then(|| Violation {
            case: "every service sends the same number of bytes".into(),
            sent: "GET /?name=abcde".into(),
            expected: format!("{} bytes, as {name}", bytes.unwrap_or_default()),
            received: format!("{} bytes", own.unwrap_or_default()),
        }));
    }
    outcomes
}
