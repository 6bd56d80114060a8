//! More than a server wants: connections that come and go, more of them than it has files for, and floods.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::launch::Running;
use crate::probe::case::{Case, Family};
use crate::probe::memory::{growth, idle};
use crate::probe::observation::Level;
use crate::program::Program;
use crate::raw::{REQUEST, RawConnection, reset_on_drop};
use crate::system::cores::Cores;
use hello_load::Target;

/// Connections that are opened and dropped, and how many of them at a time.
const CHURN: usize = 10_000;
const AT_A_TIME: usize = 250;
/// Open files that a service is given, and connections that are then opened.
const FILES: u32 = 64;
const CROWD: usize = 300;
/// How long one of these may take to be accepted by the system.
const QUEUED: Duration = Duration::from_millis(300);
/// How long a service is left without files.
const SHORTAGE: Duration = Duration::from_secs(1);
/// How long it may take to serve again: who pauses after a failed accept does so for each part of the queue.
const RECOVERY: Duration = Duration::from_secs(10);
/// How long a connection may take to be accepted by the system, which asks again after 1 s and 3 s when a queue was full.
pub(super) const CONNECT: Duration = Duration::from_secs(5);
/// Peers that flood the service behind a request that is none.
const FLOODING: usize = 30;
/// About so much they write at a time.
const FLOOD_BYTES: usize = 16 * 1024;
/// When the last of them must be gone: the contract's 10 s, and some for timers that are looked at now and then.
const FLOOD_LIMIT: Duration = Duration::from_secs(13);

pub(super) const FAMILY: Family = Family {
    key: "pressure",
    title: "Pressure",
    waiting: &[Case {
        name: "more connections than open files (64)",
        level: Level::Must,
        rule: "those it has are served meanwhile, new ones afterwards, memory back within 1 MiB (contract)",
        observe: out_of_files,
    }],
    busy: &[
        Case {
            name: "10 000 connections opened and dropped",
            level: Level::Must,
            rule: "served after every 250, memory back within 1 MiB (contract)",
            observe: churn,
        },
        Case {
            name: "30 peers that flood behind a malformed request",
            level: Level::Must,
            rule: "all closed in 10 s, as without a request head, others served meanwhile, memory back within 1 MiB (contract)",
            observe: |program, cores| flood(program, cores, &MALFORMED),
        },
        Case {
            name: "30 peers that flood a body in chunks",
            level: Level::Must,
            rule: "all closed in 10 s, as without a request head, others served meanwhile, memory back within 1 MiB (contract)",
            observe: |program, cores| flood(program, cores, &BODY),
        },
    ],
    ..Family::EMPTY
};

/// Connections that come and go without a word. A request after each wave waits until the service has accepted it: the
/// system lets connections to a full queue wait for seconds.
///
/// # Errors
/// When the service cannot be started, or ends.
fn churn(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let (mut opened, mut is_served) = (0, true);
    while opened < CHURN && is_served {
        let wave = (0..AT_A_TIME).map(|_| reset_on_drop(&target, CONNECT));
        let wave: Vec<TcpStream> = wave.collect::<io::Result<_>>().context("a connection is not accepted")?;
        opened += wave.len();
        drop(wave);
        is_served = self::is_served(&target);
    }
    let (grown, is_back) = growth(&running, idle)?;
    let served = if is_served { "served".to_owned() } else { format!("not served after {opened}") };
    Ok((format!("{served}, {grown}"), is_served && is_back))
}

