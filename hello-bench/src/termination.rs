//! SIGTERM while clients send requests: what was answered, what was lost, and how the process ended.

use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use nix::sys::signal::Signal;

use crate::launch::Running;
use crate::patience::Patience;
use crate::program::Program;
use crate::raw::{REQUEST, RawConnection};
use crate::system::cores::Cores;
use hello_load::Target;

/// What the contract allows from the signal to the end of the process. What this process itself is late comes on top.
pub(crate) const END_LIMIT: Duration = Duration::from_secs(5);
/// How often a process that should end is polled.
const END_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// How long the load goes on before the signal.
const LOAD: Duration = Duration::from_millis(300);

/// Clients that send requests without a pause.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clients {
    /// Those with one connection each, for as long as it lasts.
    pub(crate) kept: usize,
    /// Those with a new connection for each write.
    pub(crate) new: usize,
    /// A request that a greeting of A answers.
    pub(crate) request: &'static [u8],
    /// Requests in one write.
    pub(crate) at_once: usize,
}

/// Clients that send one plain request at a time.
pub(crate) const fn plain(kept: usize, new: usize) -> Clients {
    Clients { kept, new, request: REQUEST, at_once: 1 }
}

/// What clients got, and the end of the process.
#[derive(Debug)]
pub(crate) struct Termination {
    /// What all clients got.
    pub(crate) tally: Tally,
    /// From the signal to the end, or to the limit.
    pub(crate) took: Duration,
    /// How it ended; `None` when it had not by [`END_LIMIT`].
    pub(crate) status: Option<ExitStatus>,
}

/// What clients got.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tally {
    /// Requests with a right answer.
    pub(crate) answered: usize,
    /// Requests that were sent whole and got no answer, although none before them announced the end.
    pub(crate) lost: usize,
    /// Requests that were sent together with one whose answer announced the end, and behind it.
    pub(crate) left: usize,
    /// Answers that were wrong or broke off.
    pub(crate) broken: usize,
    /// The first of those.
    pub(crate) fault: Option<String>,
}

impl Tally {
    /// The sum of two; the fault of the first, if it has one.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            lost: self.lost + other.lost,
            left: self.left + other.left,
            broken: self.broken + other.broken,
            fault: self.fault.or(other.fault),
        }
    }

    fn broke(&mut self, fault: String) {
        self.broken += 1;
        self.fault.get_or_insert(fault);
    }
}

/// Starts the service, lets clients send requests, and ends it meanwhile.
///
/// # Errors
/// When the service cannot be started, or is gone before the signal.
pub(crate) fn under_load(program: &Program, cores: &Cores, clients: Clients) -> Result<Termination> {
    let mut running = Running::launch(program, cores)?;
    let target = Target::at(running.address);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let client = |is_kept| {
            let (target, over) = (&target, &over);
            scope.spawn(move || clients.send(target, over, is_kept))
        };
        let kept = (0..clients.kept).map(|_| client(true));
        let all: Vec<_> = kept.chain((0..clients.new).map(|_| client(false))).collect();
        thread::sleep(LOAD);
        let ended = end(&mut running, Signal::SIGTERM);
        over.store(true, Ordering::Relaxed);
        drop(running);
        let tallies = all.into_iter().filter_map(|client| client.join().ok());
        let tally = tallies.fold(Tally::default(), Tally::plus);
        ended.map(|(took, status)| Termination { tally, took, status })
    })
}

/// Sends a signal; how long the end took and its status, `None` when it did not come in time.
///
/// # Errors
/// When the process is gone.
pub(crate) fn end(running: &mut Running, signal: Signal) -> Result<(Duration, Option<ExitStatus>)> {
    let mut patience = Patience::new(END_LIMIT);
    running.signal(signal)?;
    loop {
        let is_over = patience.is_over();
        let status = running.wait(Duration::ZERO)?;
        if status.is_some() || is_over {
            return Ok((patience.elapsed(), status));
        }
        patience.sleep(END_POLL_INTERVAL);
    }
}

impl Clients {
    /// One client: sends on one connection after the other until none is accepted, as often as it can on each, or once.
    fn send(self, target: &Target, over: &AtomicBool, is_kept: bool) -> Tally {
        let mut tally = Tally::default();
        let bytes = self.request.repeat(self.at_once);
        let is_over = || over.load(Ordering::Relaxed);
        while !is_over() {
            let opened = if is_kept { RawConnection::open(target) } else { RawConnection::brief(target) };
            let Ok(mut connection) = opened else { break };
            // A request that cannot be sent was not accepted.
            while !is_over() && connection.send(&bytes).is_ok() {
                if !self.hear(&mut connection, &mut tally) || !is_kept {
                    break;
                }
            }
        }
        tally
    }

    /// Hears the answers to one write; whether the connection goes on.
    fn hear(self, connection: &mut RawConnection, tally: &mut Tally) -> bool {
        for behind in (0..self.at_once).rev() {
            match connection.answer(false) {
                Ok(answer) if answer.greets("A") => {
                    tally.answered += 1;
                    if answer.head.closes() {
                        tally.left += behind;
                        return false;
                    }
                }
                Ok(answer) => {
                    tally.broke(format!("{answer:?}"));
                    return false;
                }
                Err(cause) => {
                    if connection.is_within_an_answer() {
                        tally.broke(cause);
                        tally.lost += behind;
                    } else {
                        tally.lost += behind + 1;
                    }
                    return false;
                }
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// What a client counts that writes three requests at once and gets these bytes, and then the end.
    fn heard(answers: String) -> Tally {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = Target::at(listener.local_addr().unwrap());
        let clients = Clients { at_once: 3, ..plain(1, 0) };
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut requests = vec![0; REQUEST.len() * 3];
            stream.read_exact(&mut requests).unwrap();
            stream.write_all(answers.as_bytes()).unwrap();
        });
        let mut connection = RawConnection::open(&target).unwrap();
        connection.send(&REQUEST.repeat(3)).unwrap();
        let mut tally = Tally::default();
        clients.hear(&mut connection, &mut tally);
        server.join().unwrap();
        tally
    }

    fn answer(fields: &str, name: &str) -> String {
        let body = format!("{{\"message\":\"Hello {name}!\"}}");
        format!("HTTP/1.1 200 OK\r\n{fields}content-length: {}\r\n\r\n{body}", body.len())
    }

    #[test]
    fn what_is_lost_left_and_broken_is_counted_apart() {
        let good = || answer("", "A");
        let last = answer("connection: close\r\n", "A");
        let tally = |answered, lost, left, broken| Tally { answered, lost, left, broken, fault: None };
        assert_eq!(heard(good().repeat(3)), tally(3, 0, 0, 0));
        assert_eq!(heard(good()), tally(1, 2, 0, 0));
        assert_eq!(heard(last), tally(1, 0, 2, 0));
        let half = heard(good() + &good()[..40]);
        assert!(half.fault.is_some());
        assert_eq!(Tally { fault: None, ..half }, tally(1, 1, 0, 1));
        let wrong = heard(good() + &answer("", "B") + &good());
        assert_eq!(Tally { fault: None, ..wrong }, tally(1, 0, 0, 1));
    }
}
