//! The end of a listener: who has connected is taken in, and nobody is reset.
//!
//! To close a listener resets whoever is in its queue. However often the queue is emptied before, a peer may connect between
//! the last look and the close, and send a request that is then lost. So newcomers are first led past the listener: it is
//! bound to a network interface that there is none of. They are refused at once, as by a port that is closed, while those
//! whose handshake is under way still get into the queue (not where a full queue has made the system use SYN cookies). Linux allows it to every process since 5.7.

use std::os::fd::AsFd;

#[cfg(target_os = "linux")]
use nix::{setsockopt_impl, sockopt_impl, sys::socket::setsockopt};
use tokio::time::sleep;

use crate::limits::HANDSHAKE;

/// The number of an interface that no system has: they are counted from 1.
#[cfg(target_os = "linux")]
const NO_INTERFACE: libc::c_int = libc::c_int::MAX;

#[cfg(target_os = "linux")]
sockopt_impl!(
    /// The interface that a socket is bound to, by number (`socket(7)` has it by name: `SO_BINDTODEVICE`).
    BindToInterface,
    SetOnly,
    libc::SOL_SOCKET,
    libc::SO_BINDTOIFINDEX,
    libc::c_int
);

/// Keeps newcomers from a listener, and returns once those whose handshake was under way have had time to end it.
///
/// A system that does not allow it takes newcomers until the listener is closed.
pub async fn last_call(listener: impl AsFd) {
    #[cfg(target_os = "linux")]
    refuse_newcomers(&listener);
    sleep(HANDSHAKE).await;
    drop(listener);
}

/// Has the system refuse whoever would connect to this listener from now on.
#[cfg(target_os = "linux")]
pub fn refuse_newcomers(listener: &impl AsFd) {
    let _ = setsockopt(listener, BindToInterface, &NO_INTERFACE);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::ErrorKind;
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_has_connected_is_taken_in_and_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let _early = TcpStream::connect(address).unwrap();
        last_call(listener.as_fd()).await;
        let late = TcpStream::connect_timeout(&address, Duration::from_secs(5));
        assert_eq!(late.unwrap_err().kind(), ErrorKind::ConnectionRefused);
        listener.set_nonblocking(true).unwrap();
        listener.accept().unwrap();
        assert!(listener.accept().is_err());
    }
}
