//! A service as a running process: started on its cores, asked for its first answer, stopped for sure.

mod port;
mod process;
mod ready;
mod stop;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use hello_load::{Exchange, Target};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use process::command;

use crate::command::kill_group;
use crate::docker::Container;
use crate::launch::process::piped;
use crate::launch::ready::{Ready, accepting, follow, keep_last};
use crate::program::Program;
use crate::raw::RawConnection;
use crate::service::url;
use crate::system::cores::Cores;
use crate::system::process::Tree;

/// How often a process that should end is polled.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(2);
/// How long a process may take to be gone after its connections are: a busy machine lets it end late.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);

/// A running service. Dropping it kills it, so that no error leaves a process behind.
#[derive(Debug)]
pub struct Running {
    name: String,
    /// Absent for a server that runs elsewhere.
    child: Option<Child>,
    container: Option<Container>,
    /// Where it listens, and what it is sent there.
    pub target: Target,
    /// Where it listens.
    pub address: SocketAddr,
    /// The line that it printed when it was ready.
    pub ready_line: String,
    started: Instant,
    stderr: Arc<Mutex<VecDeque<String>>>,
}

impl Running {
    /// Starts a service on a free port of loopback, on the cores given, and waits for its ready line.
    ///
    /// # Errors
    /// When it cannot be started, or ends or keeps silent instead of becoming ready: with the cause that it gives.
    pub fn launch(program: &Program, cores: &Cores) -> Result<Self> {
        let service = &program.service;
        if let Some(url) = &service.url {
            return Self::elsewhere(program, url);
        }
        if let Some(port) = service.port {
            port::ensure_free(port).with_context(|| format!("cannot start {}", service.name))?;
        }
        let given = match service.port {
            None if service.given_port || service.is_own() => Some(port::free()?),
            port => port,
        };
        let port = given.unwrap_or_default().to_string();
        let variables = [("HOST", Some("127.0.0.1")), ("PORT", Some(port.as_str()))];
        Self::start(program, cores, &variables, given.filter(|_| service.is_own()))
    }

    /// A server that runs already.
    fn elsewhere(program: &Program, url: &str) -> Result<Self> {
        let target = url::target(url)?.with(program.service.exchange());
        Ok(Self {
            name: program.service.name.clone(),
            child: None,
            container: None,
            address: target.address,
            target,
            ready_line: String::new(),
            started: Instant::now(),
            stderr: Arc::default(),
        })
    }

    /// As [`Running::launch`], with these variables set, or not set, instead of `HOST` and `PORT`.
    ///
    /// # Errors
    /// As [`Running::launch`].
    pub fn launch_with(program: &Program, cores: &Cores, variables: &[(&str, Option<&str>)]) -> Result<Self> {
        Self::start(program, cores, variables, None)
    }

    /// Starts a process. It is ready when it says so, or accepts connections on the port that it was given.
    fn start(
        program: &Program,
        cores: &Cores,
        variables: &[(&str, Option<&str>)],
        given: Option<u16>,
    ) -> Result<Self> {
        let name = &program.service.name;
        let container = Container::of(program);
        let mut command = match &container {
            Some(container) => piped(container.command(cores, variables)),
            None => command(program, variables),
        };
        // A child inherits the cores of the thread that starts it.
        let (started, spawned) = cores.on_service(|| (Instant::now(), command.spawn()))?;
        let mut child =
            spawned.with_context(|| format!("cannot start {name} ({})", program.path.display()))?;
        let stderr = Arc::default();
        let ready = match (child.stdout.take(), child.stderr.take()) {
            (Some(out), Some(err)) => {
                let (sender, ready) = channel();
                let lines = Arc::clone(&stderr);
                // Some servers print their ready line on stderr.
                follow(err, sender.clone(), move |line| keep_last(&lines, line));
                follow(out, sender, drop);
                ready
            }
            _ => bail!("{name} has no output"),
        };
        let unspecified = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut running = Self {
            name: name.clone(),
            child: Some(child),
            container,
            target: Target::at(unspecified),
            address: unspecified,
            ready_line: String::new(),
            started,
            stderr,
        };
        let limit = program.service.start_timeout();
        (running.ready_line, running.address) = match given {
            // What has a port of its own may print the addresses of others.
            Some(port) if program.service.port.is_some() => running.when_accepting(port, None, limit)?,
            Some(port) => running.when_accepting(port, Some(&ready), limit)?,
            None => running.when_ready(&ready, limit)?,
        };
        running.target = Target::at(running.address).with(program.service.exchange());
        Ok(running)
    }

