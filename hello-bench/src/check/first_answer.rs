//! Waiting for a server that was started a moment ago.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::interrupt::Interrupt;
use crate::raw::{Answer, REQUEST, RawConnection};
use hello_load::Target;

const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// How long a server that was started a moment ago is waited for, from the first look on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Until it accepts connections.
    pub(crate) connect: Duration,
    /// Until it answers, where it accepts them.
    pub(crate) answer: Duration,
}

/// Waits for a first answer, whatever it is. At the port of a process that has just been started nobody listens, and
/// the published port of a container accepts connections, and drops them, before the process in it listens.
///
/// # Errors
/// When nobody accepts connections or no answer comes within the limits, or the user interrupts.
pub(crate) fn wait(target: &Target, limits: Limits, interrupt: &Interrupt) -> Result<()> {
    let (begun, address, limit) = (Instant::now(), target.address, limits.answer);
    loop {
        interrupt.check()?;
        match RawConnection::open(target) {
            Ok(connection) => {
                let Err(cause) = ask(connection) else { return Ok(()) };
                ensure!(
                    begun.elapsed() < limit,
                    "{address} accepts connections, but answered no request within {limit:?}: received {cause}"
                );
            }
            Err(cause) => ensure!(begun.elapsed() < limits.connect, "cannot reach {address}: {cause}"),
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn ask(mut connection: RawConnection) -> Result<Answer, String> {
    connection.send(REQUEST)?;
    connection.answer(false)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener};

    use socket2::{Domain, Socket, Type};

    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const SHORT: Duration = Duration::from_millis(200);

    /// Waits for a server that is at this port.
    fn wait_at(port: &Socket, connect: Duration, answer: Duration) -> Result<()> {
        let target = Target::at(port.local_addr().unwrap().as_socket().unwrap());
        wait(&target, Limits { connect, answer }, &Interrupt::default())
    }

    /// A port that is taken, and at which nobody listens.
    fn port() -> Socket {
        let port = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        port.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        port
    }

    /// A server that drops so many connections and then answers one.
    fn serve(listener: &TcpListener, drops: usize) {
        for _ in 0..drops {
            drop(listener.accept());
        }
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").unwrap();
    }

    /// Waits for a server that begins to listen after this time, and drops so many connections.
    fn wait_for(listens_after: Duration, drops: usize, answer: Duration) -> Result<()> {
        let port = port();
        let own = port.try_clone().unwrap();
        thread::spawn(move || {
            thread::sleep(listens_after);
            own.listen(128).unwrap();
            serve(&TcpListener::from(own), drops);
        });
        wait_at(&port, LONG, answer)
    }

    #[test]
    fn a_server_that_drops_its_first_connections_is_waited_for() {
        wait_for(Duration::ZERO, 3, LONG).unwrap();
    }

    #[test]
    fn a_server_that_does_not_listen_yet_is_waited_for() {
        wait_for(SHORT, 0, LONG).unwrap();
    }

    #[test]
    fn a_port_at_which_nobody_listens_is_told() {
        let error = wait_at(&port(), SHORT, LONG).unwrap_err().to_string();
        assert!(error.contains("cannot reach 127.0.0.1:") && error.contains("no connection: "), "{error}");
    }

    #[test]
    fn one_that_never_answers_is_told() {
        let error = wait_for(Duration::ZERO, 1000, SHORT).unwrap_err().to_string();
        assert!(error.contains("answered no request within 200ms: received "), "{error}");
    }
}
