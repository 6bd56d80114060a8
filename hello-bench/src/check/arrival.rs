//! How requests arrive: in two halves, byte by byte, or a hundred in one write. Each must get the answer that it gets whole
//! and alone.

use std::slice;
use std::thread;
use std::time::Duration;

use crate::check::cases::CASES;
use crate::check::http;
use crate::check::outcome::{Outcome, Violation};
use crate::raw::{Answer, RawConnection};
use hello_load::response::excerpt;
use hello_load::{Strictness, Target};

/// The time between two halves, long enough for the first to be read by itself.
const HALVES_PAUSE: Duration = Duration::from_millis(10);
/// The time between two bytes.
const BYTES_PAUSE: Duration = Duration::from_millis(2);
/// Connections that are open at a time: fewer than the queue of any listener holds.
const AT_ONCE: usize = 64;
/// The same where each byte is sent by itself: few enough that a slow machine keeps to the time between two.
const SPELT_AT_ONCE: usize = 16;
/// Requests in one write.
const PIPELINED: usize = 100;
/// The seed of their order, in which methods, errors and bodies are mixed.
const SEED: u64 = 9112;
/// Headers that may differ between two answers to one request.
const VARYING: [&str; 3] = ["connection", "date", "keep-alive"];
/// Requests with bodies, which the table of the contract does not have: method, target, the rest.
const WITH_BODY: [(&str, &str, &str); 4] = [
    ("POST", "/", "content-length: 5\r\n\r\nhello"),
    ("PUT", "/nope", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", "/?name=A", "content-length: 5\r\n\r\nhello"),
    ("HEAD", "/", "content-length: 0\r\n\r\n"),
];

/// A request with the answer that it gets whole and alone.
struct ContractRequest {
    shown: String,
    is_head: bool,
    bytes: Vec<u8>,
    expected: Seen,
}

/// What is compared of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Seen {
    status: u16,
    /// All but those that vary, by name; none where only the core of the contract is asked for.
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Checks every way in which the contract's requests may arrive.
///
/// Services in other languages may close a connection whenever they like, so nothing is pipelined to them.
pub(super) fn check(target: &Target, strictness: Strictness, outcome: &mut Outcome) {
    let requests = match requests(target, strictness) {
        Ok(requests) => requests,
        Err(cause) => {
            let violation =
                Violation::new("a request by itself", "the contract's requests", "an answer", cause);
            return outcome.add(Some(violation));
        }
    };
    for request in &requests {
        outcome.add(in_halves(target, strictness, request));
    }
    for some in requests.chunks(SPELT_AT_ONCE) {
        byte_by_byte(target, strictness, some).into_iter().for_each(|found| outcome.add(found));
    }
    if strictness == Strictness::Exact {
        outcome.add(pipelined(target, &requests));
    }
}

/// The requests of the contract, each with the answer that it gets now.
fn requests(target: &Target, strictness: Strictness) -> Result<Vec<ContractRequest>, String> {
    let is_exact = strictness == Strictness::Exact;
    let cases = CASES.iter().filter(|case| case.core || is_exact);
    let plain = cases.map(|case| (case.method, case.target, "\r\n"));
    let with_body = WITH_BODY.into_iter().filter(|_| is_exact);
    plain
        .chain(with_body)
        .map(|(method, path, rest)| ContractRequest::ask(target, strictness, (method, path, rest)))
        .collect()
}

impl ContractRequest {
    /// Asks it whole and alone.
    fn ask(target: &Target, strictness: Strictness, parts: (&str, &str, &str)) -> Result<Self, String> {
        let (method, path, rest) = parts;
        let path = http::path(target, path);
        let bytes = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n{rest}", target.host).into_bytes();
        let is_head = method == "HEAD";
        let mut connection = RawConnection::open(target)?;
        connection.send(&bytes)?;
        let expected = Seen::of(connection.answer(is_head)?, strictness);
        let body = if rest == "\r\n" { "" } else { " with a body" };
        Ok(Self { shown: format!("{method} {path}{body}"), is_head, bytes, expected })
    }

    /// Reads the next answer and compares it.
    fn hear(&self, connection: &mut RawConnection, strictness: Strictness) -> Result<(), String> {
        let seen = Seen::of(connection.answer(self.is_head)?, strictness);
        if seen == self.expected { Ok(()) } else { Err(seen.shown()) }
    }
}

impl Seen {
    fn of(answer: Answer, strictness: Strictness) -> Self {
        let mut headers = answer.head.headers;
        headers.retain(|(name, _)| strictness == Strictness::Exact && !VARYING.contains(&name.as_str()));
        headers.sort();
        Self { status: answer.head.status, headers, body: answer.body }
    }

    fn shown(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!(", {name}: {value}"));
        format!("{} {}{}", self.status, excerpt(&self.body), headers.collect::<String>())
    }
}

