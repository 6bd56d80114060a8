//! Whether a response under load is the right one, byte for byte.
//!
//! The first response is read in full. Its head is then known to be right, and a later response with the same
//! head needs two comparisons; when the head changes, with `date` once a second, it is read in full again.

use std::sync::Arc;

use serde_json::json;

use crate::exchange::Exchange;
use crate::response::{Framing, Head, excerpt};

/// What stands before the name in the exact body.
const BEFORE: &[u8] = b"{\"message\":\"Hello ";
/// What stands after it.
const AFTER: &[u8] = b"!\"}";

/// How much of the contract holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Strictness {
    /// Every byte of the body, and content-type, content-length and date as the only headers.
    Exact,
    /// The status, the media type and the JSON value, for services in other languages.
    Core,
}

impl Strictness {
    /// The core of the contract alone, or the whole contract.
    pub fn new(core_only: bool) -> Self {
        if core_only { Self::Core } else { Self::Exact }
    }
}

/// What the bytes at the front of a connection's input are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verification {
    /// Not yet a whole response.
    Partial,
    /// The right response.
    Right {
        bytes: usize,
        /// Whether the connection ends with it.
        closes: bool,
    },
    /// A refusal with status 503, where those are allowed.
    Shed {
        bytes: usize,
        /// Whether the connection ends with it.
        closes: bool,
    },
    /// A wrong response of this length, and what is wrong.
    Wrong {
        bytes: usize,
        /// Whether the connection ends with it.
        closes: bool,
        /// What was received and what was expected, on one line.
        what: String,
    },
    /// Bytes that are no sequence of responses, and why.
    Broken(String),
}

/// Verifies the responses of one service.
#[derive(Debug)]
pub(crate) struct Verifier {
    strictness: Strictness,
    /// What is expected instead of a greeting.
    exchange: Option<Arc<Exchange>>,
    allows_refusals: bool,
    /// The head of a right answer; of an exchange of the user's own the whole of one.
    proven: Vec<u8>,
}

impl Verifier {
    /// A verifier that has seen no response.
    pub(crate) fn new(strictness: Strictness, exchange: Option<Arc<Exchange>>) -> Self {
        Self { strictness, exchange, allows_refusals: false, proven: Vec::new() }
    }

    /// The same, for a load that a server may refuse: 503 is then no wrong answer.
    pub(crate) fn allowing_refusals(self) -> Self {
        Self { allows_refusals: true, ..self }
    }

    /// Judges the front of `input` as the answer to `GET /?name=…` with an ASCII `name` that needs no escapes.
    /// `ended` says that the peer will send no more.
    pub(crate) fn verify(&mut self, input: &[u8], ended: bool, name: &[u8]) -> Verification {
        if let Some(bytes) = self.same_as_proven(input, name) {
            return Verification::Right { bytes, closes: false };
        }
        match self.read(input, ended, name) {
            Ok(verification) => verification,
            Err(cause) => Verification::Broken(cause),
        }
    }

    fn same_as_proven(&self, input: &[u8], name: &[u8]) -> Option<usize> {
        if self.proven.is_empty() {
            return None;
        }
        let rest = input.strip_prefix(self.proven.as_slice())?;
        if self.exchange.is_some() {
            return Some(self.proven.len());
        }
        let rest = rest.strip_prefix(BEFORE)?.strip_prefix(name)?.strip_prefix(AFTER)?;
        Some(input.len() - rest.len())
    }

    fn read(&mut self, input: &[u8], ended: bool, name: &[u8]) -> Result<Verification, String> {
        let Some(head) = Head::parse(input)? else {
            return Ok(Verification::Partial);
        };
        let framing = match &self.exchange {
            Some(exchange) => exchange.framing(&head)?,
            None => head.framing()?,
        };
        let Some((body, length)) = framing.body(&input[head.bytes..], ended)? else {
            return Ok(Verification::Partial);
        };
        let bytes = head.bytes + length;
        let closes = head.closes() || framing == Framing::UntilClose;
        if head.status == 503 && self.allows_refusals {
            return Ok(Verification::Shed { bytes, closes });
        }
        let expected = [BEFORE, name, AFTER].concat();
        let what = match (&self.exchange, self.strictness) {
            (Some(exchange), _) => exchange.answer_fault(head.status, &body),
            (None, Strictness::Exact) => exact_fault(&head, &body, &expected),
            (None, Strictness::Core) => core_fault(&head, &body, name),
        };
        if let Some(what) = what {
            return Ok(Verification::Wrong { bytes, closes, what });
        }
        let proven = match &self.exchange {
            Some(_) => Some(bytes),
            None => (body == expected && framing == Framing::Length(body.len())).then_some(head.bytes),
        };
        if let Some(proven) = proven.filter(|_| !closes) {
            self.proven.clear();
            self.proven.extend_from_slice(&input[..proven]);
        }
        Ok(Verification::Right { bytes, closes })
    }
}

fn exact_fault(head: &Head, body: &[u8], expected: &[u8]) -> Option<String> {
    if head.status != 200 {
        return Some(format!("status {}, expected 200; body {}", head.status, excerpt(body)));
    }
    if body != expected {
        return Some(format!("body {}, expected {}", excerpt(body), excerpt(expected)));
    }
    header_fault(head)
}

