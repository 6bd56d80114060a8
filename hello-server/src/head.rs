//! What is wrong with a request head that hyper has let pass.

use hyper::header::HOST;
use hyper::{Request, Version};

use crate::host::is_host;

/// Whether a request has the Host field that RFC 9112, section 3.2, asks for, once and in the form of RFC 9110, section
/// 7.2. HTTP/1.0 may leave it out.
pub(crate) fn has_right_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => request.version() < Version::HTTP_11,
        (Some(host), None) => is_host(host.as_bytes()),
        (Some(_), Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_right(version: Version, fields: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().version(version);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        has_right_host(&request.body(()).unwrap())
    }

    #[test]
    fn one_host_is_needed_and_more_are_too_many() {
        assert!(is_right(Version::HTTP_11, &[("x-a", "a"), ("host", "localhost:3000")]));
        assert!(!is_right(Version::HTTP_11, &[("host", "a b")]));
        assert!(!is_right(Version::HTTP_11, &[("x-a", "a")]));
        assert!(is_right(Version::HTTP_10, &[]));
        assert!(!is_right(Version::HTTP_11, &[("host", "a"), ("host", "a")]));
        assert!(!is_right(Version::HTTP_10, &[("host", "a"), ("x-a", "a"), ("host", "b")]));
    }
}
