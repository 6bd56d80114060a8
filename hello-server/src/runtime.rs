//! Threads: how many, and what they share.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::io;
use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::{self, available_parallelism};

use hello_core::Stop;
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::runtime::{Builder, Runtime};

use crate::server::Server;
use crate::{connection, files, limits, memory, process};

/// The variable that chooses the threads.
const VARIABLE: &str = "HELLO_RUNTIME";

/// What threads share.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Threads {
    /// A pool of workers that take work from each other.
    MultiThread,
    /// Nothing but the listener: a runtime for each core.
    PerCore,
}

impl Threads {
    /// What the variable says; without it, a runtime for each core where there is one core, and a pool elsewhere. On one
    /// core a pool has nobody to share with; on several, a core that is busy with something else would hold up its
    /// connections for as long.
    fn from_env(workers: usize) -> Result<Self, String> {
        match env::var_os(VARIABLE) {
            None if workers == 1 => Ok(Self::PerCore),
            None => Ok(Self::MultiThread),
            Some(value) if value == "multi-thread" => Ok(Self::MultiThread),
            Some(value) if value == "per-core" => Ok(Self::PerCore),
            Some(value) => Err(format!("{VARIABLE} is {value:?}, not multi-thread or per-core")),
        }
    }

    fn runtime(self, workers: usize) -> io::Result<Runtime> {
        let mut builder = match self {
            Self::MultiThread => Builder::new_multi_thread(),
            Self::PerCore => Builder::new_current_thread(),
        };
        builder.worker_threads(workers).enable_all().build()
    }

    /// The threads that accept beside the main one.
    fn others(self, workers: usize) -> usize {
        match self {
            Self::MultiThread => 0,
            Self::PerCore => workers - 1,
        }
    }
}

/// Serves an app as hello-core's contract for a process asks: address, ready line, signals, exit status.
///
/// `HELLO_RUNTIME` chooses between `multi-thread`, a pool of workers, and `per-core`, a runtime for each.
pub fn run<S, B>(name: &str, app: S) -> ExitCode
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>,
    S: Clone + Send + Sync + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Default + Send + 'static,
{
    let http = connection::http();
    let spawn = Box::new(move |stream, guard| {
        tokio::spawn(connection::serve(http.clone(), app.clone(), stream, guard));
    });
    let server = Arc::new(Server::new(spawn, files::connections(limits::CONNECTIONS)));
    let workers = available_parallelism().map_or(1, usize::from);
    let threads = match Threads::from_env(workers) {
        Ok(threads) => threads,
        Err(cause) => return hello_core::fail(name, cause),
    };
    let runtime = match threads.runtime(workers) {
        Ok(runtime) => runtime,
        Err(cause) => {
            return hello_core::fail(name, format_args!("cannot start the runtime: {cause}"));
        }
    };
    runtime.block_on(process::serve(name, async |listener, stop| {
        serve(&server, listener.into_std()?, stop, threads.others(workers)).await
    }))
}

/// Accepts on this thread and on others.
async fn serve(server: &Arc<Server>, listener: TcpListener, stop: Stop, others: usize) -> io::Result<()> {
    for _ in 0..others {
        accept_beside(server, listener.try_clone()?)?;
    }
    server.run(tokio::net::TcpListener::from_std(listener)?, stop).await
}

/// Accepts on a thread of its own, which goes on until the last connection has ended.
fn accept_beside(server: &Arc<Server>, listener: TcpListener) -> io::Result<()> {
    let (server, end) = (Arc::clone(server), server.loop_end());
    let runtime = Threads::PerCore.runtime(1)?;
    thread::Builder::new().name("worker".into()).spawn(move || {
        runtime.block_on(async {
            tokio::spawn(memory::give_back_here());
            let listener = tokio::net::TcpListener::from_std(listener)?;
            server.accept(listener, end).await?;
            server.emptied().await;
            io::Result::Ok(())
        })
    })?;
    Ok(())
}
