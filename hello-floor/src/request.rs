//! What a request asks for, read with httparse and decoded by hello-core's rules.

use hello_core::{Msg, Params, Refusal};
use httparse::{EMPTY_HEADER, Request, Status};

/// The most headers that a request may have.
const HEADER_LIMIT: usize = 64;

/// What the bytes at the front of a connection's input are.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    /// The beginning of a request.
    Partial,
    /// No HTTP/1 request.
    Malformed,
    /// A whole request head.
    Request {
        /// The length of the head.
        bytes: usize,
        /// What it asks for.
        asked: Asked,
        /// Whether the connection ends with the answer.
        last: bool,
    },
}

/// What to answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Asked {
    /// The greeting, or why there is none.
    pub(crate) answer: Result<Msg, Refusal>,
    /// Whether the method is HEAD: the answer has no body.
    pub(crate) head_only: bool,
}

/// Reads the first request of `input`. A request with a body is the connection's last: the body is not read.
pub(crate) fn parse(input: &[u8]) -> Parsed {
    let mut headers = [EMPTY_HEADER; HEADER_LIMIT];
    let mut request = Request::new(&mut headers);
    match request.parse(input) {
        Ok(Status::Complete(bytes)) => Parsed::Request {
            bytes,
            asked: asked(&request),
            last: is_last(&request),
        },
        Ok(Status::Partial) => Parsed::Partial,
        Err(_) => Parsed::Malformed,
    }
}

fn asked(request: &Request) -> Asked {
    let method = request.method.unwrap_or_default();
    let (path, query) = split(request.path.unwrap_or_default());
    let answer = match (path, method) {
        ("/", "GET" | "HEAD") => serde_urlencoded::from_str::<Params>(query)
            .map(|params| params.greeting())
            .map_err(|_| Refusal::RepeatedName),
        ("/", _) => Err(Refusal::MethodNotAllowed),
        _ => Err(Refusal::NotFound),
    };
    Asked {
        answer,
        head_only: method == "HEAD",
    }
}

/// Path and query of a target in origin form (`/?name=A`) or absolute form (`http://host/?name=A`).
fn split(target: &str) -> (&str, &str) {
    let origin = match target.strip_prefix("http://") {
        Some(rest) => rest.find(['/', '?']).map_or("", |start| &rest[start..]),
        None => target,
    };
    let (path, query) = origin.split_once('?').unwrap_or((origin, ""));
    let root = path.is_empty() && origin.len() != target.len();
    (if root { "/" } else { path }, query)
}

fn is_last(request: &Request) -> bool {
    let says = |name: &str, value: &str| {
        request.headers.iter().any(|header| {
            header.name.eq_ignore_ascii_case(name) && header.value.eq_ignore_ascii_case(value.as_bytes())
        })
    };
    let has = |name: &str| {
        request
            .headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case(name))
    };
    let body = has("transfer-encoding") || (has("content-length") && !says("content-length", "0"));
    body || request.version == Some(0) || says("connection", "close")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn greeting(input: &str) -> String {
        match parse(input.as_bytes()) {
            Parsed::Request { asked, .. } => match asked.answer {
                Ok(msg) => msg.message.into_owned(),
                Err(refusal) => refusal.msg().message.into_owned(),
            },
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn reads_origin_and_absolute_targets() {
        assert_eq!(greeting("GET /?name=A HTTP/1.1\r\n\r\n"), "Hello A!");
        assert_eq!(greeting("GET http://h:1/?name=A HTTP/1.1\r\n\r\n"), "Hello A!");
        assert_eq!(greeting("GET http://h HTTP/1.1\r\n\r\n"), "Hello World!");
        assert_eq!(greeting("GET /x HTTP/1.1\r\n\r\n"), "Not Found");
        assert_eq!(greeting("POST / HTTP/1.1\r\n\r\n"), "Method Not Allowed");
    }

    #[test]
    fn waits_for_the_whole_head_and_consumes_no_more() {
        let two = b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        for end in 0..18 {
            assert_eq!(parse(&two[..end]), Parsed::Partial, "{end}");
        }
        let Parsed::Request { bytes, last, .. } = parse(two) else {
            panic!("not a request")
        };
        assert_eq!((bytes, last), (18, false));
        assert_eq!(parse(b"\0\0"), Parsed::Malformed);
    }

    #[test]
    fn a_body_or_close_or_http_1_0_ends_the_connection() {
        let last = |input: &str| match parse(input.as_bytes()) {
            Parsed::Request { last, .. } => last,
            other => panic!("{other:?}"),
        };
        assert!(last("POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"));
        assert!(last("GET / HTTP/1.1\r\nConnection: Close\r\n\r\n"));
        assert!(last("GET / HTTP/1.0\r\n\r\n"));
        assert!(!last("GET / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"));
    }
}
