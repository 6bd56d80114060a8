//! Differences between services that are known, each with its reason.

use crate::reaction::Reaction;

/// How a stream was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Arrival {
    /// In one write.
    Whole,
    /// In several, with pauses.
    Pieces,
}

/// A stream of bytes and what a service did with it, beside what most did.
struct Difference<'a> {
    service: &'a str,
    /// The stream in lower case.
    input: &'a str,
    arrival: Arrival,
    own: &'a Reaction,
    common: &'a Reaction,
}

/// A known difference.
struct Known {
    reason: &'static str,
    explains: fn(&Difference) -> bool,
}

/// Why this service may differ from most; `None` when nobody knows.
pub fn reason(
    service: &str,
    stream: &[u8],
    arrival: Arrival,
    own: &Reaction,
    common: &Reaction,
) -> Option<&'static str> {
    let input = String::from_utf8_lossy(stream).to_ascii_lowercase();
    let difference = Difference { service, input: &input, arrival, own, common };
    KNOWN.iter().find(|known| (known.explains)(&difference)).map(|known| known.reason)
}

impl Difference<'_> {
    fn is_actix(&self) -> bool {
        self.service.starts_with("svc-actix")
    }

    /// actix-web under its own server.
    fn is_plain_actix(&self) -> bool {
        self.service == "svc-actix"
    }

    fn has(&self, part: &str) -> bool {
        self.input.contains(part)
    }

    /// Whether the stream may hold a body.
    fn has_body(&self) -> bool {
        self.has("content-length") || self.has("transfer-encoding")
    }

    /// The service did as most, up to where it refused a request and ended the connection.
    fn refuses(&self) -> bool {
        is_refusal_of(self.own, self.common)
    }

    /// Most refused a request and ended the connection, up to which the service did as they.
    fn serves_on(&self) -> bool {
        is_refusal_of(self.common, self.own)
    }

    /// The service did as most, up to where it ended the connection.
    fn ends_early(&self) -> bool {
        self.own.is_ended && self.common.answers.starts_with(&self.own.answers)
    }

    /// Most did as the service, up to where they ended the connection.
    fn is_common_early(&self) -> bool {
        self.common.is_ended && self.own.answers.starts_with(&self.common.answers)
    }

    /// The service did as most, and then answered more.
    fn goes_on(&self) -> bool {
        self.own.answers.len() > self.common.answers.len()
            && self.own.answers.starts_with(&self.common.answers)
    }

    /// Whether a line begins with a word in which there is punctuation.
    fn has_odd_method(&self) -> bool {
        let words = self.input.lines().filter_map(|line| line.split(' ').next());
        words
            .into_iter()
            .any(|word| word.contains(|letter: char| "!#$%&'*+.^_`|~".contains(letter)))
    }

    /// Whether a head has no Host field, two, or one with an unusual value.
    fn has_odd_host(&self) -> bool {
        let is_usual =
            |value: &str| value.trim().chars().all(|letter| letter.is_alphanumeric() || letter == ':');
        let heads = self.input.split("\n\r\n").flat_map(|part| part.split("\n\n"));
        heads.filter(|head| head.contains("http/1.")).any(|head| {
            let mut hosts = head.lines().filter_map(|line| line.strip_prefix("host:"));
            !matches!((hosts.next(), hosts.next()), (Some(value), None) if is_usual(value) && !value.trim().is_empty())
        })
    }
}

/// Whether one begins like the other, and then has a refusal of the server's own and the end.
fn is_refusal_of(refusing: &Reaction, other: &Reaction) -> bool {
    let Some(((400..=599, message), before)) = refusing.answers.split_last() else { return false };
    message.is_empty() && refusing.is_ended && other.answers.starts_with(before)
}

const KNOWN: &[Known] = &[
    Known {
        reason: "a service may end the connection where the rest of a body is late, and need not (RFC 9112, 9.6)",
        explains: |it| {
            it.arrival == Arrival::Pieces && it.has_body() && (it.ends_early() || it.is_common_early())
        },
    },
    Known {
        reason: "services under their framework's own server, and not the tuned ones, leave Host to their user",
        explains: |it| it.has_odd_host() && (it.refuses() || it.serves_on()),
    },
    Known {
        reason: "whether to speak HTTP/2 is left to the server (RFC 9113, 3.3)",
        explains: |it| it.input.trim_start().starts_with("pri * http/2.0"),
    },
    Known {
        reason: "actix-http refuses a body of doubtful length, as it may (RFC 9112, 6.1 and 6.3)",
        explains: |it| it.is_actix() && it.has_body() && it.refuses(),
    },
    Known {
        reason: "actix-web ends the connection where a body was not read, as it may (RFC 9112, 9.6)",
        explains: |it| it.is_actix() && it.has_body() && it.ends_early(),
    },
    Known {
        reason: "actix-web ends the connection after an offer to upgrade, which nobody takes",
        explains: |it| it.is_plain_actix() && it.has("upgrade") && it.ends_early(),
    },
    Known {
        reason: "actix-http reads over trailers without looking at them, as it drops them (RFC 9112, 7.1.2)",
        explains: |it| it.is_actix() && it.has("chunked") && it.goes_on() && it.common.is_ended,
    },
    Known {
        reason: "actix-http goes on after Connection: close and HTTP/1.0 (docs/upstream.md)",
        explains: |it| it.is_plain_actix() && (it.has("close") || it.has("http/1.0")) && it.goes_on(),
    },
    Known {
        reason: "actix-http frames the answer to a pipelined HEAD by the last request that it has read (docs/upstream.md)",
        explains: |it| it.is_plain_actix() && it.has("head "),
    },
    Known {
        reason: "a service may wait for the rest of a body that it does not read, or end the connection (RFC 9112, 9.6)",
        explains: |it| it.has_body() && it.own.answers == it.common.answers,
    },
    Known {
        reason: "actix-http refuses a method with punctuation, which http 0.2 does not take for a token",
        explains: |it| it.is_actix() && it.has_odd_method() && it.refuses(),
    },
    Known {
        reason: "actix-http takes CONNECT for the last request, whatever its answer",
        explains: |it| it.is_actix() && it.has("connect ") && it.common.answers.starts_with(&it.own.answers),
    },
    Known {
        reason: "the floor ends the connection where it does not read a body, as it may (RFC 9112, 9.6)",
        explains: |it| it.service == "hello-floor" && it.has_body() && it.ends_early(),
    },
];
