//! The hello contract through hyper, started the way hyper's documentation starts a server.
mod app;

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    hello_core::serve("svc-hyper", async |listener, mut stop| {
        let (http, open) = (http1::Builder::new(), GracefulShutdown::new());
        while let Some(stream) = hello_core::accept(&listener, &mut stop).await {
            let io = TokioIo::new(stream);
            tokio::spawn(open.watch(http.serve_connection(io, service_fn(app::app))));
        }
        drop(listener);
        open.shutdown().await;
        std::io::Result::Ok(())
    })
    .await
}
