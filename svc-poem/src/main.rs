//! The hello contract through poem, started the way poem's documentation starts a server.
mod acceptor;
mod app;

use std::process::ExitCode;

use acceptor::Pausing;
use hello_core::DRAIN_LIMIT;
use poem::{Server, listener::TcpAcceptor};

#[tokio::main]
async fn main() -> ExitCode {
    hello_core::serve("svc-poem", async |listener, stop| {
        Server::new_with_acceptor(Pausing(TcpAcceptor::from_tokio(listener)?))
            .run_with_graceful_shutdown(app::app(), stop, Some(DRAIN_LIMIT))
            .await
    })
    .await
}
