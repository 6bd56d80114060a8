//! Waiting for a server that was started a moment ago.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Error, Result, bail};

use crate::interrupt::Interrupt;
use crate::raw::{REQUEST, RawConnection};
use hello_load::Target;

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Waits for a first answer, whatever it is: the published port of a container accepts connections, and drops them,
/// before the process in it listens.
///
/// # Errors
/// When nobody accepts connections, no answer comes within the limit, or the user interrupts.
pub(crate) fn wait(target: &Target, limit: Duration, interrupt: &Interrupt) -> Result<()> {
    let end = Instant::now() + limit;
    loop {
        interrupt.check()?;
        let mut connection = RawConnection::open(target)
            .map_err(Error::msg)
            .with_context(|| format!("cannot reach {}", target.address))?;
        let Err(cause) = connection.send(REQUEST).and_then(|()| connection.answer(false)) else {
            return Ok(());
        };
        if Instant::now() >= end {
            bail!(
                "{} accepts connections, but answered no request within {limit:?}: received {cause}",
                target.address
            );
        }
        thread::sleep(POLL_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    /// A server that drops so many connections and then answers one.
    fn after_drops(drops: usize, limit: Duration) -> Result<()> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap());
        thread::spawn(move || {
            for _ in 0..drops {
                drop(listener.accept());
            }
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap();
        });
        wait(&target, limit, &Interrupt::default())
    }

    #[test]
    fn a_server_that_drops_its_first_connections_is_waited_for() {
        after_drops(3, Duration::from_secs(30)).unwrap();
    }

    #[test]
    fn one_that_never_answers_is_told() {
        let error = after_drops(1000, Duration::from_millis(200)).unwrap_err().to_string();
        assert!(error.contains("answered no request within 200ms: received "), "{error}");
    }
}
