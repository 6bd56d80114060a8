//! Accepts connections and deals them to the loops.

use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::thread;

use crate::event_loop::EventLoop;
use crate::handicap::Handicap;
use hello_core::{Address, announce, fail};
use mio::net::TcpListener;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::fd::AsRawFd;

const NAME: &str = env!("CARGO_PKG_NAME");
const LISTENER: Token = Token(0);
const SIGNAL: Token = Token(1);

/// Serves until a signal asks to stop.
pub(crate) fn main() -> ExitCode {
    let address = match Address::from_env() {
        Ok(address) => address,
        Err(cause) => return fail(NAME, cause),
    };
    let handicap = match Handicap::from_env() {
        Ok(handicap) => handicap,
        Err(cause) => return fail(NAME, cause),
    };
    match run(address, handicap) {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => fail(NAME, format!("cannot listen on {address}: {cause}")),
    }
}

/// Accepts connections and deals them to the loops in turn until a signal asks to stop.
fn run(address: SocketAddr, handicap: Handicap) -> io::Result<()> {
    let mut listener = TcpListener::bind(address)?;
    let signals = stop_signals()?;
    let mut poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let signal_fd = signals.as_raw_fd();
    poll.registry().register(&mut SourceFd(&signal_fd), SIGNAL, Interest::READABLE)?;
    let loops = (0..thread::available_parallelism()?.get())
        .map(|_| EventLoop::spawn(handicap))
        .collect::<io::Result<Vec<_>>>()?;
    announce(NAME, listener.local_addr()?);
    let mut turn = loops.iter().cycle();
    let mut events = Events::with_capacity(2);
    loop {
        match poll.poll(&mut events, None) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        if events.iter().any(|event| event.token() == SIGNAL) {
            drop(listener);
            return loops.into_iter().try_for_each(EventLoop::stop);
        }
        while let Ok((stream, _)) = listener.accept() {
            if let Some(next) = turn.next() {
                next.hand(stream)?;
            }
        }
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
