//! The Host field, which hyper leaves to its user.

use hyper::header::HOST;
use hyper::{Request, Version};

use crate::host::is_host;

/// Whether a request has the Host field that RFC 9112, section 3.2, asks for: one, in the form of RFC 9110, section 7.2.
/// HTTP/1.0 may leave it out.
pub(crate) fn is_right<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => is_host(host.as_bytes()),
        (None, None) => request.version() < Version::HTTP_11,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: Version, hosts: &[&str]) -> bool {
        let mut request = Request::builder().version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        is_right(&request.body(()).unwrap())
    }

    #[test]
    fn one_host_is_needed_and_more_are_too_many() {
        assert!(of(Version::HTTP_11, &["localhost:3000"]));
        assert!(!of(Version::HTTP_11, &[]));
        assert!(of(Version::HTTP_10, &[]));
        assert!(!of(Version::HTTP_11, &["a", "a"]));
        assert!(!of(Version::HTTP_10, &["a", "b"]));
    }
}
