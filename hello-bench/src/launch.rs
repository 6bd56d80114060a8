//! A service as a running process: started on its cores, asked for its first answer, stopped for sure.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use hello_load::Target;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::command::kill_group;
use crate::docker::Container;
use crate::program::Program;
use crate::raw::RawConnection;
use crate::system::cores::Cores;
use crate::system::process::Tree;

/// What stands before the address in the ready line.
const LISTENING: &str = " on http://";
/// How often a process that should end is polled.
const EXIT_POLL_INTERVAL: Duration = Duration::from_millis(2);
/// How long a service may take to stop once it was measured.
const STOP_TIMEOUT: Duration = Duration::from_secs(6);
/// The first port that a service without a choice of its own is given.
const FIRST_PORT: u16 = 10_000;
/// Lines of stderr that are kept to explain a failure.
const MAX_STDERR_LINES: usize = 5;

/// A running service. Dropping it kills it, so that no error leaves a process behind.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
    container: Option<Container>,
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
        let port = if program.service.given_port { free_port()?.to_string() } else { "0".to_owned() };
        Self::launch_with(program, cores, &[("HOST", Some("127.0.0.1")), ("PORT", Some(&port))])
    }

    /// As [`Running::launch`], with these variables set, or not set, instead of `HOST` and `PORT`.
    ///
    /// # Errors
    /// As [`Running::launch`].
    pub fn launch_with(program: &Program, cores: &Cores, variables: &[(&str, Option<&str>)]) -> Result<Self> {
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
            child,
            container,
            address: unspecified,
            ready_line: String::new(),
            started,
            stderr,
        };
        (running.ready_line, running.address) =
            running.when_ready(&ready, program.service.start_timeout())?;
        Ok(running)
    }

    /// Sends `GET /` and returns the time from the start of the process to the whole answer.
    ///
    /// # Errors
    /// When the service does not answer with 200.
    pub fn first_answer(&self) -> Result<Duration> {
        let cannot = |cause| anyhow!("{} did not answer its first request: {cause}", self.name);
        let mut connection = RawConnection::open(&Target::at(self.address)).map_err(cannot)?;
        let request = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", self.address);
        connection.send(request.as_bytes()).map_err(cannot)?;
        let answer = connection.answer(false).map_err(cannot)?;
        let took = self.started.elapsed();
        let status = answer.head.status;
        ensure!(status == 200, "{} answered its first request with status {status}", self.name);
        Ok(took)
    }

    /// The process and its descendants.
    ///
    /// # Errors
    /// When it runs in a container that has ended.
    pub fn tree(&self) -> Result<Tree> {
        let pid = match &self.container {
            Some(container) => container.pid(),
            None => Some(self.child.id()),
        };
        pid.map(Tree::of).with_context(|| format!("the container of {} is gone", self.name))
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(self.child.id().cast_signed());
        kill(pid, signal).with_context(|| format!("cannot send {signal} to {}", self.name))
    }

    /// Waits for the process to end; `None` when it has not by the limit.
    ///
    /// # Errors
    /// When the system cannot report its status.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<ExitStatus>> {
        let end = Instant::now() + limit;
        loop {
            let status = self.child.try_wait()?;
            if status.is_some() || Instant::now() >= end {
                return Ok(status);
            }
            thread::sleep(EXIT_POLL_INTERVAL);
        }
    }

    /// How the process exited, with the end of its stderr; absent while it runs.
    pub fn exit_reason(&mut self) -> Option<String> {
        let status = self.wait(Duration::from_millis(200)).ok()??;
        Some(format!("{} ended ({status}){}", self.name, self.stderr_tail()))
    }

    /// Stops services together: SIGTERM to each, and SIGKILL to those that do not exit.
    pub fn stop(all: impl IntoIterator<Item = Self>) {
        let all: Vec<Self> = all.into_iter().collect();
        for running in &all {
            let _ = running.signal(Signal::SIGTERM);
        }
        for mut running in all {
            let _ = running.wait(STOP_TIMEOUT);
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
        let ended = self.child.try_wait().is_ok_and(|status| status.is_some());
        kill_group(&mut self.child);
        if let Some(container) = self.container.as_ref().filter(|_| !ended) {
            container.remove();
        }
    }
}

/// The command that starts a service, with its output piped and a process group of its own.
pub fn command(program: &Program, variables: &[(&str, Option<&str>)]) -> Command {
    let mut command = piped(Command::new(&program.path));
    command
        .args(&program.arguments)
        .current_dir(&program.folder)
        .envs(&program.service.environment);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn piped(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    command
}

/// A port of loopback that nobody uses now, below those that the system gives to connections: between this moment and
/// that in which the service listens, a connection of another service must not take it.
fn free_port() -> Result<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let first = range.split_whitespace().next().and_then(|port| port.parse().ok()).unwrap_or(32_768);
    let candidates = || fastrand::u16(FIRST_PORT..first.max(FIRST_PORT + 1));
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let mut tried = std::iter::repeat_with(candidates).take(1000);
    tried
        .find(is_free)
        .with_context(|| format!("there is no free port from {FIRST_PORT} to {first}"))
}

/// A ready line, and the address in it.
type Ready = (String, SocketAddr);

/// Reads a pipe to its end: passes on the ready line, and gives every line to `keep`.
fn follow(
    pipe: impl Read + Send + 'static,
    ready: Sender<Ready>,
    mut keep: impl FnMut(String) + Send + 'static,
) {
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            if let Some(address) = address(&line) {
                let _ = ready.send((line.clone(), address));
            }
            keep(line);
        }
    });
}

fn keep_last(lines: &Mutex<VecDeque<String>>, line: String) {
    if let Ok(mut lines) = lines.lock() {
        lines.push_back(line);
        while lines.len() > MAX_STDERR_LINES {
            lines.pop_front();
        }
    }
}

fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once(LISTENING)?;
    rest.split(['/', ' ']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_line_tells_the_address() {
        let found = address("svc-axum listening on http://127.0.0.1:3000");
        assert_eq!(found, Some(SocketAddr::from(([127, 0, 0, 1], 3000))));
        assert_eq!(address("x listening on http://[::1]:80/"), Some("[::1]:80".parse().unwrap()));
        assert_eq!(address(" * Running on http://127.0.0.1:1"), Some("127.0.0.1:1".parse().unwrap()));
        assert_eq!(address("listening on port 3000"), None);
    }
}
