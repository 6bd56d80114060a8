//! Where a load goes: an address, and the request that it sends there.

use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use crate::exchange::Exchange;

/// The server under load.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    /// Where to connect.
    pub address: SocketAddr,
    /// The value of the `host` header.
    pub host: String,
    /// The path, `/` unless a URL says otherwise.
    pub path: String,
    /// What to send there and to expect; absent for a server that greets.
    pub exchange: Option<Arc<Exchange>>,
}

impl Target {
    /// The root of a server at this address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), path: "/".into(), exchange: None }
    }

    /// Reads `http://HOST[:PORT][/PATH]` and looks the host up.
    ///
    /// # Errors
    /// When the URL is of another form, or the host has no address.
    pub fn parse(url: &str) -> Result<Self> {
        let Some(rest) = url.strip_prefix("http://") else {
            bail!("{url:?} is not a URL that begins with http://");
        };
        ensure!(
            !rest.contains(['?', '#', '@', ' ', '\r', '\n']),
            "{url:?} has more than host, port and path"
        );
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let named = if has_port { host.to_owned() } else { format!("{host}:80") };
        let mut addresses =
            named.to_socket_addrs().with_context(|| format!("cannot look up the host of {url:?}"))?;
        let address = addresses.next().with_context(|| format!("the host of {url:?} has no address"))?;
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { address, host: host.to_owned(), path: path.to_owned(), exchange: None })
    }

    /// The same server, asked for something of the user's own.
    #[must_use]
    pub fn with(self, exchange: Option<Exchange>) -> Self {
        Self { exchange: exchange.map(Arc::new), ..self }
    }

    /// As a URL, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.host, self.path.trim_end_matches('/'))
    }

    /// The bytes of a request for a five-letter name, and where in them the name stands: absent in a request of the
    /// user's own.
    pub fn request(&self) -> (Vec<u8>, Option<usize>) {
        if let Some(exchange) = &self.exchange {
            return (exchange.request(&self.host, &self.path), None);
        }
        let before = format!("GET {}?name=", self.path);
        let request = format!("{before}aaaaa HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        (request.into_bytes(), Some(before.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_others_refused() {
        let target = Target::parse("http://127.0.0.1:3000").unwrap();
        assert_eq!(target, Target::at("127.0.0.1:3000".parse().unwrap()));
        let target = Target::parse("http://[::1]/a/b").unwrap();
        assert_eq!((target.address.to_string().as_str(), target.path.as_str()), ("[::1]:80", "/a/b"));
        let (request, at) = target.request();
        let at = at.unwrap();
        assert!(request.starts_with(b"GET /a/b?name=aaaaa HTTP/1.1\r\nhost: [::1]\r\n"));
        assert_eq!(&request[at..at + 5], b"aaaaa");
        for url in ["", "https://h", "h:80", "http://", "http://h:99999", "http://u@h/", "http://h/?x=1"] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
