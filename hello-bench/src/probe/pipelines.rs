//! Requests that follow each other without a pause, and offers that nobody takes.

use std::io::Write;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use hello_load::Target;

use crate::launch::Running;
use crate::probe::case::{Case, Family};
use crate::probe::memory::{growth, idle};
use crate::probe::observation::Level;
use crate::probe::peer::{Bytes, Reaction};
use crate::probe::pressure::is_served;
use crate::program::Program;
use crate::raw::{Answer, REQUEST, RawConnection};
use crate::system::cores::Cores;

/// Peers that send requests and read no answer, and how many each.
const UNREAD_PEERS: usize = 20;
const UNREAD_REQUESTS: usize = 30_000;
/// How long they try to send.
const UNREAD_TIME: Duration = Duration::from_secs(2);
/// What their unread answers may take in the service: some hundred KiB each.
const MAX_UNREAD_BYTES: i64 = 16 << 20;
/// How long a connection may take to end after its last answer.
const END_TIMEOUT: Duration = Duration::from_secs(5);
/// The header fields of a greeting, and no others.
const FIELDS: [&str; 3] = ["content-length", "content-type", "date"];

pub(super) const FAMILY: Family = Family {
    key: "pipelines",
    title: "Pipelines and offers",
    busy: &[
        Case {
            name: "GET and HEAD in one write, in eight orders",
            level: Level::Must,
            rule: "a body for each GET and for no HEAD (RFC 9110, 9.3.2)",
            observe: mixed,
        },
        Case {
            name: "a request after Connection: close",
            level: Level::Must,
            rule: "the end after one answer (RFC 9112, 9.6)",
            observe: |program, cores| {
                last(program, cores, "GET /?name=A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            },
        },
        Case {
            name: "a request after HTTP/1.0",
            level: Level::Must,
            rule: "the end after one answer (RFC 9112, 9.3)",
            observe: |program, cores| last(program, cores, "GET /?name=A HTTP/1.0\r\nhost: x\r\n\r\n"),
        },
        Case {
            name: "an offer of HTTP/2 (Upgrade: h2c)",
            level: Level::Must,
            rule: "200 without other header fields (contract)",
            observe: |program, cores| {
                let offer = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n\r\n";
                plain(program, cores, offer)
            },
        },
        Case {
            name: "a GET with a body",
            level: Level::Must,
            rule: "200 without other header fields (contract)",
            observe: |program, cores| plain(program, cores, "content-length: 5\r\n\r\nhello"),
        },
        Case {
            name: "30 000 unread requests of 20 peers each",
            level: Level::Must,
            rule: "16 MiB at the most, others served, memory back within 1 MiB (contract)",
            observe: unread,
        },
    ],
    ..Family::EMPTY
};

/// All sequences of three requests, each in one write.
fn mixed(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let orders = (0..8).map(|bits| [bits & 4 > 0, bits & 2 > 0, bits & 1 > 0]);
    let wrong: Vec<String> = orders.filter_map(|heads| in_order(&target, heads).err()).collect();
    let right = 8 - wrong.len();
    let reaction = match wrong.first() {
        None => format!("{right} of 8 right"),
        Some(first) => format!("{right} of 8 right; {first}"),
    };
    Ok((reaction, wrong.is_empty()))
}

/// Sends a GET, or a HEAD where that is true, three times at once, and reads the answers one by one.
fn in_order(target: &Target, heads: [bool; 3]) -> Result<(), String> {
    let methods = heads.map(|is_head| if is_head { "HEAD" } else { "GET" });
    let [first, second, last] = methods;
    let wrong = |what: &str| format!("{}: {what}", methods.join(" "));
    let mut connection = RawConnection::open(target)?;
    let rest = "HTTP/1.1\r\nhost: x\r\n";
    let requests = format!(
        "{first} /?name=A {rest}\r\n{second} /?name=A {rest}\r\n{last} /?name=A {rest}connection: close\r\n\r\n"
    );
    connection.send(requests.as_bytes())?;
    for is_head in heads {
        let answer = connection
            .answer(is_head)
            .map_err(|_| wrong("an answer is missing or has a body too many"))?;
        if !is_head && !answer.greets("A") {
            return Err(wrong("a body is wrong"));
        }
    }
    if connection.ends_within(END_TIMEOUT) { Ok(()) } else { Err(wrong("more than three answers")) }
}

/// A request that ends its connection, and one more in the same write.
fn last(program: &Program, cores: &Cores, request: &str) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let bytes = [request.as_bytes(), REQUEST].concat();
    let is_right = |reaction: &Reaction| reaction.greets(&["A"]) && reaction.is_ended();
    let reaction = Bytes::new(&bytes).exchange(&Target::at(running.address), is_right)?;
    Ok((reaction.to_string(), is_right(&reaction)))
}

/// A GET with more than its answer may reflect, and another on the same connection.
fn plain(program: &Program, cores: &Cores, rest: &str) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let mut connection = RawConnection::open(&Target::at(running.address)).map_err(anyhow::Error::msg)?;
    let sent = connection.send(format!("GET /?name=A HTTP/1.1\r\nhost: x\r\n{rest}").as_bytes());
    let first = match sent.and_then(|()| connection.answer(false)) {
        Ok(answer) => answer,
        Err(cause) => return Ok((cause, false)),
    };
    let others = other_fields(&first);
    let again = connection.send(REQUEST).and_then(|()| connection.answer(false));
    let is_answered = again.is_ok_and(|answer| answer.greets("A"));
    let status = first.head.status;
    let fields = if others.is_empty() { String::new() } else { format!(" with {}", others.join(", ")) };
    let then = if is_answered { "the next answered" } else { "the next not answered" };
    let is_kept = is_answered || first.head.closes();
    Ok((format!("{status}{fields}, {then}"), status == 200 && others.is_empty() && is_kept))
}

