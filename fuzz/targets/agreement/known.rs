//! Differences between services that are known, each with its reason.

use std::sync::LazyLock;

use hello_bench::service::{Catalogue, Finder, Service};
use hello_server::is_host;

use crate::reaction::Reaction;

/// The services that services.toml lets answer a target without a path.
static NO_PATH_IS_ROOT: LazyLock<Vec<String>> = LazyLock::new(|| {
    let catalogue = Catalogue::read(None).expect("services.toml is here or above");
    let services = catalogue.select(&[]).into_iter().flatten().chain(catalogue.tuned());
    let is_one = |service: &Service| {
        service.exceptions(Finder::Check).iter().any(|exception| exception.case == "GET h:80")
    };
    services.filter(is_one).map(|service| service.name).collect()
});

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

    fn takes_no_path_for_root(&self) -> bool {
        NO_PATH_IS_ROOT.iter().any(|name| name == self.service)
    }

    fn is_floor(&self) -> bool {
        self.service == "hello-floor"
    }

    /// Those that do not share hyper's reading of requests.
    fn is_no_hyper(&self) -> bool {
        self.is_actix() || self.is_floor()
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

    /// The status of the service's first answer that most did not give.
    fn next_status(&self) -> Option<u16> {
        let same = self
            .own
            .answers
            .iter()
            .zip(&self.common.answers)
            .take_while(|(own, common)| own == common);
        self.own.answers.get(same.count()).map(|(status, _)| *status)
    }

    /// The service did as most, up to where it ended the connection.
    fn ends_early(&self) -> bool {
        self.own.is_ended && self.is_prefix()
    }

    /// The service gave none but the first of most services' answers.
    fn is_prefix(&self) -> bool {
        self.common.answers.starts_with(&self.own.answers)
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

    /// The targets of all lines that look like request lines.
    fn targets(&self) -> impl Iterator<Item = &str> {
        self.input.lines().filter_map(|line| {
            let (target, version) = line.split_once(' ')?.1.rsplit_once(' ')?;
            version.starts_with("http/1.").then_some(target)
        })
    }

    /// Whether a request line has a target in authority form, which has no path.
    fn has_target_without_path(&self) -> bool {
        self.targets()
            .any(|target| !target.starts_with('/') && target != "*" && !target.contains("://"))
    }

    /// Whether a request line has a target with a character that no URI has (RFC 3986, 2), or with an unusual authority.
    fn has_odd_target(&self) -> bool {
        let has_odd_authority = |target: &str| {
            let rest = target.split_once("://").map(|(_, rest)| rest);
            let authority = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(rest));
            authority.is_some_and(|authority| authority.is_empty() || !is_host(authority.as_bytes()))
        };
        self.targets().any(|target| {
            target.contains(['<', '>', '"', '#', '\\', '^', '`', '{', '|', '}']) || has_odd_authority(target)
        })
    }

    /// Whether a head has no Host field, two, or one with an unusual value.
    fn has_odd_host(&self) -> bool {
        let heads = self.input.split("\n\r\n").flat_map(|part| part.split("\n\n"));
        heads.filter(|head| head.contains("http/1.")).any(|head| {
            let mut hosts = head.lines().filter_map(|line| line.strip_prefix("host:"));
            !matches!((hosts.next(), hosts.next()), (Some(value), None) if is_usual_host(value.trim()))
        })
    }
}

/// A plain name, and perhaps a port.
fn is_usual_host(value: &str) -> bool {
    let (name, port) = value.split_once(':').unwrap_or((value, ""));
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric());
    is_name && port.chars().all(|digit| digit.is_ascii_digit())
}

/// Whether one begins like the other, and then has a refusal of the server's own and the end.
fn is_refusal_of(refusing: &Reaction, other: &Reaction) -> bool {
    let Some(((400..=599, message), before)) = refusing.answers.split_last() else { return false };
    message.is_empty() && refusing.is_ended && other.answers.starts_with(before)
}

