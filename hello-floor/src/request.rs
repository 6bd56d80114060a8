//! A request, read with httparse where it lies: nothing is copied, and no room for fields is cleared first.

use std::mem::MaybeUninit;

use httparse::{Error, Request, Status};

use crate::body::Body;
use crate::fields::{self, Framing};
use crate::target::{self, Answer, plain_length};

/// The longest request head, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most fields that a request may have.
const MAX_FIELDS: usize = 64;

/// What the bytes at the front of a connection's input are.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed<'input> {
    /// The beginning of a request.
    Partial,
    /// No request that can be answered.
    Refused(Fault),
    /// A request with a whole head.
    Request(ParsedRequest<'input>),
}

/// Why a request has no answer but a status, and its connection an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// It is no HTTP/1, or can be understood in two ways.
    Malformed,
    /// The target does not fit into a head.
    TargetTooLong,
    /// The fields do not fit into a head, or are too many.
    HeadTooLong,
}

/// What a request asks for.
#[derive(Debug, PartialEq)]
pub(crate) struct ParsedRequest<'input> {
    /// The length of the head.
    pub(crate) bytes: usize,
    /// What to answer.
    pub(crate) answer: Answer<'input>,
    /// Whether the method is HEAD: the answer has no body.
    pub(crate) is_head: bool,
    /// What follows on the connection.
    pub(crate) framing: Framing,
}

/// How a request begins that asks for a greeting by name alone.
const BEGIN: &[u8] = b"GET /?name=";
/// The longest end of a head that is remembered, in bytes.
const MAX_KNOWN_BYTES: usize = 1024;

/// The end of a head, from the name on, that was read before. Peers send the same fields again and again: where the bytes
/// are the same, so is what they mean, and a comparison stands for reading them.
#[derive(Debug, Default)]
pub(crate) struct Known(Vec<u8>);

impl Known {
    /// The first request of `input`, if it asks for a plain name and ends as one before it.
    pub(crate) fn read<'input>(&self, input: &'input [u8]) -> Option<ParsedRequest<'input>> {
        let rest = input.strip_prefix(BEGIN)?;
        let (name, end) = rest.split_at(plain_length(rest));
        let bytes = BEGIN.len() + name.len() + self.0.len();
        let is_known = !self.0.is_empty() && end.starts_with(&self.0) && bytes <= MAX_HEAD_BYTES;
        let framing = Framing { body: Body::NONE, is_last: false };
        is_known.then_some(ParsedRequest { bytes, answer: Answer::Plain(name), is_head: false, framing })
    }

    /// Remembers the end of this request, if another like it could be answered by it.
    pub(crate) fn learn(&mut self, request: &ParsedRequest, input: &[u8]) {
        let Answer::Plain(name) = request.answer else { return };
        let is_plain = request.framing == Framing { body: Body::NONE, is_last: false } && !request.is_head;
        let after_name = BEGIN.len() + name.len();
        let is_short = request.bytes - after_name.min(request.bytes) <= MAX_KNOWN_BYTES;
        if is_plain && is_short && input.starts_with(BEGIN) {
            self.0 = input[after_name..request.bytes].to_vec();
        }
    }
}

/// The first request of `input`, by what is known of another or else by reading it.
pub(crate) fn read<'input>(input: &'input [u8], known: &mut Known) -> Parsed<'input> {
    if let Some(request) = known.read(input) {
        return Parsed::Request(request);
    }
    let parsed = parse(input);
    if let Parsed::Request(request) = &parsed {
        known.learn(request, input);
    }
    parsed
}

/// Reads the first request of `input`.
pub(crate) fn parse(input: &[u8]) -> Parsed<'_> {
    let input = &input[..input.len().min(MAX_HEAD_BYTES)];
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(input, &mut fields) {
        Ok(Status::Complete(bytes)) => complete(bytes, &request),
        Ok(Status::Partial) if input.len() < MAX_HEAD_BYTES => Parsed::Partial,
        Ok(Status::Partial) if input.contains(&b'\n') => Parsed::Refused(Fault::HeadTooLong),
        Ok(Status::Partial) => Parsed::Refused(Fault::TargetTooLong),
        Err(Error::TooManyHeaders) => Parsed::Refused(Fault::HeadTooLong),
        Err(_) => Parsed::Refused(Fault::Malformed),
    }
}

