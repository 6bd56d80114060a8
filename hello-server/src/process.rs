//! A tuned service as a process: hello-core's, which also gives memory back.

use std::fmt::Display;
use std::process::ExitCode;

use hello_core::Stop;
use tokio::net::TcpListener;

use crate::memory;

/// As [`hello_core::serve`], and gives memory back to the system meanwhile.
pub async fn serve<E: Display>(
    name: &str,
    server: impl AsyncFnOnce(TcpListener, Stop) -> Result<(), E>,
) -> ExitCode {
    hello_core::serve(name, async |listener, stop| {
        tokio::select! {
            served = server(listener, stop) => served,
            never = memory::give_back() => match never {},
        }
    })
    .await
}
