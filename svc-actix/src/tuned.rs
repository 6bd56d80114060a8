//! The hello contract through actix-web, under the fastest and safest settings of its own server that we know.
mod app;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;
use std::{future::ready, io, net::Shutdown, net::TcpListener, process::ExitCode, time::Duration};

use actix_http::body::BoxBody;
use actix_http::error::DispatchError;
use actix_http::{ConnectionType, HttpService, KeepAlive, Request, Response, StatusCode};
use actix_service::{Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::http::header::HOST;
use actix_web::rt::{System, net::TcpStream, time::sleep};
use actix_web::{App, Error};
use hello_core::{DRAIN_LIMIT, Stop};
use hello_server::limits::{CONNECTIONS, GRACE, LINGER};

use stream::Stream;

type Ending = Arc<AtomicBool>;

fn main() -> ExitCode {
    let serve =
        async |listener: actix_web::rt::net::TcpListener, stop| serve(listener.into_std()?, stop).await;
    System::new().block_on(hello_server::serve("svc-actix-tuned", serve))
}

async fn serve(listener: TcpListener, stop: Stop) -> io::Result<()> {
    let ending = Ending::default();
    let drained = drain(listener.try_clone()?.into(), stop, Arc::clone(&ending));
    Server::build()
        .max_concurrent_connections(connections_of_a_worker())
        .listen("hello", listener, move || http(Arc::clone(&ending)))?
        .shutdown_signal(drained)
        .shutdown_timeout(DRAIN_LIMIT.as_secs())
        .run()
        .await
}

/// Resolves when the server may end: whoever comes after the signal is refused by the system, and each answer is its
/// connection's last.
async fn drain(listener: socket2::Socket, stop: Stop, ending: Ending) {
    stop.await;
    hello_server::last_call(&listener).await;
    let _ = listener.shutdown(Shutdown::Read);
    ending.store(true, Ordering::Relaxed);
    sleep(GRACE).await;
}

fn connections_of_a_worker() -> usize {
    let workers = available_parallelism().map_or(1, usize::from);
    (hello_server::connections(CONNECTIONS) / workers).max(1)
}

fn http(
    ending: Ending,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let app = map_config(App::new().configure(app::app), |()| AppConfig::default());
    let checked = apply_fn_factory(app, move |request, app: &_| answer(app, request, Arc::clone(&ending)));
    let http = HttpService::build()
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER)
        .h1(checked);
    fn_service(|tcp: TcpStream| {
        let peer = tcp.peer_addr().ok();
        ready(Ok((Stream::new(tcp), peer)))
    })
    .and_then(http)
}

fn answer<A, R>(
    app: &A,
    request: Request,
    ending: Ending,
) -> impl Future<Output = Result<Response<BoxBody>, Error>> + use<A, R>
where
    A: Service<Request, Response = R, Error = Error>,
    R: Into<Response<BoxBody>>,
{
    let answering = has_right_host(&request).then(|| app.call(request));
    let is_refused = answering.is_none();
    async move {
        let mut answer = match answering {
            Some(answering) => answering.await?.into(),
            None => Response::new(StatusCode::BAD_REQUEST),
        };
        if is_refused || ending.load(Ordering::Relaxed) {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        Ok(answer)
    }
}

/// The server itself sees to it that there is one.
fn has_right_host(request: &Request) -> bool {
    let host = request.head().headers.get(HOST);
    host.is_none_or(|host| hello_server::is_host(host.as_bytes()))
}
