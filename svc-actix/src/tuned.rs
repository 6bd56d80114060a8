//! The hello contract through actix-web, under the fastest and safest settings of its own server that we know.
mod app;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::{net::Shutdown, process::ExitCode, time::Duration};

use actix_http::{ConnectionType, HttpService, Request, Response, StatusCode, body::BoxBody};
use actix_service::{Service, apply_fn_factory, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::http::header::HOST;
use actix_web::rt::{System, time::sleep};
use actix_web::{App, Error};

const CONNECTIONS: usize = 16_384;
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const GRACE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    System::new().block_on(hello_core::serve("svc-actix-tuned", async |listener, stop| {
        let listener = listener.into_std()?;
        let socket = socket2::Socket::from(listener.try_clone()?);
        let ending = Arc::new(AtomicBool::new(false));
        let is_ending = Arc::clone(&ending);
        // Whoever comes after the signal is refused by the system; then each answer is its connection's last.
        let drained = async move {
            stop.await;
            let _ = socket.shutdown(Shutdown::Read);
            ending.store(true, Ordering::Relaxed);
            sleep(GRACE).await;
        };
        let http = move || {
            let is_ending = Arc::clone(&is_ending);
            let app = map_config(App::new().configure(app::app), |()| AppConfig::default());
            let guarded = apply_fn_factory(app, move |request: Request, app: &_| {
                let answering = has_right_host(&request).then(|| Service::call(app, request));
                let is_ending = Arc::clone(&is_ending);
                async move {
                    let mut answer: Response<BoxBody> = match answering {
                        Some(answering) => answering.await?.into(),
                        None => Response::new(StatusCode::BAD_REQUEST),
                    };
                    if is_ending.load(Ordering::Relaxed) {
                        answer.head_mut().set_connection_type(ConnectionType::Close);
                    }
                    Ok::<_, Error>(answer)
                }
            });
            HttpService::build()
                .keep_alive(HEAD_TIMEOUT)
                .client_request_timeout(HEAD_TIMEOUT)
                .client_disconnect_timeout(DISCONNECT_TIMEOUT)
                .tcp_nodelay(true)
                .h1(guarded)
                .tcp()
        };
        let workers = available_parallelism().map_or(1, usize::from);
        let connections = hello_core::connections(CONNECTIONS) / workers;
        Server::build()
            .max_concurrent_connections(connections.max(1))
            .listen("hello", listener, http)?
            .shutdown_signal(drained)
            .shutdown_timeout(hello_core::DRAIN_LIMIT.as_secs())
            .run()
            .await
    }))
}

/// The server itself sees to it that there is one.
fn has_right_host(request: &Request) -> bool {
    let host = request.head().headers.get(HOST);
    host.is_none_or(|host| hello_core::is_host(host.as_bytes()))
}
