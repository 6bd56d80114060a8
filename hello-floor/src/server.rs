//! Accepts connections and deals them to the loops.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use hello_core::{ACCEPT_PAUSE, Address, announce, begin, fail, is_of_the_peer};
use hello_server::limits::{CONNECTIONS, HANDSHAKE};
use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{Backlog, listen};

use crate::event_loop::EventLoop;
use crate::handicap::Handicap;

const NAME: &str = env!("CARGO_PKG_NAME");
const LISTENER: Token = Token(0);
const SIGNAL: Token = Token(1);

/// Serves until a signal asks to stop.
pub(crate) fn main() -> ExitCode {
    if let Err(ended) = begin(NAME) {
        return ended;
    }
    let address = match Address::from_env() {
        Ok(address) => address,
        Err(cause) => return fail(NAME, cause),
    };
    let handicap = match Handicap::from_env() {
        Ok(handicap) => handicap,
        Err(cause) => return fail(NAME, cause),
    };
    let acceptor = match Acceptor::listen(address, handicap) {
        Ok(acceptor) => acceptor,
        Err(cause) => return fail(NAME, format_args!("cannot listen on {address}: {cause}")),
    };
    match run(acceptor) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => fail(NAME, cause),
    }
}

/// Accepts connections and deals them to the loops in turn until a signal asks to stop.
fn run(mut acceptor: Acceptor) -> io::Result<()> {
    announce(NAME, acceptor.listener.local_addr()?);
    let mut events = Events::with_capacity(2);
    let mut pause = None;
    loop {
        match acceptor.poll.poll(&mut events, pause) {
            Err(cause) if cause.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        }
        if events.iter().any(|event| event.token() == SIGNAL) {
            return acceptor.stop();
        }
        pause = acceptor.accept()?;
    }
}

/// The listener, and the loops that its connections go to.
struct Acceptor {
    listener: TcpListener,
    poll: Poll,
    /// Held, since it is closed when it is dropped.
    _signals: SignalFd,
    loops: Vec<EventLoop>,
    next: usize,
}

impl Acceptor {
    fn listen(address: SocketAddr, handicap: Handicap) -> io::Result<Self> {
        hello_server::connections(CONNECTIONS);
        let mut listener = TcpListener::bind(address)?;
        // As long a queue as the system allows, as hello-core's: mio's default is 128.
        listen(&listener, Backlog::MAXALLOWABLE)?;
        let signals = stop_signals()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        poll.registry()
            .register(&mut SourceFd(&signals.as_raw_fd()), SIGNAL, Interest::READABLE)?;
        let cores = thread::available_parallelism()?.get();
        let loops = (0..cores).map(|_| EventLoop::spawn(handicap)).collect::<io::Result<Vec<_>>>()?;
        Ok(Self { listener, poll, _signals: signals, loops, next: 0 })
    }

    /// Accepts all who wait. When the system has no room for one, for want of file descriptors say, no event will come for
    /// those who are left: the time after which to try again.
    fn accept(&mut self) -> io::Result<Option<Duration>> {
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    self.loops[self.next].hand(stream)?;
                    self.next = (self.next + 1) % self.loops.len();
                }
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(cause) if is_of_the_peer(&cause) => {}
                Err(_) => return Ok(Some(ACCEPT_PAUSE)),
            }
        }
    }

    /// Takes in who has connected, closes the listener, and lets the loops end.
    fn stop(mut self) -> io::Result<()> {
        hello_server::refuse_newcomers(&self.listener);
        thread::sleep(HANDSHAKE);
        self.accept()?;
        drop(self.listener);
        EventLoop::stop_all(self.loops)
    }
}

/// Blocks SIGTERM and SIGINT for this thread and those it spawns, and makes them readable instead.
fn stop_signals() -> io::Result<SignalFd> {
    let mut stop = SigSet::empty();
    stop.add(Signal::SIGTERM);
    stop.add(Signal::SIGINT);
    stop.thread_block()?;
    Ok(SignalFd::with_flags(&stop, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?)
}
