//! One epoll loop on a thread of its own, with the connections that it was handed.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use hello_core::DRAIN_LIMIT;
use hello_server::limits::{GRACE, LAST_LINGER};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};
use slab::Slab;

use crate::clock::Clock;
use crate::connection::{BUFFER_BYTES, Connection, Outcome, Shared};
use crate::handicap::Handicap;
use crate::request::Known;
use crate::response::Responses;

/// The token of the waker; connections have the keys of the slab.
const WAKE: Token = Token(usize::MAX);
/// How often connections are searched for those that have had their time, at least and while the process ends.
const SWEEP_INTERVAL: Duration = Duration::from_millis(500);
const LAST_SWEEP_INTERVAL: Duration = Duration::from_millis(20);

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
        let thread = thread::spawn(move || Core::new(poll, handed, handicap).run());
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

    /// Asks the loops to answer what arrives, to end their connections, and to end; waits for that.
    pub(crate) fn stop_all(loops: Vec<Self>) -> io::Result<()> {
        let mut ending = Vec::new();
        for Self { streams, waker, thread } in loops {
            drop(streams);
            waker.wake()?;
            // A waker that is dropped wakes nobody.
            ending.push((waker, thread));
        }
        let panicked = |_| Err(io::Error::other("an event loop panicked"));
        ending.into_iter().try_for_each(|(_waker, thread)| thread.join().unwrap_or_else(panicked))
    }
}

/// What a loop works with.
struct Core {
    poll: Poll,
    handed: Receiver<TcpStream>,
    connections: Slab<Connection>,
    shared: Shared,
    /// Connections with more to read, of which no event will come.
    unfinished: Vec<usize>,
    sweep_at: Instant,
    /// Whether memory that connections took has yet to be given back.
    is_untrimmed: bool,
    drain: Option<Drain>,
}

/// When the loop ends idle connections, and when itself.
#[derive(Clone, Copy)]
struct Drain {
    grace_until: Instant,
    until: Instant,
}

impl Core {
    fn new(poll: Poll, handed: Receiver<TcpStream>, handicap: Handicap) -> Self {
        let clock = Clock::new();
        let (responses, sweep_at) = (Responses::new(&clock), clock.now());
        let (input, output) = (vec![0; BUFFER_BYTES], Vec::new());
        let known = Known::default();
        let shared = Shared { clock, responses, known, handicap, is_draining: false, input, output };
        let (connections, unfinished) = (Slab::new(), Vec::new());
        let is_untrimmed = false;
        Self { poll, handed, connections, shared, unfinished, sweep_at, is_untrimmed, drain: None }
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        while !self.is_over() {
            match self.poll.poll(&mut events, self.timeout()) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            if self.shared.clock.tick() {
                self.shared.responses.set_date(&self.shared.clock);
            }
            if !self.unfinished.is_empty() {
                std::mem::take(&mut self.unfinished).into_iter().for_each(|key| self.go_on(key));
            }
            for event in &events {
                match event.token() {
                    WAKE => self.adopt(),
                    Token(key) => self.serve(key, event.is_read_closed()),
                }
            }
            if self.shared.clock.now() >= self.sweep_at {
                self.sweep();
            }
            if events.is_empty() && self.connections.is_empty() {
                self.give_back();
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        let is_late = |drain: Drain| self.connections.is_empty() || self.shared.clock.now() >= drain.until;
        self.drain.is_some_and(is_late)
    }

    fn timeout(&self) -> Option<Duration> {
        match (self.unfinished.is_empty(), self.connections.is_empty()) {
            (false, _) => Some(Duration::ZERO),
            (true, false) => Some(self.sweep_interval()),
            (true, true) => self.is_untrimmed.then_some(SWEEP_INTERVAL),
        }
    }

    fn sweep_interval(&self) -> Duration {
        if self.drain.is_some() { LAST_SWEEP_INTERVAL } else { SWEEP_INTERVAL }
    }

    fn go_on(&mut self, key: usize) {
        if let Some(connection) = self.connections.get_mut(key) {
            connection.is_unfinished = false;
            self.serve(key, true);
        }
    }

    fn serve(&mut self, key: usize, to_the_end: bool) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        match connection.serve(&mut self.shared, to_the_end) {
            Outcome::Waiting => {}
            // An event may serve it once more in the turn in which it is served as unfinished.
            Outcome::Unfinished if connection.is_unfinished => {}
            Outcome::Unfinished => {
                connection.is_unfinished = true;
                self.unfinished.push(key);
            }
            Outcome::Done => drop(self.connections.remove(key)),
        }
    }

    /// Gives memory back once the last connection has gone and no other has come for a while: one small allocation that lives
    /// on keeps all that is free below it.
    fn give_back(&mut self) {
        if std::mem::take(&mut self.is_untrimmed) {
            self.shared.output = Vec::new();
            hello_server::trim();
        }
    }

    /// Takes the connections that are waiting. When no more will come, the process ends.
    fn adopt(&mut self) {
        loop {
            match self.handed.try_recv() {
                Ok(stream) => self.take(stream),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.begin_drain(),
            }
        }
    }

    fn take(&mut self, mut stream: TcpStream) {
        let entry = self.connections.vacant_entry();
        let both = Interest::READABLE | Interest::WRITABLE;
        if self.poll.registry().register(&mut stream, Token(entry.key()), both).is_ok() {
            entry.insert(Connection::new(stream, self.shared.clock.now()));
            self.is_untrimmed = true;
        }
    }

    fn begin_drain(&mut self) {
        if self.drain.is_some() {
            return;
        }
        let now = self.shared.clock.now();
        self.drain = Some(Drain { grace_until: now + GRACE, until: now + DRAIN_LIMIT });
        self.shared.is_draining = true;
        self.sweep_at = now;
    }

    /// Drops the connections that have had their time and, once the grace is over, ends those that are idle.
    fn sweep(&mut self) {
        let now = self.shared.clock.now();
        self.connections.retain(|_, connection| !connection.is_overdue(now));
        if self.drain.is_some_and(|drain| now >= drain.grace_until) {
            self.end_idle();
        }
        self.sweep_at = now + self.sweep_interval();
    }

    fn end_idle(&mut self) {
        let is_idle = |(key, connection): (usize, &mut Connection)| {
            let is_idle = connection.is_idle();
            if is_idle {
                connection.end(LAST_LINGER);
            }
            is_idle.then_some(key)
        };
        let ended: Vec<usize> = self.connections.iter_mut().filter_map(is_idle).collect();
        for key in ended {
            self.serve(key, true);
        }
    }
}