const KNOWN: &[Known] = &[
    Known {
        reason: "services under their framework's own server, and not the tuned ones, leave Host to their user",
        explains: |it| it.has_odd_host() && (it.refuses() || it.serves_on()),
    },
    Known {
        reason: "whether to speak HTTP/2 is left to the server (RFC 9113, 3.3)",
        explains: |it| it.has("pri * http/2.0"),
    },
    Known {
        reason: "a service may end the connection where the rest of a body is late, and need not (RFC 9112, 9.6)",
        explains: |it| {
            it.arrival == Arrival::Pieces && it.has_body() && (it.ends_early() || it.is_common_early())
        },
    },
    Known {
        reason: "a service may wait for the rest of a body that it does not read, or end the connection (RFC 9112, 9.6)",
        explains: |it| it.has_body() && it.own.answers == it.common.answers,
    },
    Known {
        reason: "actix-http and the floor refuse a body of doubtful length, as they may (RFC 9112, 6.1 and 6.3)",
        explains: |it| it.is_no_hyper() && it.has_body() && it.refuses(),
    },
    Known {
        reason: "actix-http and the floor may end the connection instead of reading a body (RFC 9112, 9.6)",
        explains: |it| it.is_no_hyper() && (it.has_body() || it.has("expect")) && it.ends_early(),
    },
    Known {
        reason: "actix-http and the floor read over trailers without looking at them, and drop them (RFC 9112, 7.1.2)",
        explains: |it| it.is_no_hyper() && it.has("chunked") && it.goes_on() && it.common.is_ended,
    },
    Known {
        reason: "actix-http takes a request that offers to upgrade for the last, whether or not the offer is taken",
        explains: |it| it.is_actix() && it.has("upgrade") && it.is_prefix(),
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
        reason: "actix-http refuses a method with punctuation, which http 0.2 does not take for a token",
        explains: |it| it.is_actix() && it.has_odd_method() && it.refuses(),
    },
    Known {
        reason: "actix-http refuses a target with a byte beyond ASCII, and hyper does not (RFC 9112, 3, lets both)",
        explains: |it| it.is_actix() && it.targets().any(|target| !target.is_ascii()) && it.refuses(),
    },
    Known {
        reason: "actix-http refuses a POST of HTTP/1.0 without Content-Length, as it may (RFC 1945, 8.3)",
        explains: |it| it.is_actix() && it.has("post ") && it.has("http/1.0") && it.refuses(),
    },
    Known {
        reason: "actix-http takes CONNECT for the last request, whatever its answer",
        explains: |it| it.is_actix() && it.has("connect ") && it.is_prefix(),
    },
    Known {
        reason: "a target without a path is taken for the root, an exception in services.toml",
        explains: |it| {
            it.takes_no_path_for_root()
                && it.has_target_without_path()
                && (it.has_odd_host() || it.own.answers.len() == it.common.answers.len())
                && it.own.is_ended == it.common.is_ended
        },
    },
    Known {
        reason: "the floor takes a target of no form for a path that it does not have (RFC 9112, 3, lets it)",
        explains: |it| it.is_floor() && it.serves_on() && it.next_status() == Some(404),
    },
    Known {
        reason: "the floor does not ask whether a target has an authority's form and a URI's characters (RFC 9112, 3, lets it)",
        explains: |it| it.is_floor() && it.serves_on() && it.has_odd_target(),
    },
    Known {
        reason: "hyper and actix-http ignore a Connection field with a byte beyond ASCII; the floor finds its close",
        explains: |it| {
            it.is_floor()
                && it.has("connection")
                && it.has("close")
                && !it.input.is_ascii()
                && it.ends_early()
        },
    },
    Known {
        reason: "the floor ends every connection of HTTP/1.0, as it may (RFC 9112, 9.3)",
        explains: |it| it.is_floor() && it.has("http/1.0") && it.ends_early(),
    },
];