/// The header fields of an answer that a greeting does not have.
fn other_fields(answer: &Answer) -> Vec<String> {
    let others = answer.head.headers.iter().filter(|(name, _)| !FIELDS.contains(&name.as_str()));
    others.map(|(name, value)| format!("{name}: {value}")).collect()
}

/// Peers that fill the service with requests, and read nothing.
fn unread(program: &Program, cores: &Cores) -> Result<(String, bool)> {
    let running = Running::launch(program, cores)?;
    let idle_bytes = idle(&running)?;
    let target = Target::at(running.address);
    let requests = REQUEST.repeat(UNREAD_REQUESTS);
    let mut peers = Vec::new();
    for _ in 0..UNREAD_PEERS {
        let stream = TcpStream::connect(target.address)?;
        stream.set_nonblocking(true)?;
        peers.push((stream, requests.as_slice()));
    }
    let (begun, mut most) = (Instant::now(), 0);
    while begun.elapsed() < UNREAD_TIME {
        peers.iter_mut().for_each(|(stream, rest)| send_some(stream, rest));
        most = most.max(running.tree()?.memory().rss_bytes.cast_signed() - idle_bytes.cast_signed());
        thread::sleep(Duration::from_millis(10));
    }
    let is_served = is_served(&target);
    drop(peers);
    let (grown, is_back) = growth(&running, idle_bytes)?;
    let served = if is_served { "served" } else { "not served" };
    let mib = most as f64 / f64::from(1 << 20);
    Ok((format!("{mib:.1} MiB, {served}, {grown}"), most <= MAX_UNREAD_BYTES && is_served && is_back))
}

/// Sends what the system takes now. A connection that the service has closed takes nothing.
fn send_some(stream: &mut TcpStream, rest: &mut &[u8]) {
    while let Ok(bytes @ 1..) = stream.write(rest) {
        *rest = &rest[bytes..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_greeting_does_not_have_is_named() {
        let answer = |head: &str| Answer {
            head: hello_load::response::Head::parse(head.as_bytes()).unwrap().unwrap(),
            body: Vec::new(),
        };
        let plain = answer("HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 0\r\ncontent-type: a/b\r\n\r\n");
        assert!(other_fields(&plain).is_empty());
        let closing = answer("HTTP/1.1 200 OK\r\ndate: x\r\nconnection: close\r\n\r\n");
        assert_eq!(other_fields(&closing), ["connection: close"]);
    }
}
