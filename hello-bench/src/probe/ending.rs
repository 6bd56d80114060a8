//! A service that is asked to stop, for good or for a while, with requests in flight.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::launch::Running;
use crate::probe::case::{Case, Family};
use crate::probe::observation::Level;
use crate::program::Program;
use crate::raw::{REQUEST, RawConnection};
use crate::system::cores::Cores;
use crate::termination::{self, Clients, END_LIMIT, Tally, Termination};
use hello_load::Target;

/// Connections that are asked before and after a pause. Half of them are opened while the service is stopped: more than the
/// usual queue of 128 holds.
const PAUSED_CLIENTS: usize = 400;
/// Clients that ask without a pause, on one connection each.
const KEPT_CLIENTS: usize = 32;
/// Clients that ask without a pause, on a new connection each time.
const NEW_CLIENTS: usize = 200;
/// How often a service is started, loaded and ended, by plain requests and by others.
const TIMES: usize = 15;
const OTHER_TIMES: usize = 3;
/// How often a service may fail to end before it is not tried again: each time takes seconds.
const MAX_FAILED: usize = 2;
/// How long a service is stopped.
const PAUSE: Duration = Duration::from_secs(1);
/// A request that offers to go on in HTTP/2 (RFC 7540, 3.2, which RFC 9113 has made obsolete).
const OFFER: &[u8] = b"GET /?name=A HTTP/1.1\r\nhost: x\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";

pub(super) const FAMILY: Family = Family {
    key: "signals",
    title: "Signals",
    busy: &[
        Case {
            name: "SIGTERM under load, 15 times",
            level: Level::Must,
            rule: "no request lost, exit status 0 within 5 s (contract)",
            observe: |program, cores| {
                terminated(program, cores, termination::plain(KEPT_CLIENTS, NEW_CLIENTS), TIMES)
            },
        },
        Case {
            name: "SIGTERM under pipelined requests, 16 in a write, 3 times",
            level: Level::Must,
            rule: "answers whole and in order, none missing but behind one that announces the end (RFC 9112, 9.6)",
            observe: |program, cores| {
                let pipelines = Clients { at_once: 16, ..termination::plain(KEPT_CLIENTS, KEPT_CLIENTS) };
                terminated(program, cores, pipelines, OTHER_TIMES)
            },
        },
        Case {
            name: "SIGTERM under offers of HTTP/2 (Upgrade: h2c), 3 times",
            level: Level::Must,
            rule: "answers in HTTP/1.1, no request lost, exit status 0 within 5 s (contract)",
            observe: |program, cores| {
                let offers = Clients { request: OFFER, ..termination::plain(KEPT_CLIENTS, KEPT_CLIENTS) };
                terminated(program, cores, offers, OTHER_TIMES)
            },
        },
        Case {
            name: "SIGSTOP for 1 s, then SIGCONT",
            level: Level::Must,
            rule: "every request answered (contract)",
            observe: stopped,
        },
    ],
    ..Family::EMPTY
};

/// SIGTERM while clients ask as fast as they can: a request that was sent whole and got no whole answer is lost.
///
/// # Errors
/// When the service cannot be started.
fn terminated(program: &Program, cores: &Cores, clients: Clients, times: usize) -> Result<(String, bool)> {
    let (mut tally, mut slowest) = (Tally::default(), Duration::ZERO);
    let (mut tried, mut failed) = (0, 0);
    while tried < times && failed < MAX_FAILED {
        let Termination { tally: more, took, status } = termination::under_load(program, cores, clients)?;
        tally = tally.plus(more);
        slowest = slowest.max(took);
        tried += 1;
        failed += usize::from(!status.is_some_and(|status| status.success()));
    }
    let end = match failed {
        0 => format!("ended within {:.1} s", slowest.as_secs_f64()),
        failed => format!("{failed} of {tried} times no exit status 0 within {} s", END_LIMIT.as_secs()),
    };
    let lost = tally.lost + tally.broken;
    Ok((format!("{lost} lost, {end}"), lost == 0 && failed == 0 && tally.answered > 0))
}

/// SIGSTOP, requests on open and on new connections, SIGCONT.
///
/// # Errors
/// When the service cannot be started, or ends.
fn stopped(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    running.first_answer()?;
    let target = Target::at(running.address);
    let open = |_| RawConnection::open(&target).ok();
    // None is tried behind one that fails: each takes seconds.
    let mut connections: Vec<RawConnection> = (0..PAUSED_CLIENTS / 2).map_while(open).collect();
    for connection in &mut connections {
        // One request before the pause: the connection is the service's, and not only its system's.
        if connection.send(REQUEST).and_then(|()| connection.answer(false)).is_err() {
            break;
        }
    }
    running.signal(Signal::SIGSTOP)?;
    connections.extend((0..PAUSED_CLIENTS / 2).map_while(open));
    let sent = connections.iter_mut().filter_map(|connection| connection.send(REQUEST).ok()).count();
    thread::sleep(PAUSE);
    running.signal(Signal::SIGCONT)?;
    let is_greeted =
        |connection: &mut RawConnection| connection.answer(false).is_ok_and(|answer| answer.greets("A"));
    let answered = connections
        .iter_mut()
        .map_while(|connection| is_greeted(connection).then_some(()))
        .count();
    Ok((
        format!("{answered} of {PAUSED_CLIENTS} answered"),
        sent == PAUSED_CLIENTS && answered == PAUSED_CLIENTS,
    ))
}
