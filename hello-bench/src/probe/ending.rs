//! A service that is asked to stop, for good or for a while, with requests in flight.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::launch::Running;
use crate::probe::peer::{REQUEST, greets};
use crate::program::Program;
use crate::raw::RawConnection;
use crate::system::cores::Cores;
use hello_load::Target;

/// Connections that are asked before and after a pause.
const PAUSED_CLIENTS: usize = 32;
/// Clients that ask without a pause, on one connection each.
const KEPT_CLIENTS: usize = 32;
/// Clients that ask without a pause, on a new connection each time.
const NEW_CLIENTS: usize = 200;
/// How often a service is started, loaded and ended.
const TIMES: usize = 10;
/// How long the load goes on before the signal.
const LOAD: Duration = Duration::from_millis(300);
/// What the contract allows from the signal to the end.
const END_LIMIT: Duration = Duration::from_secs(5);
/// How long a service is stopped.
const PAUSE: Duration = Duration::from_secs(1);

/// SIGTERM while clients ask as fast as they can: a request that was sent whole and got no whole answer is lost.
///
/// # Errors
/// When the service cannot be started.
pub(super) fn terminated(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let (mut answered, mut lost, mut slowest, mut failed) = (0, 0, Duration::ZERO, 0);
    for _ in 0..TIMES {
        let mut running = Running::launch(program, cores)?;
        let target = Target::at(running.address);
        let over = AtomicBool::new(false);
        let (status, took, tallies) = thread::scope(|scope| {
            let kept = (0..KEPT_CLIENTS).map(|_| scope.spawn(|| ask(&target, &over, true)));
            let new = (0..NEW_CLIENTS).map(|_| scope.spawn(|| ask(&target, &over, false)));
            let clients: Vec<_> = kept.chain(new).collect();
            thread::sleep(LOAD);
            let told = Instant::now();
            let status = running.signal(Signal::SIGTERM).and_then(|()| running.wait(END_LIMIT));
            let took = told.elapsed();
            over.store(true, Ordering::Relaxed);
            drop(running);
            let tallies: Vec<Tally> = clients.into_iter().filter_map(|client| client.join().ok()).collect();
            (status, took, tallies)
        });
        failed += usize::from(!status?.is_some_and(|status| status.success()));
        slowest = slowest.max(took);
        answered += tallies.iter().map(|tally| tally.answered).sum::<usize>();
        lost += tallies.iter().map(|tally| tally.lost).sum::<usize>();
    }
    let end = match failed {
        0 => format!("ended within {:.1} s", slowest.as_secs_f64()),
        failed => format!("{failed} of {TIMES} times no exit status 0 within {} s", END_LIMIT.as_secs()),
    };
    Ok((format!("{lost} lost, {end}"), lost == 0 && failed == 0 && answered > 0))
}

/// What one client got.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Tally {
    answered: usize,
    lost: usize,
}

/// Asks on one connection after the other until none is accepted: as often as it can on each, or once.
fn ask(target: &Target, over: &AtomicBool, is_kept: bool) -> Tally {
    let mut tally = Tally::default();
    while !over.load(Ordering::Relaxed) {
        let Ok(mut wire) = RawConnection::open(target) else { break };
        // A request that cannot be sent was not accepted.
        while !over.load(Ordering::Relaxed) && wire.send(REQUEST).is_ok() {
            match wire.answer(false) {
                Ok(answer) if greets(&answer.body, "A") => {
                    tally.answered += 1;
                    if !is_kept || answer.head.closes() {
                        break;
                    }
                }
                _ => {
                    tally.lost += 1;
                    break;
                }
            }
        }
    }
    tally
}

/// SIGSTOP, requests on open and on new connections, SIGCONT.
///
/// # Errors
/// When the service cannot be started, or ends.
pub(super) fn stopped(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    running.first_answer()?;
    let target = Target::at(running.address);
    let mut wires: Vec<RawConnection> =
        (0..PAUSED_CLIENTS / 2).filter_map(|_| RawConnection::open(&target).ok()).collect();
    for wire in &mut wires {
        // One request before the pause: the connection is the service's, and not only its system's.
        let _ = wire.send(REQUEST).and_then(|()| wire.answer(false));
    }
    running.signal(Signal::SIGSTOP)?;
    wires.extend((0..PAUSED_CLIENTS / 2).filter_map(|_| RawConnection::open(&target).ok()));
    let sent = wires.iter_mut().filter_map(|wire| wire.send(REQUEST).ok()).count();
    thread::sleep(PAUSE);
    running.signal(Signal::SIGCONT)?;
    let is_greeted =
        |wire: &mut RawConnection| wire.answer(false).is_ok_and(|answer| greets(&answer.body, "A"));
    let answered = wires.iter_mut().filter_map(|wire| is_greeted(wire).then_some(())).count();
    Ok((
        format!("{answered} of {PAUSED_CLIENTS} answered"),
        sent == PAUSED_CLIENTS && answered == PAUSED_CLIENTS,
    ))
}
