//! The end of a listener: who has connected is taken in, and nobody is reset.
//!
//! To close a listener resets whoever is in its queue. However often the queue is emptied before, a peer may connect between
//! the last look and the close, and send a request that is then lost. So the system is first asked to ignore newcomers: they
//! try again after a second, and find the port closed.

use std::os::fd::AsFd;

#[cfg(target_os = "linux")]
use socket2::{SockFilter, SockRef, Socket};
use tokio::time::sleep;

use crate::limits::HANDSHAKE;

/// A program that drops a segment with SYN and without ACK, and lets all else pass: `ldb [13]`, `and #0x12`, `jeq #2`,
/// `ret #0`, `ret #-1`. The flags are byte 13 of the TCP header (RFC 9293, section 3.1).
#[cfg(target_os = "linux")]
const NO_NEWCOMERS: [SockFilter; 5] = [
    SockFilter::new(0x30, 0, 0, 13),
    SockFilter::new(0x54, 0, 0, 0x12),
    SockFilter::new(0x15, 0, 1, 0x02),
    SockFilter::new(0x06, 0, 0, 0),
    SockFilter::new(0x06, 0, 0, u32::MAX),
];

/// Keeps newcomers from a listener, and returns once those whose handshake was under way have had time to end it.
///
/// A system that has no such filter closes the listener as it always did.
pub async fn last_call(listener: impl AsFd) {
    #[cfg(target_os = "linux")]
    refuse_newcomers(&SockRef::from(&listener));
    sleep(HANDSHAKE).await;
    drop(listener);
}

/// Has the system ignore whoever would connect to this listener from now on.
#[cfg(target_os = "linux")]
pub fn refuse_newcomers(listener: &Socket) {
    let _ = listener.attach_filter(&NO_NEWCOMERS);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn who_has_connected_is_taken_in_and_nobody_else() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let _early = TcpStream::connect(address).unwrap();
        last_call(listener.as_fd()).await;
        assert!(TcpStream::connect_timeout(&address, Duration::from_millis(100)).is_err());
        listener.set_nonblocking(true).unwrap();
        listener.accept().unwrap();
        assert!(listener.accept().is_err());
    }
}
