//! How a service behaves as a process: its ready line, its address, its errors, its threads.

use std::net::TcpListener;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::check::outcome::{Outcome, Violation};
use crate::check::shutdown;
use crate::command::kill_group;
use crate::launch::{Running, command};
use crate::patience::Patience;
use crate::program::Program;
use crate::session::Session;
use crate::system::cores::Cores;

/// How long a service may take to refuse to start. What this process itself is late comes on top.
const REFUSAL: Duration = Duration::from_secs(5);
/// Values that are no address, by variable.
const BAD_ADDRESSES: [(&str, &str); 5] =
    [("PORT", "http"), ("PORT", "65536"), ("PORT", ""), ("HOST", "no.such.host.invalid"), ("HOST", "1.2.3")];

/// Checks all that concerns the process.
///
/// # Errors
/// When the service cannot be started at all, or the user interrupts.
pub(crate) fn check(program: &Program, session: &Session) -> Result<Outcome> {
    let Session { cores, interrupt } = session;
    let mut outcome = Outcome::default();
    outcome.add(ready_line(program, cores)?);
    outcome.add(own_port(program, cores)?);
    for (variable, value) in BAD_ADDRESSES {
        interrupt.check()?;
        outcome.add(refusal(program, (variable, value), &[variable, value])?);
    }
    let taken = TcpListener::bind("127.0.0.1:0").context("cannot listen on loopback")?;
    let address = taken.local_addr()?;
    let port = address.port().to_string();
    outcome.add(refusal(program, ("PORT", &port), &[&address.to_string(), "in use"])?);
    if cores.service.len() > 1 {
        outcome.add(threads(program, cores)?);
    }
    outcome.merge(shutdown::check(program, session)?);
    Ok(outcome)
}

/// One line on stdout, with the service's name, the default host and the port really bound.
fn ready_line(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let running = Running::launch_with(program, cores, &[("HOST", None), ("PORT", Some("0"))])?;
    let expected =
        format!("{} listening on http://127.0.0.1:{}", program.service.name, running.address.port());
    let right =
        running.ready_line == expected && running.address.port() != 0 && running.first_answer().is_ok();
    Ok((!right).then(|| Violation {
        case: "the ready line".into(),
        sent: "PORT=0, no HOST".into(),
        expected: format!("{expected:?}, and an answer there"),
        received: format!("{:?}", running.ready_line),
    }))
}

/// A port that is given is the port that is bound.
fn own_port(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?;
    let running =
        Running::launch_with(program, cores, &[("HOST", None), ("PORT", Some(&free.port().to_string()))])?;
    Ok((running.address != free).then(|| Violation {
        case: "the port that is asked for".into(),
        sent: format!("PORT={}", free.port()),
        expected: free.to_string(),
        received: running.address.to_string(),
    }))
}

/// A service that cannot start says why on one line of stderr and exits with 1.
fn refusal(
    program: &Program,
    (variable, value): (&str, &str),
    must_name: &[&str],
) -> Result<Option<Violation>> {
    let variables = [("HOST", None), ("PORT", Some("0")), (variable, Some(value))];
    let output = ended(command(program, &variables))?;
    let (stderr, stdout, code) = match &output {
        Some(output) => (
            String::from_utf8_lossy(&output.stderr).into_owned(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.status.code(),
        ),
        None => ("still running".to_owned(), String::new(), None),
    };
    let one_line = stderr.trim_end().lines().count() == 1 && stderr.ends_with('\n');
    let named = must_name.iter().all(|word| stderr.contains(word));
    let right = code == Some(1) && one_line && named && stdout.is_empty();
    Ok((!right).then(|| Violation {
        case: "an address that cannot be".into(),
        sent: format!("{variable}={value}"),
        expected: format!("exit status 1 and one line on stderr that names {}", must_name.join(", ")),
        received: format!("exit status {code:?}, stderr {stderr:?}, stdout {stdout:?}"),
    }))
}

/// Waits for the end; `None`, and the process is killed, when it does not come.
fn ended(mut started: Command) -> Result<Option<Output>> {
    let mut child = started.spawn()?;
    let mut patience = Patience::new(REFUSAL);
    while child.try_wait()?.is_none() {
        if patience.is_over() {
            kill_group(&mut child);
            return Ok(None);
        }
        patience.sleep(Duration::from_millis(5));
    }
    Ok(Some(child.wait_with_output()?))
}

/// One core more is one worker more, and, where the only worker of one core was the main thread, a main thread.
fn threads(program: &Program, cores: &Cores) -> Result<Option<Violation>> {
    let count = |service: &[usize]| -> Result<u64> {
        let confined = Cores { service: service.to_vec(), generator: cores.generator.clone() };
        let running = Running::launch(program, &confined)?;
        running.first_answer()?;
        Ok(running.tree()?.memory().threads)
    };
    let (one, two) = (count(&cores.service[..1])?, count(&cores.service[..2])?);
    Ok((!(one + 1..=one + 2).contains(&two)).then(|| Violation {
        case: "a worker for each core".into(),
        sent: "started on one core, and on two".into(),
        expected: "one thread more, or two".into(),
        received: format!("{one} threads, and {two}"),
    }))
}
