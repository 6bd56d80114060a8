//! A connection over a real socket, with a service that answers at once.

use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, pause};

use super::*;
use crate::limits::{GRACE, LINGER};
use crate::server::Server;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";

/// A connection to a server, how to stop the server, and its end.
async fn connected() -> (TcpStream, oneshot::Sender<()>, JoinHandle<std::io::Result<()>>) {
    let greet = service_fn(async |_: Request<Incoming>| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    });
    let spawn = Box::new(move |stream, guard| {
        tokio::spawn(serve(http(), greet, stream, guard));
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stop, stopped) = oneshot::channel();
    let server = Server::new(spawn, 10);
    let signal = Box::pin(async { drop(stopped.await) });
    (peer, stop, tokio::spawn(async move { server.run(listener, signal).await }))
}

/// The status of the answer to a head of so many bytes, sent at once.
async fn status_of(head_bytes: usize) -> String {
    let (mut peer, _stop, _server) = connected().await;
    let rest = REQUEST.len() + b"x-a: \r\n".len();
    let field = "a".repeat(head_bytes - rest);
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx-a: {field}\r\n\r\n");
    assert_eq!(request.len(), head_bytes);
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; b"HTTP/1.1 200".len()];
    peer.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[9..]).into_owned()
}

#[tokio::test]
async fn a_head_beyond_the_limit_is_refused_however_it_comes() {
    for bytes in [1024, HEAD_BYTES] {
        assert_eq!(status_of(bytes).await, "200", "{bytes}");
    }
    for bytes in [HEAD_BYTES + 1, 110_000, 120_000, 140_000, 400_000] {
        assert_eq!(status_of(bytes).await, "431", "{bytes}");
    }
}

#[tokio::test]
async fn an_idle_connection_delays_the_end_for_the_time_of_grace_and_hardly_more() {
    let (mut peer, stop, server) = connected().await;
    peer.write_all(REQUEST).await.unwrap();
    let mut answer = [0; 1024];
    assert!(peer.read(&mut answer).await.unwrap() > 0);
    // From here on the clock is the test's: it goes on whenever all wait.
    pause();
    let began = Instant::now();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    let took = began.elapsed();
    assert!(took >= GRACE && took < GRACE + LINGER / 2, "{took:?}");
    assert_eq!(peer.read(&mut answer).await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_within_the_time_of_grace_is_answered_and_the_last() {
    let (mut peer, stop, server) = connected().await;
    stop.send(()).unwrap();
    tokio::time::sleep(GRACE / 10).await;
    peer.write_all(REQUEST).await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close\r\n"), "{answer}");
    drop(peer);
    server.await.unwrap().unwrap();
}