/// One request, cut at every place, on a connection for each.
fn in_halves(target: &Target, strictness: Strictness, request: &ContractRequest) -> Option<Violation> {
    let cuts: Vec<usize> = (1..request.bytes.len()).collect();
    let wrong: Vec<(usize, String)> = cuts
        .chunks(AT_ONCE)
        .flat_map(|some| {
            let begin = |cut: &usize| begun(target, &request.bytes[..*cut]);
            let begun: Vec<_> = some.iter().map(begin).collect();
            thread::sleep(HALVES_PAUSE);
            let sent: Vec<_> =
                some.iter().zip(begun).map(|(cut, begun)| rest(begun, &request.bytes[*cut..])).collect();
            let heard =
                sent.into_iter().map(|sent| sent.and_then(|mut it| request.hear(&mut it, strictness)));
            some.iter()
                .copied()
                .zip(heard)
                .filter_map(|(cut, heard)| Some((cut, heard.err()?)))
                .collect::<Vec<_>>()
        })
        .collect();
    let (cut, received) = wrong.first()?;
    let length = request.bytes.len();
    let places = format!(
        "{}, cut after byte {cut} of {length}; {} of {} cuts fail",
        request.shown,
        wrong.len(),
        cuts.len()
    );
    Some(Violation::new("a request in two halves", &places, &request.expected.shown(), received.clone()))
}

/// A connection on which something was sent. There are thousands of them, so they are closed with a reset and leave nothing in TIME_WAIT.
fn begun(target: &Target, bytes: &[u8]) -> Result<RawConnection, String> {
    rest(RawConnection::brief(target), bytes)
}

/// The connection after something more was sent on it. A server may have answered before that, and take no more: what
/// counts is the answer.
fn rest(begun: Result<RawConnection, String>, bytes: &[u8]) -> Result<RawConnection, String> {
    let mut connection = begun?;
    let _ = connection.send(bytes);
    Ok(connection)
}

/// Requests side by side, a byte at a time. One that fails is asked once more alone before it counts: a busy machine
/// may have been late.
fn byte_by_byte(
    target: &Target,
    strictness: Strictness,
    requests: &[ContractRequest],
) -> Vec<Option<Violation>> {
    let again = |request| spelt(target, strictness, slice::from_ref(request)).pop()?.err();
    let heard = requests.iter().zip(spelt(target, strictness, requests)).map(|(request, heard)| {
        let received = heard.err().and_then(|_| again(request))?;
        Some(Violation::new("a request byte by byte", &request.shown, &request.expected.shown(), received))
    });
    heard.collect()
}

/// What comes of requests that are sent side by side, on a connection each, a byte at a time.
fn spelt(target: &Target, strictness: Strictness, requests: &[ContractRequest]) -> Vec<Result<(), String>> {
    let mut open: Vec<_> = requests.iter().map(|_| RawConnection::brief(target)).collect();
    let longest = requests.iter().map(|request| request.bytes.len()).max().unwrap_or_default();
    for at in 0..longest {
        let sent = requests.iter().zip(open).map(|(request, begun)| match request.bytes.get(at..=at) {
            Some(byte) => rest(begun, byte),
            None => begun,
        });
        open = sent.collect();
        thread::sleep(BYTES_PAUSE);
    }
    let heard = requests.iter().zip(open);
    heard
        .map(|(request, sent)| sent.and_then(|mut it| request.hear(&mut it, strictness)))
        .collect()
}

/// A hundred requests in one write.
fn pipelined(target: &Target, requests: &[ContractRequest]) -> Option<Violation> {
    let all = mixed(requests);
    let mut left = all.as_slice();
    while !left.is_empty() {
        let heard = write_once(target, left);
        if let Err(received) = heard.fault {
            let at = all.len() - left.len() + heard.right;
            let sent = format!(
                "number {} of them: {}, behind {}",
                at + 1,
                all[at].shown,
                at.checked_sub(1).map_or("nothing", |before| &all[before].shown)
            );
            return Some(Violation::new(
                "100 requests in one write",
                &sent,
                &all[at].expected.shown(),
                received,
            ));
        }
        left = &left[heard.right..];
    }
    None
}

/// A hundred requests in an order without a pattern, each about as often as any other.
fn mixed<T>(requests: &[T]) -> Vec<&T> {
    let mut all: Vec<&T> = requests.iter().cycle().take(PIPELINED).collect();
    fastrand::Rng::with_seed(SEED).shuffle(&mut all);
    all
}

/// What came of one write.
struct Heard {
    /// The right answers.
    right: usize,
    /// What is wrong with the next one.
    fault: Result<(), String>,
}

/// Sends requests in one write and reads their answers. One may announce the end of the connection: then those behind it
/// are not answered, and sent again (RFC 9112, 9.6).
fn write_once(target: &Target, requests: &[&ContractRequest]) -> Heard {
    let bytes: Vec<u8> = requests.iter().flat_map(|request| request.bytes.clone()).collect();
    let mut connection = match begun(target, &bytes) {
        Ok(connection) => connection,
        Err(cause) => return Heard { right: 0, fault: Err(cause) },
    };
    for (right, request) in requests.iter().enumerate() {
        let answer = match connection.answer(request.is_head) {
            Ok(answer) => answer,
            Err(cause) => return Heard { right, fault: Err(cause) },
        };
        let is_last = answer.head.closes();
        let seen = Seen::of(answer, Strictness::Exact);
        if seen != request.expected {
            return Heard { right, fault: Err(seen.shown()) };
        }
        if is_last {
            return Heard { right: right + 1, fault: Ok(()) };
        }
    }
    Heard { right: requests.len(), fault: Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_among_the_hundred_and_neighbours_differ() {
        let numbers: Vec<usize> = (0..49).collect();
        let mixed = mixed(&numbers);
        assert_eq!(mixed.len(), PIPELINED);
        assert!(numbers.iter().all(|number| mixed.contains(&number)));
        let in_order = mixed.windows(2).filter(|pair| pair[0] + 1 == *pair[1]).count();
        assert!(in_order < 10, "{mixed:?}");
    }
}
