//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use hyper::Response;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use tokio::net::TcpStream;

use crate::Deadline;
use crate::activity::Activity;
use crate::answer::answer;
use crate::io::Io;
use crate::known_waker::KnownWaker;
use crate::limits::HEAD_BYTES;
use crate::server::ConnectionGuard;

/// The settings of every connection: head and body in one write instead of a vectored one, an answer for a peer that has
/// closed its own side, and no more memory than a request head may take.
pub(crate) fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.writev(false).half_close(true);
    http.max_header_size(HEAD_BYTES).max_buf_size(HEAD_BYTES);
    http
}

/// Serves a connection until it ends, the peer keeps silent for [`HEAD_TIMEOUT`](crate::limits::HEAD_TIMEOUT), or the
/// server has drained.
///
/// hyper's own deadline (`header_read_timeout`) makes and removes a timer for every request.
pub(crate) async fn serve<S, B>(
    http: http1::Builder,
    service: S,
    stream: TcpStream,
    mut guard: ConnectionGuard,
) where
    S: Service<hyper::Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Default + 'static,
{
    // A stream that is gone already says so when it is read.
    let _ = stream.set_nodelay(true);
    let activity = Activity::new(guard.ending());
    let requests = service_fn(|request| answer(&service, request, &activity));
    let mut connection = pin!(http.serve_connection(Io::new(stream, &activity), requests));
    let mut over = pin!(guard.over());
    let (mut deadline, mut waker, mut is_over) = (Deadline::start(), KnownWaker::default(), false);
    poll_fn(|cx| {
        loop {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if activity.has_answered() {
                deadline.restart();
            }
            if !is_over && (!waker.is_of(cx) || activity.is_over()) && over.as_mut().poll(cx).is_ready() {
                is_over = true;
                connection.as_mut().graceful_shutdown();
            } else if activity.is_answering() {
                return Poll::Pending;
            } else {
                return deadline.poll_over(cx);
            }
        }
    })
    .await;
}

#[cfg(test)]
mod tests;
