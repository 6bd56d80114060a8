//! More peers than a server wants: slow ones, short ones, and more than it has files for.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::launch::Running;
use crate::probe::memory::{growth, idle};
use crate::probe::peer::REQUEST;
use crate::program::Program;
use crate::raw::RawConnection;
use crate::system::cores::Cores;
use hello_load::Target;

/// Connections with a request head that never ends: half of them the first, half the second of its connection.
const SLOW: usize = 1000;
/// When the last of them must be closed: the contract's 10 s, and some for timers that are looked at now and then.
const SLOW_LIMIT: Duration = Duration::from_millis(11_500);
/// How often slow peers send a byte, and are looked at.
const BEAT: Duration = Duration::from_millis(500);
/// Connections that are opened and dropped, and how many of them at a time.
const CHURN: usize = 10_000;
const AT_A_TIME: usize = 250;
/// Open files that a service is given, and connections that are then opened.
const FILES: u32 = 64;
const CROWD: usize = 200;
/// How long one of these may take to be accepted by the system.
const QUEUED: Duration = Duration::from_millis(300);
/// How long a service is left without files.
const SHORTAGE: Duration = Duration::from_secs(1);
/// How long it may take to serve again.
const RECOVERY: Duration = Duration::from_secs(5);
/// How long a connection may take to be accepted by the system, which asks again after 1 s and 3 s when a queue was full.
const CONNECT: Duration = Duration::from_secs(5);

/// Peers that send a byte of their request head now and then, while others are served.
///
/// # Errors
/// When the service cannot be started, or ends.
pub(super) fn slow_heads(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let mut slow = Vec::new();
    for at in 0..SLOW {
        slow.push(SlowPeer::connect(&target, at % 2 == 1)?);
    }
    let begun = Instant::now();
    let (mut asked, mut served) = (0, 0);
    while !slow.is_empty() && begun.elapsed() < SLOW_LIMIT {
        thread::sleep(BEAT);
        slow.retain_mut(SlowPeer::goes_on);
        asked += 1;
        served += usize::from(is_served(&target));
    }
    let took = begun.elapsed();
    let left = slow.len();
    let second = slow.iter().filter(|peer| peer.is_second).count();
    drop(slow);
    let (grown, is_back) = growth(&running, idle)?;
    let closed = if left == 0 {
        format!("all closed in {:.0} s", took.as_secs_f64())
    } else {
        format!("{} first and {second} second open after {:.0} s", left - second, took.as_secs_f64())
    };
    // Once more, now that they are gone.
    asked += 1;
    served += usize::from(is_served(&target));
    let reaction = format!("{closed}, {served} of {asked} others served, {grown}");
    Ok((reaction, left == 0 && served == asked && is_back))
}

/// Connections that come and go without a word.
///
/// # Errors
/// When the service cannot be started, or ends.
pub(super) fn churn(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle = idle(&running)?;
    let target = Target::at(running.address);
    let mut refused = 0;
    for _ in 0..CHURN / AT_A_TIME {
        let opened = (0..AT_A_TIME).map(|_| TcpStream::connect_timeout(&target.address, CONNECT));
        let opened: Vec<_> = opened.collect();
        refused += opened.iter().filter(|opened| opened.is_err()).count();
    }
    let is_served = is_served(&target);
    let (grown, is_back) = growth(&running, idle)?;
    let served = if is_served { "served" } else { "not served" };
    let reaction = match refused {
        0 => format!("{served}, {grown}"),
        refused => format!("{refused} not accepted, {served}, {grown}"),
    };
    Ok((reaction, is_served && is_back && refused == 0))
}

/// More connections than the service may open files.
///
/// # Errors
/// When the service cannot be started, or ends.
pub(super) fn out_of_files(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let mut running = Running::launch(&with_few_files(program), cores)?;
    let target = Target::at(running.address);
    let mut early = RawConnection::open(&target).map_err(anyhow::Error::msg)?;
    let ask = |wire: &mut RawConnection| wire.send(REQUEST).and_then(|()| wire.answer(false)).is_ok();
    let was_served = ask(&mut early);
    // A system whose queue is full keeps the next one waiting: then there is crowd enough.
    let crowd = (0..CROWD).map_while(|_| TcpStream::connect_timeout(&target.address, QUEUED).ok());
    let crowd: Vec<TcpStream> = crowd.collect();
    let before = running.tree()?.cpu();
    thread::sleep(SHORTAGE);
    let busy = (running.tree()?.cpu() - before).as_secs_f64() / SHORTAGE.as_secs_f64() * 100.0;
    let is_served_meanwhile = was_served && ask(&mut early);
    drop(crowd);
    let freed = Instant::now();
    let mut is_served_after = false;
    while !is_served_after && freed.elapsed() < RECOVERY {
        is_served_after = is_served(&target);
    }
    if let Some(end) = running.exit_reason() {
        return Ok((end, false));
    }
    let meanwhile = if is_served_meanwhile { "served" } else { "not served" };
    let after = if is_served_after {
        format!("again after {:.1} s", freed.elapsed().as_secs_f64())
    } else {
        "never again".to_owned()
    };
    let reaction = format!("{meanwhile}, {after}, {busy:.0} % busy meanwhile");
    Ok((reaction, is_served_meanwhile && is_served_after))
}

/// The program started by a shell that takes most open files from it first.
fn with_few_files(program: &Program) -> Program {
    let mut few = program.clone();
    let script = format!("ulimit -n {FILES} && exec \"$0\" \"$@\"");
    few.arguments = vec!["-c".into(), script, program.path.display().to_string()];
    few.arguments.extend(program.arguments.iter().cloned());
    few.path = "/bin/sh".into();
    few
}

/// A peer that owes the rest of a request head.
struct SlowPeer {
    stream: TcpStream,
    is_second: bool,
}

impl SlowPeer {
    /// Sends half a request, after a whole one that was answered if it is to be the second.
    fn connect(target: &Target, is_second: bool) -> Result<Self> {
        let mut stream = TcpStream::connect_timeout(&target.address, CONNECT).context("not accepted")?;
        if is_second {
            stream.set_read_timeout(Some(CONNECT))?;
            stream.write_all(REQUEST)?;
            let mut answer = [0; 1024];
            ensure!(stream.read(&mut answer)? > 0, "no answer before a slow request");
        }
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-a: ")?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, is_second })
    }

    /// Sends a byte more; false once the server has closed the connection.
    fn goes_on(&mut self) -> bool {
        is_open(&mut self.stream) && self.stream.write_all(b"a").is_ok()
    }
}

/// Whether the server has not closed a connection; what it may have said before is read over.
fn is_open(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(cause) => return cause.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// Whether a new connection gets its answer.
fn is_served(target: &Target) -> bool {
    let answered = RawConnection::open(target).and_then(|mut wire| {
        wire.send(REQUEST)?;
        wire.answer(false)
    });
    answered.is_ok_and(|answer| answer.head.status == 200)
}
