//! The hello contract through actix-web, started the way its documentation starts a server.
mod app;

use std::process::ExitCode;

use actix_web::{App, HttpServer};

#[actix_web::main]
async fn main() -> ExitCode {
    hello_core::serve("svc-actix", async |listener, stop| {
        HttpServer::new(|| App::new().configure(app::app))
            .listen(listener.into_std()?)?
            .shutdown_signal(stop)
            .shutdown_timeout(hello_core::DRAIN_LIMIT.as_secs())
            .run()
            .await
    })
    .await
}
