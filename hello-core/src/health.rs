//! `--health`: health-checks the running instance, for images that hold no other program.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long each step of the request may take.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// What the arguments ask of a service.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// To serve.
    Serve,
    /// To health-check the instance that runs at its address.
    Health,
}

/// An argument that no service takes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct UnknownArgument(String);

impl fmt::Display for UnknownArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "unknown argument {:?}: the only one is --health; HOST and PORT come from the environment",
            self.0
        )
    }
}

impl Mode {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// When there is another than `--health`.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, UnknownArgument> {
        let mut mode = Self::Serve;
        for argument in arguments {
            match argument.as_str() {
                "--health" => mode = Self::Health,
                _ => return Err(UnknownArgument(argument)),
            }
        }
        Ok(mode)
    }
}

/// Sends `GET /` to the service that listens at this address.
///
/// # Errors
/// When it does not answer with 200 in time.
pub(crate) fn check(listening: SocketAddr) -> io::Result<()> {
    let address = SocketAddr::new(reachable(listening.ip()), listening.port());
    let mut stream = TcpStream::connect_timeout(&address, STEP_TIMEOUT)?;
    stream.set_read_timeout(Some(STEP_TIMEOUT))?;
    stream.set_write_timeout(Some(STEP_TIMEOUT))?;
    // In one write: a service that refuses what it has seen so far would reset the rest.
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut status_line = [0; b"HTTP/1.1 200".len()];
    stream.read_exact(&mut status_line)?;
    if status_line == *b"HTTP/1.1 200" {
        return Ok(());
    }
    let got = String::from_utf8_lossy(&status_line).into_owned();
    Err(io::Error::other(format!("it answered {got:?}")))
}

/// Where to reach a service that listens on this IP: all addresses are reached by loopback.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn mode(arguments: &[&str]) -> Result<Mode, UnknownArgument> {
        Mode::parse(arguments.iter().map(|&argument| argument.to_owned()))
    }

    #[test]
    fn arguments_are_read() {
        assert_eq!(mode(&[]), Ok(Mode::Serve));
        assert_eq!(mode(&["--health"]), Ok(Mode::Health));
        let unknown = mode(&["--helth"]).unwrap_err().to_string();
        assert!(unknown.contains("\"--helth\"") && unknown.contains("PORT"));
    }

    #[test]
    fn a_right_answer_is_health_and_nothing_else_is() {
        let answered = |answer: &'static str| {
            let listener = TcpListener::bind("0.0.0.0:0").unwrap();
            let address = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 512];
                let bytes = stream.read(&mut request).unwrap();
                assert!(request[..bytes].starts_with(b"GET / HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let checked = check(address);
            server.join().unwrap();
            checked
        };
        answered("HTTP/1.1 200 OK\r\n\r\n").unwrap();
        answered("HTTP/1.1 404 Not Found\r\n\r\n").unwrap_err();
        answered("").unwrap_err();
        check(SocketAddr::from(([127, 0, 0, 1], 1))).unwrap_err();
    }
}
