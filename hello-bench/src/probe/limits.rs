//! Requests with a part that is too long, or too many parts.

use crate::probe::case::Family;
use crate::probe::message::{Message, get, must, refused_or_ended};
use crate::probe::part::Part;
use crate::probe::peer::Reaction;

pub(super) const FAMILY: Family =
    Family { key: "limits", title: "Limits", messages: MESSAGES, parts: &PARTS, ..Family::EMPTY };

const MESSAGES: &[Message] = &[
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
        greeted_or_refused,
    ),
];

const PARTS: [Part; 4] = [
    Part {
        name: "header name",
        rule: "an answer, or 4xx (RFC 9110, 5.4)",
        request: |bytes| ending(&format!("GET /?name=A HTTP/1.1\r\nhost: x\r\n{}: a", "a".repeat(bytes))),
        is_kept: greeted_or_refused,
    },
    Part {
        name: "header value",
        rule: "an answer, or 4xx (RFC 9110, 5.4)",
        request: |bytes| ending(&format!("GET /?name=A HTTP/1.1\r\nhost: x\r\nx-a: {}", "a".repeat(bytes))),
        is_kept: greeted_or_refused,
    },
    Part {
        name: "target",
        rule: "an answer, or 4xx (RFC 9112, 3)",
        request: |bytes| {
            let rest = bytes - "/?name=A&x=".len();
            ending(&format!("GET /?name=A&x={} HTTP/1.1\r\nhost: x", "a".repeat(rest)))
        },
        is_kept: greeted_or_refused,
    },
    Part {
        name: "method",
        rule: "4xx or 501, as for any other (RFC 9112, 3)",
        request: |bytes| ending(&format!("{} / HTTP/1.1\r\nhost: x", "A".repeat(bytes))),
        is_kept: |reaction| reaction.is_refused() || reaction.status() == Some(501),
    },
];

fn ending(head: &str) -> String {
    format!("{head}\r\nconnection: close\r\n\r\n")
}

fn greeted_or_refused(reaction: &Reaction) -> bool {
    reaction.is_refused() || reaction.greets(&["A"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_the_length_asked_for() {
        let base = PARTS.map(|part| (part.request)(1024).len());
        let more = PARTS.map(|part| (part.request)(1025).len());
        assert_eq!(more, base.map(|bytes| bytes + 1));
        let target = (PARTS[2].request)(1024);
        assert_eq!(target.split(' ').nth(1).map(str::len), Some(1024));
    }
}
