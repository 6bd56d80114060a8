//! When a service is ready: it prints its address, or accepts connections on the port that it was given.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

/// What stands before the address in the ready line.
const LISTENING: &str = " on http://";
/// How long a connection of loopback may take to be accepted.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(50);
/// Lines of stderr that are kept to explain a failure.
const MAX_STDERR_LINES: usize = 5;

/// The address of loopback at which somebody accepts connections on a port; `None` when nobody does.
pub(super) fn accepting(port: u16) -> Option<SocketAddr> {
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let mut addresses = addresses.into_iter().map(|address| SocketAddr::new(address, port));
    addresses.find(|address| TcpStream::connect_timeout(address, CONNECT_TIMEOUT).is_ok())
}

/// A ready line, and the address in it.
pub(super) type Ready = (String, SocketAddr);

/// Reads a pipe to its end: passes on the ready line, and gives every line to `keep`.
pub(super) fn follow(
    pipe: impl Read + Send + 'static,
    ready: Sender<Ready>,
    mut keep: impl FnMut(String) + Send + 'static,
) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some(address) = address(&line) {
                let _ = ready.send((line.clone(), address));
            }
            keep(line);
        }
    });
}

pub(super) fn keep_last(lines: &Mutex<VecDeque<String>>, line: String) {
    if let Ok(mut lines) = lines.lock() {
        lines.push_back(line);
        while lines.len() > MAX_STDERR_LINES {
            lines.pop_front();
        }
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(LISTENING)?;
    rest.split(['/', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_tells_the_address() {
        let found = address("svc-axum listening on http://127.0.0.1:3000");
        assert_eq!(found, Some(SocketAddr::from(([127, 0, 0, 1], 3000))));
        assert_eq!(address("x listening on http://[::1]:80/"), Some("[::1]:80".parse().unwrap()));
        assert_eq!(address(" * Running on http://127.0.0.1:1"), Some("127.0.0.1:1".parse().unwrap()));
        assert_eq!(address("listening on port 3000"), None);
    }
}