fn complete<'input>(bytes: usize, request: &Request<'_, 'input>) -> Parsed<'input> {
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Parsed::Refused(Fault::Malformed);
    };
    match fields::read(minor, request.headers) {
        Ok(framing) => Parsed::Request(ParsedRequest {
            bytes,
            answer: target::answer(method, target),
            is_head: method == "HEAD",
            framing,
        }),
        Err(_) => Parsed::Refused(Fault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "GET /?name=A HTTP/1.1\r\nhost: x\r\n\r\n";

    #[test]
    fn waits_for_the_whole_head_and_consumes_no_more() {
        let two = [ONE, ONE].concat();
        for end in 0..ONE.len() {
            assert_eq!(parse(&two.as_bytes()[..end]), Parsed::Partial, "{end}");
        }
        let Parsed::Request(request) = parse(two.as_bytes()) else { panic!("not a request") };
        assert_eq!(request.bytes, ONE.len());
        assert!(!request.framing.is_last && request.framing.body.is_over() && !request.is_head);
        assert_eq!(request.answer, Answer::Plain(b"A"));
    }

    #[test]
    fn a_known_end_of_a_head_means_what_it_meant_before() {
        let parsed = |input: &'static str| match parse(input.as_bytes()) {
            Parsed::Request(request) => request,
            other => panic!("{other:?}"),
        };
        let mut known = Known::default();
        assert_eq!(known.read(ONE.as_bytes()), None);
        known.learn(&parsed(ONE), ONE.as_bytes());
        for same in
            [ONE, "GET /?name= HTTP/1.1\r\nhost: x\r\n\r\n", "GET /?name=abc HTTP/1.1\r\nhost: x\r\n\r\nGET"]
        {
            assert_eq!(known.read(same.as_bytes()), Some(parsed(same)), "{same}");
        }
        for other in [
            "GET /?name=A HTTP/1.1\r\nhost: y\r\n\r\n",
            "GET /?name=A HTTP/1.0\r\nhost: x\r\n\r\n",
            "GET /?name=A&x HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET /?name=%41 HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET /?name=A HTTP/1.1\r\nhost: x\r\n",
            "HEAD /?name=A HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            assert_eq!(known.read(other.as_bytes()), None, "{other}");
        }
        for unlike in [
            "HEAD /?name=A HTTP/1.1\r\nhost: y\r\n\r\n",
            "GET /?name=A HTTP/1.1\r\nhost: y\r\nconnection: close\r\n\r\n",
            "GET /?name=A HTTP/1.1\r\nhost: y\r\ncontent-length: 5\r\n\r\n",
            "GET http://y/?name=A HTTP/1.1\r\nhost: y\r\n\r\n",
        ] {
            known.learn(&parsed(unlike), unlike.as_bytes());
            assert!(known.read(ONE.as_bytes()).is_some(), "{unlike}");
        }
        let long = format!("GET /?name={} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(MAX_HEAD_BYTES));
        assert_eq!(known.read(long.as_bytes()), None);
    }

    #[test]
    fn what_is_no_request_is_malformed() {
        for wrong in [
            "\0\0",
            "GET / HTTP/1.1\r\n\r\n",
            "GET /\r\nhost: x\r\n\r\n",
            "GET / HTTP/9.9\r\nhost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\na : b\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\na: b\r\n c\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\na: b\0c\r\n\r\n",
            "GET /\rB HTTP/1.1\r\nhost: x\r\n\r\n",
        ] {
            assert_eq!(parse(wrong.as_bytes()), Parsed::Refused(Fault::Malformed), "{wrong:?}");
        }
    }

    #[test]
    fn a_head_has_so_many_bytes_and_fields_and_no_more() {
        let of = |bytes: usize| {
            let rest = bytes - "GET / HTTP/1.1\r\nhost: x\r\na: \r\n\r\n".len();
            format!("GET / HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "b".repeat(rest))
        };
        assert!(matches!(parse(of(MAX_HEAD_BYTES).as_bytes()), Parsed::Request(_)));
        let long = Parsed::Refused(Fault::HeadTooLong);
        assert_eq!(parse(of(MAX_HEAD_BYTES + 1).as_bytes()), long);
        let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(MAX_FIELDS));
        assert_eq!(parse(many.as_bytes()), long);
        let target = format!("GET /{}", "x".repeat(MAX_HEAD_BYTES));
        assert_eq!(parse(target.as_bytes()), Parsed::Refused(Fault::TargetTooLong));
    }
}
