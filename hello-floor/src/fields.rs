//! The fields of a request that concern its connection: where it ends, whether another may follow, and Host.

use hello_server::is_host;
use httparse::Header;

use crate::body::{Body, Chunk};

/// What the fields say about the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Framing {
    /// The body that follows the head.
    pub(crate) body: Body,
    /// Whether the peer wants no more than this answer, or may leave it open where the next request begins.
    pub(crate) is_last: bool,
}

/// The fields leave open where the request ends or whom it is for: 400, and the end of the connection.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Ambiguous;

/// The fields as they come, before they are seen together.
#[derive(Default)]
struct Seen {
    hosts: usize,
    length: Option<u64>,
    is_chunked: bool,
    closes: bool,
}

/// Reads the fields of a request of HTTP/1.`minor`. Anything that two readers could understand differently is refused
/// (RFC 9112, 3.2 and 6.3).
pub(crate) fn read(minor: u8, fields: &[Header]) -> Result<Framing, Ambiguous> {
    let mut seen = Seen::default();
    for field in fields {
        seen.add(field.name, field.value)?;
    }
    let is_old = minor == 0;
    let is_host_right = seen.hosts == 1 || (is_old && seen.hosts == 0);
    if !is_host_right || (seen.is_chunked && (is_old || seen.length.is_some())) {
        return Err(Ambiguous);
    }
    let body = match seen.is_chunked {
        true => Body::Chunks(Chunk::Size),
        false => Body::Bytes(seen.length.unwrap_or(0)),
    };
    Ok(Framing { body, is_last: seen.closes || is_old })
}

impl Seen {
    /// Most fields are none of these, which their length shows.
    fn add(&mut self, name: &str, value: &[u8]) -> Result<(), Ambiguous> {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name.len() {
            4 if is("host") => {
                self.hosts += 1;
                if is_host(value) { Ok(()) } else { Err(Ambiguous) }
            }
            // Who expects to be asked for a body may not send it after any other answer (RFC 9110, 10.1.1).
            6 if is("expect") => {
                self.closes = true;
                Ok(())
            }
            10 if is("connection") => {
                self.closes |= value.split(|byte| *byte == b',').any(is_close);
                Ok(())
            }
            14 if is("content-length") => {
                let first = self.length.replace(length(value).ok_or(Ambiguous)?);
                if first.is_none() { Ok(()) } else { Err(Ambiguous) }
            }
            17 if is("transfer-encoding") => {
                let is_first = !std::mem::replace(&mut self.is_chunked, true);
                let is_known = value.trim_ascii().eq_ignore_ascii_case(b"chunked");
                if is_first && is_known { Ok(()) } else { Err(Ambiguous) }
            }
            _ => Ok(()),
        }
    }
}

fn is_close(option: &[u8]) -> bool {
    option.trim_ascii().eq_ignore_ascii_case(b"close")
}

/// Digits and nothing else: no sign, no list.
fn length(value: &[u8]) -> Option<u64> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    str::from_utf8(value).ok().filter(|_| is_number)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields after a right Host.
    fn of(minor: u8, fields: &[(&str, &str)]) -> Result<Framing, Ambiguous> {
        let all: Vec<Header> = [("host", "x")]
            .iter()
            .chain(fields)
            .map(|(name, value)| Header { name, value: value.as_bytes() })
            .collect();
        read(minor, &all)
    }

    #[test]
    fn a_length_is_one_number_given_once() {
        assert_eq!(of(1, &[("Content-Length", "44")]), Ok(Framing { body: Body::Bytes(44), is_last: false }));
        for wrong in ["", "+1", "-1", "0x1", "1, 1", "1 1", "18446744073709551616", "1;"] {
            assert_eq!(of(1, &[("content-length", wrong)]), Err(Ambiguous), "{wrong}");
        }
        for second in ["0", "44"] {
            let both = [("content-length", "0"), ("Content-Length", second)];
            assert_eq!(of(1, &both), Err(Ambiguous), "{second}");
        }
    }

    #[test]
    fn chunks_exclude_all_else() {
        let chunked = ("Transfer-Encoding", "Chunked");
        let body = Body::Chunks(Chunk::Size);
        assert_eq!(of(1, &[chunked]), Ok(Framing { body, is_last: false }));
        assert_eq!(of(0, &[chunked]), Err(Ambiguous));
        assert_eq!(of(1, &[chunked, ("content-length", "0")]), Err(Ambiguous));
        assert_eq!(of(1, &[("content-length", "5"), chunked]), Err(Ambiguous));
        assert_eq!(of(1, &[chunked, chunked]), Err(Ambiguous));
        for unknown in ["chunked, gzip", "gzip, chunked", "xchunked", "chunked;a", "identity", ""] {
            assert_eq!(of(1, &[("transfer-encoding", unknown)]), Err(Ambiguous), "{unknown}");
        }
    }

    #[test]
    fn close_is_found_in_a_list() {
        let is_last = |fields: &[(&str, &str)]| of(1, fields).unwrap().is_last;
        for value in ["close", "Close", "keep-alive, close", "close,keep-alive", "x ,\tCLOSE ,y"] {
            assert!(is_last(&[("Connection", value)]), "{value}");
        }
        assert!(is_last(&[("connection", "x"), ("connection", "close")]));
        for value in ["keep-alive", "closed", "", "close x"] {
            assert!(!is_last(&[("connection", value)]), "{value}");
        }
        assert!(is_last(&[("expect", "100-continue")]));
        assert!(of(0, &[("connection", "keep-alive")]).unwrap().is_last);
    }

    #[test]
    fn one_host_is_needed_and_more_are_too_many() {
        let bare = Framing { body: Body::NONE, is_last: true };
        assert_eq!((read(1, &[]), read(0, &[])), (Err(Ambiguous), Ok(bare)));
        assert_eq!(of(1, &[("Host", "x")]), Err(Ambiguous));
        assert_eq!(of(0, &[("Host", "x")]), Err(Ambiguous));
    }
}
