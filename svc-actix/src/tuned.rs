//! The hello contract through actix-web's app, actix-http's codec and actix-server's workers, under limits and an end of our own.
mod app;
mod connection;
mod crowd;
mod worker;

use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::{io, process::ExitCode};

use actix_service::{IntoServiceFactory, ServiceFactory, fn_factory, fn_service};
use actix_web::App;
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use actix_web::rt::spawn;
use hello_core::Stop;
use hello_server::limits::CONNECTIONS;
use tokio::runtime::Builder;

use connection::Connection;
use crowd::Crowd;
use worker::Worker;

/// Under tokio alone, since under actix's own `System` each worker would schedule its tasks twice.
fn main() -> ExitCode {
    let serve = async |listener: tokio::net::TcpListener, stop| serve(listener.into_std()?, stop).await;
    match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(hello_server::serve("svc-actix-tuned", serve)),
        Err(cause) => hello_core::fail("svc-actix-tuned", format_args!("cannot start its runtime: {cause}")),
    }
}

async fn serve(listener: TcpListener, stop: Stop) -> io::Result<()> {
    let crowd = Arc::new(Crowd::new(hello_server::connections(CONNECTIONS)));
    let left = leave(listener.try_clone()?, stop, Arc::clone(&crowd));
    let server = Server::build()
        // Its own limit would let the others wait in the queue.
        .max_concurrent_connections(usize::MAX)
        .disable_signals()
        .listen("hello", listener, move || start(Arc::clone(&crowd)))?
        .run();
    tokio::select! {
        served = server => served,
        () = left => Ok(()),
    }
}

/// Resolves when the process may end: whoever comes after the signal is refused by the system, and whoever is here, or in
/// the queue, is answered.
async fn leave(listener: TcpListener, stop: Stop, crowd: Arc<Crowd>) {
    stop.await;
    hello_server::last_call(listener).await;
    crowd.leave().await;
}

/// What a worker does with a connection.
fn start(
    crowd: Arc<Crowd>,
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = (), InitError = ()> {
    fn_factory(move || {
        let crowd = Arc::clone(&crowd);
        async {
            let app = App::new().configure(app::app).into_factory();
            let app = Rc::new(app.new_service(AppConfig::default()).await?);
            let worker = Rc::new(Worker::new(crowd));
            spawn(hello_server::give_back_here());
            Ok(fn_service(move |tcp: TcpStream| {
                let (app, worker) = (Rc::clone(&app), Rc::clone(&worker));
                let place = worker.crowd().enter();
                async move {
                    match place {
                        Some(place) => Connection::new(tcp, worker, place).serve(&*app).await,
                        None => hello_server::turn_away(tcp).await,
                    }
                    Ok(())
                }
            }))
        }
    })
}
