//! How a service ends: on SIGTERM and SIGINT, idle, under load, and with a request half sent.

use std::process::ExitStatus;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::check::outcome::{Outcome, Violation};
use crate::launch::Running;
use crate::program::Program;
use crate::raw::{REQUEST, RawConnection};
use crate::session::Session;
use crate::system::cores::Cores;
use crate::termination::{self, Termination};
use hello_load::Target;

/// Connections of the load.
const CONNECTIONS: usize = 8;

/// Checks that it ends on either signal, which is asked of every service.
///
/// # Errors
/// When the service cannot be started, or the user interrupts.
pub(crate) fn on_request(program: &Program, session: &Session) -> Result<Outcome> {
    let Session { cores, interrupt } = session;
    let mut outcome = Outcome::default();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        interrupt.check()?;
        outcome.add(idle(program, cores, signal)?);
    }
    Ok(outcome)
}

/// Checks every way to end.
///
/// # Errors
/// When the service cannot be started, or the user interrupts.
pub(crate) fn check(program: &Program, session: &Session) -> Result<Outcome> {
    let Session { cores, interrupt } = session;
    let mut outcome = on_request(program, session)?;
    interrupt.check()?;
    outcome.add(under_load(program, cores)?);
    interrupt.check()?;
    outcome.add(half_sent(program, cores)?);
    Ok(outcome)
}

/// With a connection that has been answered and stays open.
fn idle(program: &Program, cores: &Cores, signal: Signal) -> Result<Option<Violation>> {
    let mut running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let kept = || -> Result<RawConnection, String> {
        let mut connection = RawConnection::open(&target)?;
        connection.send(REQUEST)?;
        connection.answer(false)?;
        Ok(connection)
    };
    let _kept = kept();
    let ended = termination::end(&mut running, signal)?;
    Ok(late_or_wrong(ended, &format!("{signal} with an idle connection")))
}

/// With requests in flight: none may get half an answer or a wrong one. A connection may end, or be reset, between two
/// answers.
fn under_load(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let Termination { tally, took, status } =
        termination::under_load(program, cores, termination::plain(CONNECTIONS, 0))?;
    let sent = "SIGTERM with requests in flight";
    if let Some(received) = tally.fault {
        return Ok(Some(Violation {
            case: "a graceful shutdown".into(),
            sent: sent.into(),
            expected: "whole answers until the connection ends".into(),
            received,
        }));
    }
    Ok(late_or_wrong((took, status), sent))
}

/// With the beginning of a request on the wire, and others served meanwhile.
fn half_sent(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let mut running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let begun = RawConnection::open(&target).and_then(|mut connection| {
        connection.send(b"GET / HTTP/1.1\r\nho")?;
        Ok(connection)
    });
    running.first_answer()?;
    let ended = termination::end(&mut running, Signal::SIGTERM)?;
    drop(begun);
    Ok(late_or_wrong(ended, "SIGTERM with half a request sent"))
}

fn late_or_wrong((after, status): (Duration, Option<ExitStatus>), sent: &str) -> Option<Violation> {
    let received = match status {
        Some(status) if status.success() => return None,
        Some(status) => format!("{status} after {:.1} s", after.as_secs_f64()),
        None => format!("still running after {:.1} s", after.as_secs_f64()),
    };
    Some(Violation {
        case: "an end on request".into(),
        sent: sent.into(),
        expected: "exit status 0 within 5 s".into(),
        received,
    })
}
