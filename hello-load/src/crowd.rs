//! Many connections that have each had an answer, and then do nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;

use crate::load::Load;
use crate::run::five_letters;
use crate::verify::{Verification, Verifier};

/// How long a connection, and its answer, may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections to one server.
#[derive(Debug)]
pub struct Crowd<'a> {
    load: Load<'a>,
    verifier: Verifier,
    names: Rng,
    streams: Vec<TcpStream>,
    /// Connections that were refused, with 503 or without an answer.
    pub refused: u64,
}

impl<'a> Crowd<'a> {
    /// A crowd of nobody.
    pub fn new(load: &Load<'a>) -> Self {
        let verifier = Verifier::new(load.strictness, load.target.exchange.clone()).allowing_refusals();
        let names = Rng::with_seed(load.seed);
        Self { load: load.clone(), verifier, names, streams: Vec::new(), refused: 0 }
    }

    /// Opens connections, one after the other, until there are so many or one is refused. Each asks once, and waits for
    /// its answer.
    ///
    /// # Errors
    /// When an answer is wrong, the server cannot be reached or stays silent, or `goes_on` says no.
    pub fn grow(&mut self, count: usize, goes_on: &mut dyn FnMut() -> bool) -> Result<()> {
        while self.streams.len() < count {
            ensure!(goes_on(), "interrupted");
            match self.join()? {
                Some(stream) => self.streams.push(stream),
                None => {
                    self.refused += 1;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// How many connections are still open.
    pub fn open(&self) -> usize {
        let is_open = |stream: &&TcpStream| match stream.peek(&mut [0]) {
            Ok(bytes) => bytes > 0,
            Err(cause) => cause.kind() == ErrorKind::WouldBlock,
        };
        self.streams.iter().filter(is_open).count()
    }

    /// A new connection after its answer; `None` when it was refused or does not stay open.
    fn join(&mut self) -> Result<Option<TcpStream>> {
        let address = self.load.target.address;
        let mut stream = TcpStream::connect_timeout(&address, ANSWER_TIMEOUT)
            .with_context(|| format!("cannot open connection {}", self.streams.len() + 1))?;
        stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
        let (mut request, at) = self.load.target.request();
        let name = five_letters(&mut self.names);
        if let Some(at) = at {
            request[at..at + name.len()].copy_from_slice(&name);
        }
        // A server that refuses may not take the request; what it sends says more.
        let _ = stream.write_all(&request);
        let mut received = Vec::new();
        loop {
            let mut buffer = [0; 4096];
            let ended = match stream.read(&mut buffer) {
                Ok(bytes) => {
                    received.extend_from_slice(&buffer[..bytes]);
                    bytes == 0
                }
                Err(cause) if matches!(cause.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    bail!("a connection had no answer within {} s", ANSWER_TIMEOUT.as_secs())
                }
                Err(_) => true,
            };
            match self.verifier.verify(&received, ended, &name) {
                Verification::Partial if ended => return Ok(None),
                Verification::Partial => {}
                Verification::Right { closes: false, .. } => {
                    stream.set_nonblocking(true)?;
                    return Ok(Some(stream));
                }
                Verification::Right { .. } | Verification::Shed { .. } => return Ok(None),
                Verification::Wrong { what, .. } => bail!("an answer was wrong: {what}"),
                Verification::Broken(cause) => bail!("the service sent {cause}"),
            }
        }
    }
}
