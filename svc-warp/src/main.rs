//! The hello contract through warp, started the way warp's documentation starts a server.
mod app;

use std::{convert::Infallible, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    hello_core::serve("svc-warp", async |listener, stop| {
        warp::serve(app::app()).incoming(listener).graceful(stop).run().await;
        Ok::<(), Infallible>(())
    })
    .await
}
