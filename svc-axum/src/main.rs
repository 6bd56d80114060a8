//! The hello contract through axum, started the way axum's documentation starts a server.
mod app;

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    hello_core::serve("svc-axum", async |listener, stop| {
        axum::serve(listener, app::app()).with_graceful_shutdown(stop).await
    })
    .await
}