/// More connections than the service may open files.
///
/// # Errors
/// When the service cannot be started, or ends.
fn out_of_files(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let mut running = Running::launch(&Program { max_files: Some(FILES), ..program.clone() }, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let mut early = RawConnection::open(&target).map_err(anyhow::Error::msg)?;
    let ask = |connection: &mut RawConnection| {
        connection.send(REQUEST).and_then(|()| connection.answer(false)).is_ok()
    };
    let was_served = ask(&mut early);
    // A system whose queue is full keeps the next one waiting: then there is crowd enough.
    let crowd = (0..CROWD).map_while(|_| TcpStream::connect_timeout(&target.address, QUEUED).ok());
    let crowd: Vec<TcpStream> = crowd.collect();
    let before = running.tree()?.cpu();
    thread::sleep(SHORTAGE);
    let busy = (running.tree()?.cpu() - before).as_secs_f64() / SHORTAGE.as_secs_f64() * 100.0;
    let is_served_meanwhile = was_served && ask(&mut early);
    drop(crowd);
    let recovery = recovery(&target);
    // A service that answers again has not ended.
    if recovery.is_none()
        && let Some(end) = running.exit_reason()
    {
        return Ok((end, false));
    }
    let (grown, is_back) = growth(&running, idle)?;
    let meanwhile = if is_served_meanwhile { "served" } else { "not served" };
    let after = recovery
        .map_or_else(|| "never again".to_owned(), |took| format!("again after {:.1} s", took.as_secs_f64()));
    let reaction = format!("{meanwhile}, {after}, {busy:.0} % busy meanwhile, {grown}");
    Ok((reaction, is_served_meanwhile && recovery.is_some() && is_back))
}

/// How long it takes until a new connection is served; `None` if that does not happen.
fn recovery(target: &Target) -> Option<Duration> {
    let begun = Instant::now();
    while begun.elapsed() < RECOVERY {
        if is_served(target) {
            return Some(begun.elapsed());
        }
    }
    None
}

/// What a flood consists of.
struct Flood {
    begin: &'static [u8],
    /// What follows, again and again.
    unit: &'static [u8],
}

const MALFORMED: Flood = Flood { begin: b"BAD\r\n\r\n", unit: b"x" };
const BODY: Flood =
    Flood { begin: b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", unit: b"1\r\na\r\n" };

/// Peers that send as fast as they can what nobody reads: a server that reads it away must not do so for good.
///
/// # Errors
/// When the service cannot be started, or ends.
fn flood(program: &Program, cores: &Cores, flood: &Flood) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let (took, served) = thread::scope(|scope| -> Result<(Vec<Option<Duration>>, bool)> {
        let peers: Vec<_> = (0..FLOODING).map(|_| scope.spawn(|| flood_once(&target, flood))).collect();
        let served = is_served(&target);
        let took = peers.into_iter().filter_map(|peer| peer.join().ok()).collect();
        Ok((took, served))
    })?;
    ensure!(took.len() == FLOODING, "a peer panicked");
    let (grown, is_back) = growth(&running, idle)?;
    let open = took.iter().filter(|took| took.is_none()).count();
    let slowest = took.iter().flatten().max().copied().unwrap_or_default();
    let closed = match open {
        0 => format!("all closed in {:.1} s", slowest.as_secs_f64()),
        open => format!("{open} open after {:.0} s", FLOOD_LIMIT.as_secs_f64()),
    };
    let is_served = served && is_served(&target);
    let others = if is_served { "served" } else { "not served" };
    Ok((format!("{closed}, others {others}, {grown}"), open == 0 && is_served && is_back))
}

/// How long one peer could send; `None` if to the limit.
fn flood_once(target: &Target, flood: &Flood) -> Option<Duration> {
    let begun = Instant::now();
    let mut stream = TcpStream::connect_timeout(&target.address, CONNECT).ok()?;
    // A server that reads no more lets the system's buffers fill up: then only its end is heard.
    stream.set_write_timeout(Some(Duration::from_millis(100))).ok()?;
    let bytes = flood.unit.repeat(FLOOD_BYTES / flood.unit.len());
    let mut is_open = stream.write_all(flood.begin).is_ok();
    let mut written = 0;
    while is_open && begun.elapsed() < FLOOD_LIMIT {
        is_open = match stream.write(&bytes[written..]) {
            Ok(more) => {
                written = (written + more) % bytes.len();
                true
            }
            Err(cause) => cause.kind() == std::io::ErrorKind::WouldBlock,
        };
    }
    let _ = stream.shutdown(Shutdown::Both);
    (!is_open).then(|| begun.elapsed())
}

/// Whether a new connection gets its answer.
pub(super) fn is_served(target: &Target) -> bool {
    let answered = RawConnection::open(target).and_then(|mut connection| {
        connection.send(REQUEST)?;
        connection.answer(false)
    });
    answered.is_ok_and(|answer| answer.greets("A"))
}
