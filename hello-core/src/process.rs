//! A service as a process: bind, say so, serve, and on SIGTERM or SIGINT drain within a bound.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::Address;
use crate::health::{self, Mode};
use crate::panic;

/// How long requests in flight may take after the signal. The contract allows 5 s until the process is gone.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(4);

/// How long to leave the listener alone after a failed accept.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How many connections may wait to be accepted: as many as the system allows, which is `net.core.somaxconn`, by default
/// 4096 since Linux 5.4. tokio's own listener has 128, like the standard library's. When the queue is full, a peer's
/// `connect` may succeed although the system has kept nothing of it: its request is lost until it is sent again 200 ms
/// later, and for good if the listener is closed by then.
const BACKLOG: u32 = u32::MAX;

/// Resolves when the process is asked to stop.
pub type Stop = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Binds the address of the environment, prints the ready line, and runs `server` with the listener and a
/// future that resolves when it should stop accepting and drain.
///
/// With `--health` it health-checks the instance that listens at that address already.
/// Ends with success when `server` returns, or [`DRAIN_LIMIT`] after the signal: some frameworks would wait
/// for a half-sent request for ever. Anything else is one line on stderr and failure. A panic of one connection is a
/// line, too, and ends that connection alone.
pub async fn serve<E: Display>(
    name: &str,
    server: impl AsyncFnOnce(TcpListener, Stop) -> Result<(), E>,
) -> ExitCode {
    if let Err(ended) = begin(name) {
        return ended;
    }
    let (listener, stop, late) = match prepare(name) {
        Ok(prepared) => prepared,
        Err(cause) => return fail(name, cause),
    };
    tokio::select! {
        served = server(listener, stop) => served.map_or_else(|cause| fail(name, cause), |()| ExitCode::SUCCESS),
        () = drained(late) => ExitCode::SUCCESS,
    }
}

/// Reads the arguments, and sees to it that a panic is one line. For a program that serves without [`serve`].
///
/// # Errors
/// With how the process is to end, where it is not to serve: it was asked for `--health`, or for what it does not know.
pub fn begin(name: &str) -> Result<(), ExitCode> {
    match Mode::parse(std::env::args().skip(1)) {
        Ok(Mode::Serve) => {}
        Ok(Mode::Health) => return Err(health(name)),
        Err(cause) => return Err(fail(name, cause)),
    }
    panic::report_in_one_line(name);
    Ok(())
}

/// The next connection, or `None` once the process is asked to stop: for a server that brings no accept loop.
///
/// A failed accept, for want of file descriptors say, costs a short pause and not the service.
pub async fn accept(listener: &TcpListener, stop: &mut Stop) -> Option<TcpStream> {
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(cause) if is_of_the_peer(&cause) => {}
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            () = &mut *stop => return None,
        }
    }
}

/// Whether an accept failed for a reason that lies with one peer, and not with this system.
pub fn is_of_the_peer(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::ConnectionRefused
    )
}

/// Says on stdout that the service accepts connections. A closed stdout is no reason to stop.
pub fn announce(name: &str, address: SocketAddr) {
    let _ = writeln!(io::stdout(), "{name} listening on http://{address}");
}

/// Says on stderr, in one line, why the service cannot go on.
pub fn fail(name: &str, cause: impl Display) -> ExitCode {
    let _ = writeln!(io::stderr(), "{name}: {cause}");
    ExitCode::FAILURE
}

fn health(name: &str) -> ExitCode {
    match Address::from_env().map(health::check) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(cause)) => fail(name, format_args!("not healthy: {cause}")),
        Err(cause) => fail(name, cause),
    }
}

fn prepare(name: &str) -> Result<(TcpListener, Stop, Stop), String> {
    let address = Address::from_env().map_err(|cause| cause.to_string())?;
    let cannot = |cause| format!("cannot listen on {address}: {cause}");
    let listener = listen(address).map_err(cannot)?;
    let signals = (|| Ok((stop()?, stop()?)))();
    let (stop, late) = signals.map_err(|cause: io::Error| format!("cannot wait for signals: {cause}"))?;
    announce(name, listener.local_addr().map_err(cannot)?);
    Ok((listener, stop, late))
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // As `TcpListener::bind` does: a restart does not wait for the connections of the previous process.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn stop() -> io::Result<Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(Box::pin(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }))
}

async fn drained(stop: Stop) {
    stop.await;
    sleep(DRAIN_LIMIT).await;
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn more_peers_than_the_usual_queue_holds_can_wait() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let connect = |_| TcpStream::connect_timeout(&address, Duration::from_secs(5)).unwrap();
        let waiting: Vec<TcpStream> = (0..200).map(connect).collect();
        for _ in &waiting {
            listener.accept().await.unwrap();
        }
    }
}
