//! Peers that take their time: they send a byte now and then, of what the service cannot answer yet.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::launch::Running;
use crate::patience::Patience;
use crate::probe::case::{Case, Family};
use crate::probe::memory::{growth, idle};
use crate::probe::observation::Level;
use crate::probe::pressure::{CONNECT, is_served};
use crate::program::Program;
use crate::raw::REQUEST;
use crate::system::cores::Cores;
use hello_load::Target;

/// When the last peer must be gone: the contract's 10 s, and some for timers that are looked at now and then. What this
/// process itself is late comes on top.
const LIMIT: Duration = Duration::from_secs(13);
/// How often slow peers send a byte, and are looked at.
const BEAT: Duration = Duration::from_millis(500);

pub(super) const FAMILY: Family = Family {
    key: "slow",
    title: "Slow peers",
    waiting: &[
        Case {
            name: "1000 slow request heads, first and second",
            level: Level::Must,
            rule: "all closed in 10 s, others served meanwhile, memory back within 1 MiB (contract)",
            observe: |program, cores| slow(program, cores, &[FIRST_HEAD, SECOND_HEAD], 1000),
        },
        Case {
            name: "200 slow bodies, by length and in chunks",
            level: Level::Must,
            rule: "all closed in 10 s, as without a request head, others served meanwhile, memory back within 1 MiB (contract)",
            observe: |program, cores| slow(program, cores, &[BODY, CHUNKS], 200),
        },
    ],
    ..Family::EMPTY
};

/// What a peer is slow with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Slowness {
    name: &'static str,
    /// Whether a whole request and its answer come first.
    is_second: bool,
    /// What is sent at once.
    begin: &'static [u8],
    /// What is sent at each beat.
    beat: &'static [u8],
}

const FIRST_HEAD: Slowness = Slowness {
    name: "first heads",
    is_second: false,
    begin: b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ",
    beat: b"a",
};
const SECOND_HEAD: Slowness = Slowness { name: "second heads", is_second: true, ..FIRST_HEAD };
const BODY: Slowness = Slowness {
    name: "bodies",
    begin: b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n",
    ..FIRST_HEAD
};
const CHUNKS: Slowness = Slowness {
    name: "chunked bodies",
    begin: b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n",
    beat: b"1\r\na\r\n",
    ..FIRST_HEAD
};

/// So many slow peers, of each kind alike, while others are served.
///
/// # Errors
/// When the service cannot be started, or ends.
fn slow(program: &Program, cores: &Cores, kinds: &[Slowness], count: usize) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let mut peers = Vec::new();
    for kind in kinds.iter().cycle().take(count) {
        peers.push(SlowPeer::connect(&target, *kind)?);
    }
    let mut patience = Patience::new(LIMIT);
    let (mut asked, mut served) = (0, 0);
    while !peers.is_empty() && !patience.is_over() {
        patience.sleep(BEAT);
        peers.retain_mut(SlowPeer::goes_on);
        asked += 1;
        served += usize::from(is_served(&target));
    }
    let took = patience.elapsed();
    let left = left(kinds, &peers);
    drop(peers);
    let (grown, is_back) = growth(&running, idle)?;
    let closed = match left.as_str() {
        "" => format!("all closed in {:.0} s", took.as_secs_f64()),
        left => format!("{left} open after {:.0} s", took.as_secs_f64()),
    };
    // Once more, now that they are gone.
    asked += 1;
    served += usize::from(is_served(&target));
    let reaction = format!("{closed}, {served} of {asked} others served, {grown}");
    Ok((reaction, left.is_empty() && served == asked && is_back))
}

/// How many peers of each kind there are; empty without any.
fn left(kinds: &[Slowness], peers: &[SlowPeer]) -> String {
    let count = |kind: &Slowness| peers.iter().filter(|peer| peer.kind == *kind).count();
    let counts = kinds.iter().map(|kind| (count(kind), kind.name)).filter(|(count, _)| *count > 0);
    counts.map(|(count, name)| format!("{count} {name}")).collect::<Vec<_>>().join(" and ")
}

/// A peer that owes the rest of a request.
struct SlowPeer {
    stream: TcpStream,
    kind: Slowness,
}

impl SlowPeer {
    /// Begins a request, after a whole one that was answered if it is to be the second.
    fn connect(target: &Target, kind: Slowness) -> Result<Self> {
        let mut stream = TcpStream::connect_timeout(&target.address, CONNECT).context("not accepted")?;
        if kind.is_second {
            stream.set_read_timeout(Some(CONNECT))?;
            stream.write_all(REQUEST)?;
            let mut answer = [0; 1024];
            ensure!(stream.read(&mut answer)? > 0, "no answer before a slow request");
        }
        stream.write_all(kind.begin)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, kind })
    }

    /// Sends some more; false once the server has closed the connection.
    fn goes_on(&mut self) -> bool {
        is_open(&mut self.stream) && self.stream.write_all(self.kind.beat).is_ok()
    }
}

/// Whether the server has not closed a connection; what it may have said before is read over.
pub(super) fn is_open(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(cause) => return cause.kind() == ErrorKind::WouldBlock,
        }
    }
}
