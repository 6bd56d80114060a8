//! Addresses of servers that run already.

use anyhow::{Result, ensure};
use hello_load::Target;

/// The server that a URL names, looked up; its query is part of the request.
///
/// # Errors
/// When the URL is of another form than `http://HOST[:PORT][/PATH][?QUERY]`, or the host has no address.
pub fn target(url: &str) -> Result<Target> {
    Target::parse(url.split('?').next().unwrap_or(url))
}

/// That a URL is of that form, as far as that shows without a look-up.
pub(super) fn check(url: &str) -> Result<()> {
    let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?']).next());
    let is_host = host.is_some_and(|host| !host.is_empty() && !host.contains(['#', '@', ' ']));
    ensure!(is_host, "{url:?} is not a URL of the form http://HOST:PORT/PATH");
    Ok(())
}

/// Path and query of a URL; `None` for none.
pub fn path(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("http://")?;
    rest.find('/').map(|at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_path_with_their_query() {
        assert_eq!(path("http://h:1/a?b=c"), Some("/a?b=c"));
        assert_eq!(path("http://h:1"), None);
        assert_eq!(target("http://127.0.0.1:1/a?b=c").unwrap().path, "/a");
        assert!(check("http://").is_err() && check("http://h/").is_ok());
    }
}
