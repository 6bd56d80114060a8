//! Request lines, targets and fields that are not as they should be.

use crate::probe::case::Family;
use crate::probe::message::{
    Message, bad_request, bad_request_and_end, get, must, open, served_or_bad_request, should,
};
use crate::probe::peer::Reaction;

pub(super) const FAMILY: Family =
    Family { key: "syntax", title: "Syntax", messages: MESSAGES, ..Family::EMPTY };

fn refused_or_not_implemented(reaction: &Reaction) -> bool {
    reaction.is_refused() || reaction.status() == Some(501)
}

const MESSAGES: &[Message] = &[
    must("no Host", "400 (RFC 9112, 3.2)", || b"GET / HTTP/1.1\r\n\r\n".to_vec(), bad_request),
    must("two Hosts", "400 (RFC 9112, 3.2)", || get("host: x\r\n"), bad_request),
    must(
        "a Host that is none",
        "400 (RFC 9112, 3.2) and the end",
        || b"GET / HTTP/1.1\r\nhost: a b/c\r\n\r\n".to_vec(),
        bad_request_and_end,
    ),
    open("an empty Host", "400, or an answer (RFC 9112, 3.2)", || {
        b"GET /?name=A HTTP/1.1\r\nhost:\r\n\r\n".to_vec()
    }),
    must(
        "a target in absolute form",
        "an answer (RFC 9112, 3.2.2)",
        || b"GET http://x/?name=A HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        |reaction| reaction.greets(&["A"]),
    ),
    must(
        "a target in authority form",
        "4xx (RFC 9112, 3.2.3; contract)",
        || b"GET x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n".to_vec(),
        Reaction::is_refused,
    ),
    must(
        "CONNECT",
        "4xx, or 501 (RFC 9110, 9.3.6; contract)",
        || b"CONNECT x:80 HTTP/1.1\r\nhost: x:80\r\n\r\n".to_vec(),
        refused_or_not_implemented,
    ),
    open("OPTIONS *", "about the server as a whole (RFC 9110, 9.3.7)", || {
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()
    }),
    must("a space before the colon", "400 (RFC 9112, 5.1)", || get("x-a : b\r\n"), bad_request),
    must(
        "a folded field (obs-fold)",
        "400, or a space instead (RFC 9112, 5.2)",
        || get("x-a: b\r\n c\r\n"),
        served_or_bad_request,
    ),
    must(
        "a space before the first field",
        "400, or without that line (RFC 9112, 2.2)",
        || b"GET /?name=A HTTP/1.1\r\n x-a: b\r\nhost: x\r\n\r\n".to_vec(),
        served_or_bad_request,
    ),
    must(
        "NUL in a field",
        "400, or a space instead (RFC 9110, 5.5)",
        || get("x-a: b\0c\r\n"),
        served_or_bad_request,
    ),
    must(
        "a CR alone in a field",
        "400, or a space instead (RFC 9110, 5.5)",
        || get("x-a: b\rc\r\n"),
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
    open("two spaces in the request line", "400, or as one (RFC 9112, 3)", || {
        b"GET  /?name=A HTTP/1.1\r\nhost: x\r\n\r\n".to_vec()
    }),
    should(
        "version http/1.1",
        "400 (RFC 9112, 2.3 and 3)",
        || b"GET / http/1.1\r\nhost: x\r\n\r\n".to_vec(),
        bad_request,
    ),
    should(
        "version HTTP/1.2",
        "an answer, as to 1.1 (RFC 9110, 2.5)",
        || b"GET /?name=A HTTP/1.2\r\nhost: x\r\n\r\n".to_vec(),
        |reaction| reaction.greets(&["A"]),
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
