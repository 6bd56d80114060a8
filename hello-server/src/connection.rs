//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::sync::Arc;

use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::activity::Activity;
use crate::answer::answer;
use crate::io::Io;
use crate::limits::{HEAD_BYTES, HEAD_TIMEOUT};
use crate::server::ConnectionGuard;

/// The settings of every connection: head and body in one write instead of a vectored one, an answer for a peer that has
/// closed its own side, and no more memory than a request head may take.
pub(crate) fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.writev(false).half_close(true).max_buf_size(HEAD_BYTES);
    http
}

/// Serves a connection until it ends, the peer keeps silent for [`HEAD_TIMEOUT`], or the server has drained.
///
/// The deadline is one timer for the connection, which is looked at when it fires and set anew if there was a request
/// meanwhile. hyper's own (`header_read_timeout`) makes and removes a timer for every request.
pub(crate) async fn serve<S, B>(
    http: http1::Builder,
    service: S,
    stream: TcpStream,
    mut guard: ConnectionGuard,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + 'static,
{
    // A stream that is gone already says so when it is read.
    let _ = stream.set_nodelay(true);
    let activity = Arc::new(Activity::new(guard.ending()));
    let requests = service_fn({
        let activity = Arc::clone(&activity);
        move |request| answer(&service, request, Arc::clone(&activity))
    });
    let mut connection = pin!(http.serve_connection(Io::new(stream), requests));
    let mut deadline = pin!(sleep(HEAD_TIMEOUT));
    let mut is_over = false;
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = guard.over(), if !is_over => {
                is_over = true;
                connection.as_mut().graceful_shutdown();
            }
            () = deadline.as_mut() => match activity.silent_since() {
                Some(since) if since.elapsed() >= HEAD_TIMEOUT => return,
                since => {
                    let since = since.map_or_else(Instant::now, Instant::from_std);
                    deadline.as_mut().reset(since + HEAD_TIMEOUT);
                }
            }
        }
    }
}