    /// Sends the first request and returns the time from the start of the process to the whole answer.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub fn first_answer(&self) -> Result<Duration> {
        let cannot = |cause| anyhow!("{} did not answer its first request: {cause}", self.name);
        let mut connection = RawConnection::open(&self.target).map_err(cannot)?;
        let exchange = self.target.exchange.as_deref();
        let request = match exchange {
            Some(_) => self.target.request().0,
            None => format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", self.address).into_bytes(),
        };
        connection.send(&request).map_err(cannot)?;
        let answer = connection.answer(exchange.is_some_and(Exchange::has_no_body)).map_err(cannot)?;
        let took = self.started.elapsed();
        let status = answer.head.status;
        match exchange.map(|exchange| exchange.answer_fault(status, &answer.body)) {
            Some(Some(fault)) => bail!("{} answered its first request with {fault}", self.name),
            Some(None) => {}
            None => ensure!(status == 200, "{} answered its first request with status {status}", self.name),
        }
        Ok(took)
    }

    /// Whether it was started here, so that its CPU time and memory can be read.
    pub fn is_here(&self) -> bool {
        self.child.is_some()
    }

    fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// The process and its descendants.
    ///
    /// # Errors
    /// When it runs elsewhere, or in a container that has ended.
    pub fn tree(&self) -> Result<Tree> {
        let pid = match &self.container {
            Some(container) => container.pid(),
            None => self.pid(),
        };
        pid.map(Tree::of).with_context(|| format!("{} has no process here", self.name))
    }

    /// Sends a signal to the process. Docker's client passes on what it can handle.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let container =
            self.container.as_ref().filter(|_| matches!(signal, Signal::SIGSTOP | Signal::SIGCONT));
        let pid = match container {
            Some(container) => container.pid(),
            None => self.pid(),
        };
        let pid = pid.with_context(|| format!("{} has no process here", self.name))?;
        kill(Pid::from_raw(pid.cast_signed()), signal)
            .with_context(|| format!("cannot send {signal} to {}", self.name))
    }

    /// Waits for the process to end; `None` when it has not by the limit.
    ///
    /// # Errors
    /// When the system cannot report its status.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        let end = Instant::now() + limit;
        loop {
            let status = child.try_wait()?;
            if status.is_some() || Instant::now() >= end {
                return Ok(status);
            }
            thread::sleep(EXIT_POLL_INTERVAL);
        }
    }

    /// How the process exited, with the end of its stderr; absent where it goes on for two more seconds.
    pub fn exit_reason(&mut self) -> Option<String> {
        let status = self.wait(EXIT_TIMEOUT).ok()??;
        Some(format!("{} ended ({status}){}", self.name, self.stderr_tail()))
    }

    fn when_accepting(
        &mut self,
        port: u16,
        ready: Option<&Receiver<Ready>>,
        limit: Duration,
    ) -> Result<Ready> {
        let end = Instant::now() + limit;
        loop {
            // Whoever accepts while this process has ended is another.
            if let Some(address) = accepting(port)
                && self.wait(Duration::ZERO)?.is_none()
            {
                return Ok((String::new(), address));
            }
            if let Some(Ok(ready)) = ready.map(Receiver::try_recv) {
                return Ok(ready);
            }
            if self.wait(EXIT_POLL_INTERVAL)?.is_some() {
                bail!("{} before it was ready", self.exit_reason().unwrap_or_default());
            }
            if Instant::now() >= end {
                let (name, limit, tail) = (&self.name, limit.as_secs(), self.stderr_tail());
                bail!("{name} did not accept connections on port {port} within {limit} s{tail}");
            }
        }
    }

    fn when_ready(&mut self, ready: &Receiver<Ready>, limit: Duration) -> Result<Ready> {
        match ready.recv_timeout(limit) {
            Ok(ready) => Ok(ready),
            Err(RecvTimeoutError::Timeout) => {
                bail!(
                    "{} printed no line like \"listening on http://\" within {} s{}",
                    self.name,
                    limit.as_secs(),
                    self.stderr_tail()
                )
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = self.wait(Duration::from_secs(1))?;
                let ended =
                    status.map_or("closed its output".to_owned(), |status| format!("ended ({status})"));
                bail!("{} {ended} before it was ready{}", self.name, self.stderr_tail())
            }
        }
    }

    fn stderr_tail(&self) -> String {
        // The thread that reads stderr may be a moment behind.
        thread::sleep(Duration::from_millis(20));
        let lines = self.stderr.lock().map(|lines| Vec::from(lines.clone())).unwrap_or_default();
        if lines.is_empty() { String::new() } else { format!(": {}", lines.join(" | ")) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        let ended = child.try_wait().is_ok_and(|status| status.is_some());
        kill_group(child);
        if let Some(container) = self.container.as_ref().filter(|_| !ended) {
            container.remove();
        }
    }
}
