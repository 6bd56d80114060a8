//! A pause after a failed accept: poem's server tries again at once, and spins while no file descriptor is free.

use std::io;

use hello_core::ACCEPT_PAUSE;
use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};

/// An acceptor that waits before its failure is reported.
pub(crate) struct Pausing<A>(pub(crate) A);

impl<A: Acceptor> Acceptor for Pausing<A> {
    type Io = A::Io;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.0.local_addr()
    }

    async fn accept(&mut self) -> io::Result<(A::Io, LocalAddr, RemoteAddr, Scheme)> {
        let accepted = self.0.accept().await;
        if accepted.is_err() {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
        accepted
    }
}

#[cfg(test)]
mod tests;
