//! Where connections come from: one address, or several of loopback in turn, so that their ports do not run out.
//!
//! Those of several addresses are many and short, and end by a reset. A connection that ends in order is remembered by
//! its system for one minute (TIME_WAIT), and for two by a firewall or Docker: their tables are full after a few seconds
//! of such a load, and a full one drops packets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

/// How many addresses of loopback take turns: each has 28 000 ports by default.
const ADDRESSES: u8 = 16;

/// How connections within one machine see to congestion, of which there is none: as the least that every Linux has. The
/// system's own choice may time each packet, for nothing.
const CONGESTION_CONTROL: &[u8] = b"reno";

/// Opens connections to one server.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    target: SocketAddr,
    /// Whether addresses take turns.
    rotates: bool,
    next: u8,
}

impl Source {
    /// Connections from whatever address the system chooses, or with `rotates` from several of loopback, if that is
    /// where the server is.
    pub(crate) fn new(target: SocketAddr, rotates: bool) -> Self {
        let is_loopback = matches!(target.ip(), IpAddr::V4(address) if address.is_loopback());
        Self { target, rotates: rotates && is_loopback, next: 0 }
    }

    /// Starts to connect.
    ///
    /// # Errors
    /// When no connection can be begun.
    pub(crate) fn connect(&mut self) -> io::Result<TcpStream> {
        let domain = Domain::for_address(self.target);
        let socket = Socket::new(domain, Type::STREAM.nonblocking().cloexec(), Some(Protocol::TCP))?;
        if self.target.ip().is_loopback() {
            // A system that refuses it is as slow as it was.
            let _ = socket.set_tcp_congestion(CONGESTION_CONTROL);
        }
        if self.rotates {
            self.next = (self.next + 1) % ADDRESSES;
            let own = Ipv4Addr::new(127, 0, 0, 2 + self.next);
            // Closed by a reset, neither side remembers the connection.
            socket.set_linger(Some(Duration::ZERO))?;
            // The port is chosen when the server is known, so that only ports in use with that server are taken.
            setsockopt(&socket, sockopt::IpBindAddressNoPort, &true)?;
            socket.bind(&SocketAddr::from((own, 0)).into())?;
        }
        match socket.connect(&self.target.into()) {
            Err(cause) if cause.raw_os_error() != Some(nix::libc::EINPROGRESS) => Err(cause),
            _ => Ok(TcpStream::from_std(socket.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::net::TcpListener;

    #[test]
    fn connections_come_from_several_addresses_where_that_is_asked() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        for (rotates, addresses) in [(false, 1), (true, usize::from(ADDRESSES))] {
            let mut source = Source::new(address, rotates);
            let streams: Vec<TcpStream> = (0..40).map(|_| source.connect().unwrap()).collect();
            let seen: BTreeSet<IpAddr> = (0..40).map(|_| listener.accept().unwrap().1.ip()).collect();
            assert_eq!((seen.len(), streams.len()), (addresses, 40));
        }
        assert!(!Source::new("[::1]:80".parse().unwrap(), true).rotates);
    }
}
