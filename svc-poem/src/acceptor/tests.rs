//! That failed accepts come with pauses.

use tokio::time::Instant;

use super::*;

/// An acceptor of a process without a free file descriptor.
struct Failing;

impl Acceptor for Failing {
    type Io = tokio::net::TcpStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        Vec::new()
    }

    async fn accept(&mut self) -> io::Result<(Self::Io, LocalAddr, RemoteAddr, Scheme)> {
        Err(io::ErrorKind::QuotaExceeded.into())
    }
}

#[tokio::test(start_paused = true)]
async fn failures_come_with_a_pause_between_them() {
    let began = Instant::now();
    let mut acceptor = Pausing(Failing);
    for _ in 0..20 {
        assert!(acceptor.accept().await.is_err());
    }
    assert!(began.elapsed() >= 20 * ACCEPT_PAUSE);
}
