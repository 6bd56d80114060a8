//! What is wrong with a request head that hyper has let pass.

use hyper::header::HOST;
use hyper::{Request, StatusCode, Version};

use crate::host::is_host;
use crate::limits::HEAD_BYTES;

/// The status with which a request must be refused: 400 if it has not the Host field that RFC 9112, section 3.2, asks for,
/// one in the form of RFC 9110, section 7.2, which HTTP/1.0 may leave out; 431 if its head is longer than [`HEAD_BYTES`].
/// hyper counts the bytes of a head that it has not read to its end alone.
pub(crate) fn fault<B>(request: &Request<B>) -> Option<StatusCode> {
    let mut bytes = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let mut hosts = 0;
    let mut is_right = true;
    for (name, value) in request.headers() {
        bytes += name.as_str().len() + b": \r\n".len() + value.len();
        if name == HOST {
            hosts += 1;
            is_right = is_host(value.as_bytes());
        }
    }
    if hosts > 1 || !is_right || (hosts == 0 && request.version() >= Version::HTTP_11) {
        return Some(StatusCode::BAD_REQUEST);
    }
    (bytes > HEAD_BYTES).then_some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: Version, fields: &[(&str, &str)]) -> Option<u16> {
        let mut request = Request::builder().version(version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        fault(&request.body(()).unwrap()).map(|status| status.as_u16())
    }

    #[test]
    fn one_host_is_needed_and_more_are_too_many() {
        assert_eq!(of(Version::HTTP_11, &[("host", "localhost:3000")]), None);
        assert_eq!(of(Version::HTTP_11, &[("host", "a b")]), Some(400));
        assert_eq!(of(Version::HTTP_11, &[("x-a", "a")]), Some(400));
        assert_eq!(of(Version::HTTP_10, &[]), None);
        assert_eq!(of(Version::HTTP_11, &[("host", "a"), ("host", "a")]), Some(400));
        assert_eq!(of(Version::HTTP_10, &[("host", "a"), ("x-a", "a"), ("host", "b")]), Some(400));
    }

    #[test]
    fn a_head_may_be_as_long_as_the_limit() {
        let rest = "/".len() + "host: a\r\n".len() + "x-a: \r\n".len();
        let field = "a".repeat(HEAD_BYTES - rest);
        assert_eq!(of(Version::HTTP_11, &[("host", "a"), ("x-a", &field)]), None);
        assert_eq!(of(Version::HTTP_11, &[("host", "a"), ("x-a", &(field + "a"))]), Some(431));
    }
}
