//! The messages that a peer should not send, or seldom sends, and what is asked of a server that gets one.

use anyhow::Result;

use crate::probe::observation::{Level, Observation};
use crate::probe::peer::{Reaction, exchange};
use hello_load::Target;

/// Bytes on a connection of their own.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// What is odd about it.
    pub name: &'static str,
    /// How strictly the rule is meant.
    pub level: Level,
    /// What is asked for, and where.
    pub rule: &'static str,
    bytes: fn() -> Vec<u8>,
    half_closes: bool,
    is_kept: fn(&Reaction) -> bool,
}

impl Message {
    /// Sends it and judges what comes back.
    ///
    /// # Errors
    /// When the server accepts no connection.
    pub fn observe(&self, target: &Target) -> Result<Observation> {
        let reaction = exchange(target, &(self.bytes)(), self.half_closes)?;
        let is_kept = self.level == Level::Open || (self.is_kept)(&reaction);
        Ok(Observation {
            case: self.name.to_owned(),
            level: self.level,
            rule: self.rule.to_owned(),
            reaction: reaction.to_string(),
            is_kept,
        })
    }
}

const fn must(
    name: &'static str,
    rule: &'static str,
    bytes: fn() -> Vec<u8>,
    is_kept: fn(&Reaction) -> bool,
) -> Message {
    Message { name, level: Level::Must, rule, bytes, half_closes: false, is_kept }
}

const fn should(
    name: &'static str,
    rule: &'static str,
    bytes: fn() -> Vec<u8>,
    is_kept: fn(&Reaction) -> bool,
) -> Message {
    Message { level: Level::Should, ..must(name, rule, bytes, is_kept) }
}

const fn open(name: &'static str, rule: &'static str, bytes: fn() -> Vec<u8>) -> Message {
    Message { level: Level::Open, ..must(name, rule, bytes, |_| true) }
}

/// A GET for the name A with these lines, each with its end, after the Host field.
fn get(lines: &str) -> Vec<u8> {
    format!("GET /?name=A HTTP/1.1\r\nhost: x\r\n{lines}\r\n").into_bytes()
}

/// Bytes, and a GET for the name B.
fn then_b(mut first: Vec<u8>) -> Vec<u8> {
    first.extend_from_slice(b"GET /?name=B HTTP/1.1\r\nhost: x\r\n\r\n");
    first
}

/// A request that must never be answered, as it is the body of another one.
const SMUGGLED: &str = "GET /?name=C HTTP/1.1\r\nhost: x\r\n\r\n";

fn bad_request(reaction: &Reaction) -> bool {
    reaction.status() == Some(400)
}

/// 400, and no more on this connection: what follows a message of unknown length is not a message.
fn bad_request_and_end(reaction: &Reaction) -> bool {
    bad_request(reaction) && reaction.answers.len() == 1 && reaction.is_ended()
}

fn served_or_bad_request(reaction: &Reaction) -> bool {
    bad_request(reaction) || reaction.greets(&["A"])
}

/// Refused, or at least not answered.
fn refused_or_ended(reaction: &Reaction) -> bool {
    reaction.is_refused() || (reaction.answers.is_empty() && reaction.is_ended())
}

/// One answer at the most, and then the end.
fn one_and_end(reaction: &Reaction) -> bool {
    reaction.answers.len() <= 1 && reaction.is_ended()
}

/// Both requests as they were meant, or an end after the first.
fn body_is_not_a_request(reaction: &Reaction) -> bool {
    reaction.greets(&["A", "B"]) || (one_and_end(reaction) && reaction.answers.len() == 1)
}

