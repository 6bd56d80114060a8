//! How a service ends: on SIGTERM and SIGINT, idle, under load, and with a request half sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::check::outcome::{Outcome, Violation};
use crate::interrupt::Interrupt;
use crate::launch::Running;
use crate::program::Program;
use crate::raw::RawConnection;
use crate::system::cores::Cores;
use hello_load::Target;

/// What the contract allows.
const LIMIT: Duration = Duration::from_secs(5);
/// Connections of the load.
const CONNECTIONS: usize = 8;
/// How long the load goes on before the signal.
const LOAD: Duration = Duration::from_millis(200);

/// Checks that it ends on either signal, which is asked of every service.
///
/// # Errors
/// When the service cannot be started, or the user interrupts.
pub fn on_request(program: &Program, cores: &Cores, interrupt: &Interrupt) -> Result<Outcome> {
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
pub fn check(program: &Program, cores: &Cores, interrupt: &Interrupt) -> Result<Outcome> {
    let mut outcome = on_request(program, cores, interrupt)?;
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
        let mut wire = RawConnection::open(&target)?;
        wire.send(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")?;
        wire.answer(false)?;
        Ok(wire)
    };
    let _kept = kept();
    let ended = end(&mut running, signal)?;
    Ok(late_or_wrong(ended, &format!("{signal} with an idle connection")))
}

/// With requests in flight: none may get half an answer or a wrong one.
fn under_load(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let mut running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let over = AtomicBool::new(false);
    let (ended, faults) = thread::scope(|scope| {
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| converse(&target, &over))).collect();
        thread::sleep(LOAD);
        let ended = end(&mut running, Signal::SIGTERM);
        over.store(true, Ordering::Relaxed);
        let faults: Vec<String> =
            clients.into_iter().filter_map(|client| client.join().ok().flatten()).collect();
        (ended, faults)
    });
    let sent = "SIGTERM with requests in flight";
    if let Some(fault) = faults.first() {
        return Ok(Some(Violation {
            case: "an end that finishes what it began".into(),
            sent: sent.into(),
            expected: "whole answers until the connection ends".into(),
            received: fault.clone(),
        }));
    }
    Ok(late_or_wrong(ended?, sent))
}

/// Asks on one connection until it ends; the first answer that is not whole, if any.
fn converse(target: &Target, over: &AtomicBool) -> Option<String> {
    let mut wire = RawConnection::open(target).ok()?;
    while !over.load(Ordering::Relaxed) {
        if wire.send(b"GET /?name=A HTTP/1.1\r\nhost: x\r\n\r\n").is_err() {
            return None;
        }
        match wire.answer(false) {
            Ok(answer) if answer.body == br#"{"message":"Hello A!"}"# => {}
            Ok(answer) => return Some(format!("{answer:?}")),
            // A connection may end, or be reset, between two answers, but not within one.
            Err(cause) if cause.contains("after") => return Some(cause),
            Err(_) => return None,
        }
    }
    None
}

/// With the beginning of a request on the wire, and others served meanwhile.
fn half_sent(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let mut running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let begun = RawConnection::open(&target).and_then(|mut wire| {
        wire.send(b"GET / HTTP/1.1\r\nho")?;
        Ok(wire)
    });
    running.first_answer()?;
    let ended = end(&mut running, Signal::SIGTERM)?;
    drop(begun);
    Ok(late_or_wrong(ended, "SIGTERM with half a request sent"))
}

/// Sends the signal; how long the end took and its status, `None` when it did not come in time.
fn end(running: &mut Running, signal: Signal) -> Result<(Duration, Option<std::process::ExitStatus>)> {
    let sent = Instant::now();
    running.signal(signal)?;
    let status = running.wait(LIMIT)?;
    Ok((sent.elapsed(), status))
}

fn late_or_wrong(
    (after, status): (Duration, Option<std::process::ExitStatus>),
    sent: &str,
) -> Option<Violation> {
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
