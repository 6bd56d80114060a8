//! One HTTP/1 response at the front of a connection's bytes, read with httparse.

use httparse::{EMPTY_HEADER, ParserConfig, Status};

/// The most headers that a response may have.
const HEADER_LIMIT: usize = 64;

/// A response head and where its body lies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// The status code.
    pub status: u16,
    /// The minor version of HTTP/1: 0 or 1.
    pub version: u8,
    /// Names in lower case and values, in the order received.
    pub headers: Vec<(String, String)>,
    /// The length of the head, the empty line included.
    pub bytes: usize,
}

impl Head {
    /// Reads a head; `None` while it is incomplete.
    ///
    /// # Errors
    /// When the bytes are no HTTP/1 response.
    pub fn parse(input: &[u8]) -> Result<Option<Self>, String> {
        let mut headers = [EMPTY_HEADER; HEADER_LIMIT];
        let mut response = httparse::Response::new(&mut headers);
        match ParserConfig::default().parse_response(&mut response, input) {
            Ok(Status::Partial) => Ok(None),
            Err(cause) => Err(format!("no HTTP response: {cause}: {}", excerpt(input))),
            Ok(Status::Complete(bytes)) => Ok(Some(Self {
                status: response.code.unwrap_or_default(),
                version: response.version.unwrap_or_default(),
                headers: response
                    .headers
                    .iter()
                    .map(|header| {
                        let value = String::from_utf8_lossy(header.value).into_owned();
                        (header.name.to_ascii_lowercase(), value)
                    })
                    .collect(),
                bytes,
            })),
        }
    }

    /// The value of the first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the connection ends with this response: HTTP/1.1 stays open by default, HTTP/1.0 does not.
    pub fn closes(&self) -> bool {
        let says = |token| self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case(token));
        if self.version == 0 { !says("keep-alive") } else { says("close") }
    }

    /// How the body is delimited (RFC 9112, section 6.3), for a response to a request other than HEAD.
    ///
    /// # Errors
    /// When `content-length` is no number.
    pub fn framing(&self) -> Result<Framing, String> {
        if self
            .header("transfer-encoding")
            .is_some_and(|value| value.eq_ignore_ascii_case("chunked"))
        {
            return Ok(Framing::Chunked);
        }
        match self.header("content-length") {
            Some(length) => match length.parse() {
                Ok(length) => Ok(Framing::Length(length)),
                Err(_) => Err(format!("content-length is {length:?}")),
            },
            None => Ok(Framing::UntilClose),
        }
    }
}

/// How a body ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// After this many bytes.
    Length(usize),
    /// After a chunk of length zero.
    Chunked,
    /// With the connection.
    UntilClose,
}

impl Framing {
    /// The body at the front of `input` and the bytes that it takes there; `None` while it is incomplete.
    /// `ended` says that the peer will send no more.
    ///
    /// # Errors
    /// When a chunk is malformed.
    pub fn body(self, input: &[u8], ended: bool) -> Result<Option<(Vec<u8>, usize)>, String> {
        match self {
            Self::Length(length) => Ok(input.get(..length).map(|body| (body.to_vec(), length))),
            Self::UntilClose if ended => Ok(Some((input.to_vec(), input.len()))),
            Self::UntilClose => Ok(None),
            Self::Chunked => chunks(input),
        }
    }
}

fn chunks(input: &[u8]) -> Result<Option<(Vec<u8>, usize)>, String> {
    let mut body = Vec::new();
    let mut used = 0;
    loop {
        let (line, length) = match httparse::parse_chunk_size(&input[used..]) {
            Ok(Status::Complete(chunk)) => chunk,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err(format!("malformed chunk: {}", excerpt(&input[used..]))),
        };
        let start = used + line;
        let end = usize::try_from(length).ok().and_then(|length| start.checked_add(length));
        let Some(chunk) = end.and_then(|end| input.get(start..end)) else {
            return Ok(None);
        };
        body.extend_from_slice(chunk);
        let after = start + chunk.len();
        match input.get(after..after + 2) {
            None => return Ok(None),
            Some(b"\r\n") => used = after + 2,
            Some(_) => return Err(format!("malformed chunk: {}", excerpt(&input[used..]))),
        }
        if length == 0 {
            return Ok(Some((body, used)));
        }
    }
}

/// The first bytes of `input`, printable and on one line.
pub fn excerpt(input: &[u8]) -> String {
    const LONGEST: usize = 200;
    let shown = input.get(..LONGEST).unwrap_or(input);
    let dots = if shown.len() < input.len() { "…" } else { "" };
    format!("\"{}{dots}\"", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_lengths_chunks_and_bodies_that_end_with_the_connection() {
        let head = Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab").unwrap().unwrap();
        assert_eq!((head.status, head.bytes, head.closes()), (200, 38, false));
        assert_eq!(head.framing(), Ok(Framing::Length(2)));
        assert_eq!(Framing::Length(2).body(b"abc", false), Ok(Some((b"ab".to_vec(), 2))));
        assert_eq!(Framing::Length(3).body(b"ab", false), Ok(None));
        assert_eq!(Framing::UntilClose.body(b"ab", true), Ok(Some((b"ab".to_vec(), 2))));
        let whole = b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(Framing::Chunked.body(&whole[..end], false), Ok(None), "{end}");
        }
        assert_eq!(Framing::Chunked.body(whole, false), Ok(Some((b"abc".to_vec(), whole.len()))));
        assert!(Framing::Chunked.body(b"2\r\nabXX", false).is_err());
    }

    #[test]
    fn http_1_0_closes_unless_it_says_otherwise() {
        let closes = |text: &str| Head::parse(text.as_bytes()).unwrap().unwrap().closes();
        assert!(closes("HTTP/1.0 200 OK\r\n\r\n"));
        assert!(!closes("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"));
        assert!(closes("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(input in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(Some(head)) = Head::parse(&input) {
                let _ = head.framing();
            }
            let _ = Framing::Chunked.body(&input, true);
        }
    }
}