/// All messages.
pub const MESSAGES: &[Message] = &[
    must(
        "a target of 70 000 bytes",
        "414, or an answer (RFC 9112, 3)",
        || format!("GET /?name=A&x={} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(70_000)).into_bytes(),
        |reaction| reaction.status() == Some(414) || reaction.greets(&["A"]),
    ),
    must(
        "a request line of 1 MiB",
        "4xx or the end (contract)",
        || format!("GET /?x={} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
        refused_or_ended,
    ),
    must(
        "a field of 1 MiB",
        "4xx (RFC 9110, 5.4)",
        || get(&format!("x-a: {}\r\n", "x".repeat(1 << 20))),
        Reaction::is_refused,
    ),
    must(
        "1000 fields",
        "4xx, or an answer (RFC 9110, 5.4)",
        || get(&(0..1000).map(|at| format!("x-{at}: a\r\n")).collect::<String>()),
        |reaction| reaction.is_refused() || reaction.greets(&["A"]),
    ),
    must("no Host", "400 (RFC 9112, 3.2)", || b"GET / HTTP/1.1\r\n\r\n".to_vec(), bad_request),
    must("two Hosts", "400 (RFC 9112, 3.2)", || get("host: x\r\n"), bad_request),
    must(
        "a Host that is none",
        "400 (RFC 9112, 3.2) and the end",
        || b"GET / HTTP/1.1\r\nhost: a b/c\r\n\r\n".to_vec(),
        bad_request_and_end,
    ),
    must(
        "a target in absolute form",
        "an answer (RFC 9112, 3.2.2)",
        || b"GET http://x/?name=A HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        |reaction| reaction.greets(&["A"]),
    ),
    must(
        "Content-Length and Transfer-Encoding",
        "the end after one answer (RFC 9112, 6.1)",
        || then_b(get("content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")),
        one_and_end,
    ),
    must(
        "two different Content-Lengths",
        "400 and the end (RFC 9112, 6.3)",
        || then_b(get("content-length: 0\r\ncontent-length: 5\r\n")),
        bad_request_and_end,
    ),
    must(
        "Content-Length: +0",
        "400 and the end (RFC 9112, 6.3)",
        || then_b(get("content-length: +0\r\n")),
        bad_request_and_end,
    ),
    open("the same Content-Length twice", "400, or as one (RFC 9110, 8.6)", || {
        get("content-length: 0\r\ncontent-length: 0\r\n")
    }),
    must(
        "Transfer-Encoding: chunked, gzip",
        "400 and the end (RFC 9112, 6.3)",
        || then_b(get("transfer-encoding: chunked, gzip\r\n")),
        bad_request_and_end,
    ),
    must(
        "Transfer-Encoding in HTTP/1.0",
        "the end after one answer (RFC 9112, 6.1)",
        || {
            let first = "GET /?name=A HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n\
                         transfer-encoding: chunked\r\n\r\n0\r\n\r\n";
            then_b(first.into())
        },
        one_and_end,
    ),
    must(
        "a chunk size that overflows",
        "the end after one answer (RFC 9112, 7.1)",
        || then_b(get("transfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF0\r\n")),
        one_and_end,
    ),
    must(
        "a body on GET, then a request",
        "the body is none (RFC 9112, 9.3)",
        || {
            let head = get(&format!("content-length: {}\r\n", SMUGGLED.len()));
            then_b([head, SMUGGLED.into()].concat())
        },
        body_is_not_a_request,
    ),
    must(
        "a chunked body on GET, then a request",
        "the body is none (RFC 9112, 9.3)",
        || {
            let chunk = format!("{:x}\r\n{SMUGGLED}\r\n0\r\n", SMUGGLED.len());
            then_b(get(&format!("transfer-encoding: chunked\r\n\r\n{chunk}")))
        },
        body_is_not_a_request,
    ),
    must("a space before the colon", "400 (RFC 9112, 5.1)", || get("x-a : b\r\n"), bad_request),
    must(
        "a folded field (obs-fold)",
        "400, or a space instead (RFC 9112, 5.2)",
        || get("x-a: b\r\n c\r\n"),
        served_or_bad_request,
    ),
    must(
        "NUL in a field",
        "400, or a space instead (RFC 9110, 5.5)",
        || get("x-a: b\0c\r\n"),
        served_or_bad_request,
    ),
    must(
        "a CR alone in the target",
        "400 (RFC 9112, 2.2)",
        || b"GET /?name=A\rB HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        bad_request,
    ),
    open("LF alone at the ends of lines", "400, or as CRLF (RFC 9112, 2.2)", || {
        b"GET /?name=A HTTP/1.1\nhost: x\n\n".to_vec()
    }),
    should(
        "an empty line before the request",
        "an answer (RFC 9112, 2.2)",
        || [b"\r\n".to_vec(), get("")].concat(),
        |reaction| reaction.greets(&["A"]),
    ),
    should(
        "a request line of two words",
        "400 (RFC 9112, 3)",
        || b"GET /\r\nhost: x\r\n\r\n".to_vec(),
        bad_request,
    ),
    should(
        "version HTTP/9.9",
        "505, or 400 (RFC 9110, 15.6.6)",
        || b"GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
        |reaction| matches!(reaction.status(), Some(400 | 505)),
    ),
    open("the preface of HTTP/2", "whether to speak it (RFC 9113, 3.3)", || {
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()
    }),
    should(
        "garbage after a request",
        "an answer, 400 and the end (RFC 9112, 2.2)",
        || [get(""), b"\x01\x02\x03 garbage\r\n\r\n".to_vec()].concat(),
        |reaction| {
            let statuses: Vec<u16> = reaction.answers.iter().map(|reply| reply.status).collect();
            statuses == [200, 400] && reaction.is_ended()
        },
    ),
    Message {
        half_closes: true,
        ..open("a half-close after the request", "whether to answer (RFC 9112, 9.6)", || get(""))
    },
];