/// What is wrong with the headers of a 200, if anything.
pub fn header_fault(head: &Head) -> Option<String> {
    match head.header("content-type") {
        Some("application/json") => {}
        other => {
            return Some(format!("content-type {other:?}, expected \"application/json\""));
        }
    }
    let mut names: Vec<&str> = head.headers.iter().map(|(name, _)| name.as_str()).collect();
    names.retain(|name| *name != "connection");
    names.sort_unstable();
    (names != ["content-length", "content-type", "date"])
        .then(|| format!("headers {names:?}, expected only content-type, content-length and date"))
}

fn core_fault(head: &Head, body: &[u8], name: &[u8]) -> Option<String> {
    if head.status != 200 {
        return Some(format!("status {}, expected 200; body {}", head.status, excerpt(body)));
    }
    if !is_json(head) {
        return Some(format!("content-type {:?}, expected application/json", head.header("content-type")));
    }
    let expected = json!({ "message": format!("Hello {}!", String::from_utf8_lossy(name)) });
    let value = serde_json::from_slice::<serde_json::Value>(body).ok();
    (value.as_ref() != Some(&expected)).then(|| format!("body {}, expected {expected}", excerpt(body)))
}

/// Whether the media type is `application/json`, with or without parameters.
pub fn is_json(head: &Head) -> bool {
    let media_type = head.header("content-type").and_then(|value| value.split(';').next());
    media_type.is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::ExpectedBody;

    const RIGHT: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 26\r\ndate: x\r\n\r\n{\"message\":\"Hello abcde!\"}";

    fn wrong(verifier: &mut Verifier, text: &str) -> String {
        match verifier.verify(text.as_bytes(), false, b"abcde") {
            Verification::Wrong { what, .. } => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn each_response_is_compared_even_when_its_head_is_proven() {
        let mut verifier = Verifier::new(Strictness::Exact, None);
        let right = Verification::Right { bytes: RIGHT.len(), closes: false };
        for _ in 0..2 {
            for end in 0..RIGHT.len() {
                assert_eq!(verifier.verify(&RIGHT.as_bytes()[..end], false, b"abcde"), Verification::Partial);
            }
            assert_eq!(verifier.verify(RIGHT.as_bytes(), false, b"abcde"), right);
        }
        let next = RIGHT.replace("date: x", "date: y");
        assert_eq!(verifier.verify(next.as_bytes(), false, b"abcde"), right);
        assert!(wrong(&mut verifier, &next.replace("abcde", "abcdf")).starts_with("body"));
        assert!(wrong(&mut verifier, &next.replace("200 OK", "500 No")).starts_with("status 500"));
        assert!(
            wrong(&mut verifier, &next.replace("/json", "/json; charset=utf-8")).contains("content-type")
        );
        assert!(wrong(&mut verifier, &next.replace("date: y", "server: y")).contains("server"));
        assert!(matches!(verifier.verify(b"nonsense\r\n\r\n", false, b"abcde"), Verification::Broken(_)));
    }

    #[test]
    fn a_refusal_is_one_only_where_those_are_allowed() {
        let text = "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let mut verifier = Verifier::new(Strictness::Exact, None);
        assert!(wrong(&mut verifier, text).starts_with("status 503"));
        let mut verifier = verifier.allowing_refusals();
        let shed = Verification::Shed { bytes: text.len(), closes: true };
        assert_eq!(verifier.verify(text.as_bytes(), false, b"abcde"), shed);
        assert!(wrong(&mut verifier, &RIGHT.replace("200 OK", "500 No")).starts_with("status 500"));
    }

    #[test]
    fn the_core_contract_allows_other_spellings_of_the_same_value() {
        let mut verifier = Verifier::new(Strictness::Core, None);
        let body = "{ \"message\": \"Hello \\u0061bcde!\" }\n";
        let text = format!(
            "HTTP/1.0 200 OK\r\nServer: x\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let right = Verification::Right { bytes: text.len(), closes: true };
        assert_eq!(verifier.verify(text.as_bytes(), false, b"abcde"), right);
        assert!(wrong(&mut verifier, &text.replace("0061", "0062")).contains("expected"));
    }

    #[test]
    fn an_exchange_of_the_user_s_own_is_compared_every_time() {
        let exchange = Exchange { expected: ExpectedBody::Exact("ab".into()), ..Exchange::get() };
        let mut verifier = Verifier::new(Strictness::Core, Some(Arc::new(exchange)));
        let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab";
        let right = Verification::Right { bytes: text.len(), closes: false };
        for _ in 0..2 {
            for end in 0..text.len() {
                assert_eq!(verifier.verify(&text.as_bytes()[..end], false, b""), Verification::Partial);
            }
            assert_eq!(verifier.verify(text.as_bytes(), false, b""), right);
        }
        assert!(wrong(&mut verifier, &text.replace("\nab", "\nac")).starts_with("body"));
        assert!(wrong(&mut verifier, &text.replace("200", "500")).starts_with("status 500"));
        let head = Exchange { method: "HEAD".into(), ..Exchange::get() };
        let mut verifier = Verifier::new(Strictness::Core, Some(Arc::new(head)));
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n";
        let right = Verification::Right { bytes: answer.len(), closes: false };
        assert_eq!(verifier.verify(answer.as_bytes(), false, b""), right);
    }
}
