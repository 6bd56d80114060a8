//! One epoll loop on a thread of its own, with the connections that it was handed.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token, Waker};
use slab::Slab;

use crate::connection::Connection;
use crate::handicap::Handicap;
use crate::response::Clock;

/// The token of the waker; connections have the keys of the slab.
const WAKE: Token = Token(usize::MAX);

/// The handle of a running loop.
pub(crate) struct EventLoop {
    streams: Sender<TcpStream>,
    waker: Arc<Waker>,
    thread: JoinHandle<io::Result<()>>,
}

impl EventLoop {
    /// Starts a loop without connections.
    pub(crate) fn spawn(handicap: Handicap) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let (streams, handed) = channel();
        let thread = thread::spawn(move || run(poll, &handed, handicap));
        Ok(Self { streams, waker, thread })
    }

    /// Gives the loop one more connection to serve.
    ///
    /// # Errors
    /// When the loop has ended: the process must not go on with a part of its loops.
    pub(crate) fn hand(&self, stream: TcpStream) -> io::Result<()> {
        self.streams.send(stream).map_err(|_| io::Error::other("an event loop has ended"))?;
        self.waker.wake()
    }

    /// Lets the loop answer what has arrived, close its connections and end.
    pub(crate) fn stop(self) -> io::Result<()> {
        drop(self.streams);
        self.waker.wake()?;
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("an event loop panicked")))
    }
}

fn run(mut poll: Poll, handed: &Receiver<TcpStream>, handicap: Handicap) -> io::Result<()> {
    let mut connections = Slab::new();
    let mut events = Events::with_capacity(1024);
    let mut clock = Clock::new();
    loop {
        match poll.poll(&mut events, None) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        clock.tick();
        for event in &events {
            if event.token() == WAKE {
                if adopt(poll.registry(), handed, handicap, &mut connections) {
                    connections
                        .iter_mut()
                        .for_each(|(_, open): (_, &mut Connection)| open.serve(&clock, true));
                    return Ok(());
                }
            } else if let Some(open) = connections.get_mut(event.token().0) {
                open.serve(&clock, event.is_read_closed());
                if open.is_done() {
                    connections.remove(event.token().0);
                }
            }
        }
    }
}

/// Takes the connections that are waiting; true when no more will come.
fn adopt(
    registry: &Registry,
    handed: &Receiver<TcpStream>,
    handicap: Handicap,
    connections: &mut Slab<Connection>,
) -> bool {
    loop {
        match handed.try_recv() {
            Ok(mut stream) => {
                let entry = connections.vacant_entry();
                let both = Interest::READABLE | Interest::WRITABLE;
                if registry.register(&mut stream, Token(entry.key()), both).is_ok() {
                    entry.insert(Connection::new(stream, handicap));
                }
            }
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => return true,
        }
    }
}
