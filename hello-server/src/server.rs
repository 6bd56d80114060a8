//! Accepting: who comes in, who is turned away, and how all leave.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hello_core::{Stop, is_of_the_peer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::last_call::last_call;
use crate::limits::GRACE;
use crate::turn_away::turn_away;

/// Serves a connection in a task of the present runtime.
type Spawn = Box<dyn Fn(TcpStream, ConnectionGuard) + Send + Sync>;

/// Accepts connections for all threads.
pub(crate) struct Server {
    spawn: Spawn,
    capacity: usize,
    /// Ends every accept loop. A loop holds a receiver for as long as it runs.
    stopping: watch::Sender<()>,
    /// Set once nobody accepts any more.
    ending: Ending,
    /// Ends every connection. A connection holds a receiver for as long as it is open.
    over: watch::Sender<()>,
}

/// How far the end has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ending(Arc<EndingFlags>);

#[derive(Debug, Default)]
struct EndingFlags {
    is_set: AtomicBool,
    is_over: AtomicBool,
}

impl Ending {
    /// Whether each answer is to be the last of its connection.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Whether every connection is to end as soon as nothing is being answered.
    pub(crate) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Acquire)
    }
}

/// A connection's place in the server, taken while it is open.
#[derive(Debug)]
pub(crate) struct ConnectionGuard {
    ending: Ending,
    over: watch::Receiver<()>,
}

impl ConnectionGuard {
    pub(crate) fn ending(&self) -> Ending {
        self.ending.clone()
    }

    /// Resolves when the connection is to end as soon as nothing is being answered, and [`Ending::is_over`].
    pub(crate) async fn over(&mut self) {
        // The sender lives as long as the process serves.
        let _ = self.over.changed().await;
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Server {
    pub(crate) fn new(spawn: Spawn, capacity: usize) -> Self {
        let (stopping, over) = (watch::Sender::default(), watch::Sender::default());
        Self { spawn, capacity, stopping, ending: Ending::default(), over }
    }

    /// What an accept loop of another thread waits for.
    pub(crate) fn loop_end(&self) -> watch::Receiver<()> {
        self.stopping.subscribe()
    }

    /// Accepts until `stop`, and returns when every connection has ended.
    ///
    /// First every listener is closed, to newcomers and then with what it holds taken in. Only then do answers end their
    /// connections, so that a peer that comes back at once is refused by the system and not reset by it.
    pub(crate) async fn run(&self, listener: TcpListener, stop: Stop) -> io::Result<()> {
        let newcomers = listener.as_fd().try_clone_to_owned()?;
        let signal = async {
            stop.await;
            last_call(newcomers).await;
            self.stopping.send_replace(());
        };
        let (accepted, ()) = tokio::join!(self.accept(listener, self.loop_end()), signal);
        self.stopping.closed().await;
        self.ending.0.is_set.store(true, Ordering::Relaxed);
        let _ = timeout(GRACE, self.over.closed()).await;
        self.ending.0.is_over.store(true, Ordering::Release);
        self.over.send_replace(());
        self.over.closed().await;
        accepted
    }

    /// Accepts until the loop is to end, and then whatever the system has accepted already.
    pub(crate) async fn accept(&self, listener: TcpListener, mut end: watch::Receiver<()>) -> io::Result<()> {
        let mut stop: Stop = Box::pin(async move {
            let _ = end.changed().await;
        });
        while let Some(stream) = hello_core::accept(&listener, &mut stop).await {
            self.take(stream);
        }
        let listener = listener.into_std()?;
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(true)?;
                    self.take(TcpStream::from_std(stream)?);
                }
                Err(cause) if is_of_the_peer(&cause) => {}
                // There is nobody left, or no room for another.
                Err(_) => return Ok(()),
            }
        }
    }

    /// Resolves when every connection of every thread has ended.
    pub(crate) async fn emptied(&self) {
        self.over.closed().await;
    }

    fn take(&self, stream: TcpStream) {
        if self.over.receiver_count() < self.capacity {
            (self.spawn)(
                stream,
                ConnectionGuard { ending: self.ending.clone(), over: self.over.subscribe() },
            );
        } else {
            tokio::spawn(turn_away(stream));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    use super::*;

    /// A server that holds connections until they are to end, its address, and how to stop it.
    async fn started(
        capacity: usize,
    ) -> (std::net::SocketAddr, oneshot::Sender<()>, JoinHandle<io::Result<()>>) {
        let hold: Spawn = Box::new(|stream, mut guard| {
            tokio::spawn(async move {
                guard.over().await;
                drop(stream);
            });
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stop_signal: Stop = Box::pin(async {
            let _ = stopped.await;
        });
        let server = Server::new(hold, capacity);
        (address, stop, tokio::spawn(async move { server.run(listener, stop_signal).await }))
    }

    #[tokio::test]
    async fn one_beyond_the_limit_gets_503_though_its_request_is_not_read() {
        let (address, _stop, _server) = started(1).await;
        let first = TcpStream::connect(address).await.unwrap();
        let mut answer = String::new();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(&[b'x'; 4096]).await.unwrap();
        second.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        // The first is still held: reading it finds neither an answer nor an end.
        let held = timeout(Duration::from_millis(100), first.readable()).await;
        assert!(held.is_err());
    }

    #[tokio::test]
    async fn who_is_in_the_queue_at_the_end_is_let_in_and_who_comes_later_is_refused() {
        let (address, stop, server) = started(10).await;
        let mut waiting = TcpStream::connect(address).await.unwrap();
        stop.send(()).unwrap();
        let mut rest = Vec::new();
        // Held for the time of grace, and then closed without a reset.
        assert_eq!(waiting.read_to_end(&mut rest).await.unwrap(), 0);
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }
}
