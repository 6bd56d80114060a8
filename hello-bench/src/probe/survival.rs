//! A service under probe: checked after each case, and started again when it has not survived one.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

use hello_load::Target;

use crate::launch::Running;
use crate::probe::memory::{growth, idle};
use crate::probe::observation::{Level, Observation};
use crate::probe::peer::{Bytes, Reaction};
use crate::program::Program;
use crate::system::cores::Cores;

/// What another client asks after each case.
const OTHER: &[u8] = b"GET /?name=A HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
/// How long a process that does not answer has to be gone.
const EXIT_TIMEOUT: Duration = Duration::from_millis(500);
/// How many failures are listed: a service that fails all cases fails them alike.
const MAX_LISTED: usize = 5;
/// Requests that are sent side by side, since listening to what comes back is waiting.
const AT_ONCE: usize = 16;

/// What is sent on a connection of its own.
pub(super) trait Request: Sync {
    /// What is seen of the service.
    type Seen: Send;

    /// What was sent, in words.
    fn name(&self) -> String;

    /// Sends it and says what came back.
    ///
    /// # Errors
    /// When the service cannot be reached.
    fn send(&self, target: &Target) -> Result<Self::Seen>;
}

/// A running service, and the cases that it did not survive.
pub(super) struct Subject<'a> {
    program: &'a Program,
    cores: &'a Cores,
    running: Running,
    idle_bytes: u64,
    failures: Vec<String>,
}

impl<'a> Subject<'a> {
    /// Starts the service.
    ///
    /// # Errors
    /// When it does not start, or does not answer.
    pub(super) fn launch(program: &'a Program, cores: &'a Cores) -> Result<Self> {
        let running = Running::launch(program, cores)?;
        let idle_bytes = idle(&running)?;
        Ok(Self { program, cores, running, idle_bytes, failures: Vec::new() })
    }

    /// Where it listens: elsewhere once it was started again.
    fn target(&self) -> Target {
        Target::at(self.running.address)
    }

    /// Sends every request and checks the service after each. Some are sent side by side; those that the service has not
    /// survived together are sent again, one by one.
    ///
    /// # Errors
    /// When the service cannot be reached, or not be started again.
    pub(super) fn send<T: Request>(&mut self, requests: &[T]) -> Result<Vec<T::Seen>> {
        let mut seen = Vec::new();
        for some in requests.chunks(AT_ONCE) {
            let together = side_by_side(some, &self.target());
            let failure = failure(&mut self.running)?;
            match (together, failure) {
                (Ok(together), None) => seen.extend(together),
                (_, failure) => seen.extend(self.send_one_by_one(some, failure)?),
            }
        }
        Ok(seen)
    }

    /// Sends requests that the service has not survived together, if it failed: to find the one.
    fn send_one_by_one<T: Request>(
        &mut self,
        requests: &[T],
        failure: Option<Failure>,
    ) -> Result<Vec<T::Seen>> {
        if failure.as_ref().is_some_and(|failure| failure.is_final) {
            self.restart()?;
        }
        let known = self.failures.len();
        let mut seen = Vec::new();
        for request in requests {
            seen.push(request.send(&self.target())?);
            self.check_after(&request.name())?;
        }
        if let (Some(failure), [first, .., last]) = (failure, requests)
            && self.failures.len() == known
        {
            let (first, last) = (first.name(), last.name());
            self.failures.push(format!("{} after {first} to {last} at once", failure.cause));
        }
        Ok(seen)
    }

    /// Records it when the process is gone or does not serve another client, and then starts it again.
    ///
    /// # Errors
    /// When it cannot be started again.
    fn check_after(&mut self, case: &str) -> Result<()> {
        let Some(failure) = failure(&mut self.running)? else { return Ok(()) };
        self.failures.push(format!("{} after {case}", failure.cause));
        if failure.is_final {
            self.restart()?;
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<()> {
        let again = Self::launch(self.program, self.cores)?;
        (self.running, self.idle_bytes) = (again.running, again.idle_bytes);
        Ok(())
    }

    /// What was observed over all cases: whether it survived each, and whether its memory is back.
    ///
    /// # Errors
    /// When it is gone by now.
    pub(super) fn observe(&self) -> Result<[Observation; 2]> {
        let (reaction, is_back) = growth(&self.running, self.idle_bytes)?;
        let reactions = if self.failures.is_empty() { "served".to_owned() } else { listed(&self.failures) };
        let rule = "the same process serves another client (contract)";
        let survived =
            Observation::new("after each message", Level::Must, rule, reactions, self.failures.is_empty());
        let rule = "memory back within 1 MiB (contract)";
        let settled = Observation::new("after all messages", Level::Must, rule, reaction, is_back);
        Ok([survived, settled])
    }
}

/// Sends requests at the same time, each on a connection of its own.
fn side_by_side<T: Request>(requests: &[T], target: &Target) -> Result<Vec<T::Seen>> {
    thread::scope(|scope| {
        let sent: Vec<_> = requests.iter().map(|request| scope.spawn(move || request.send(target))).collect();
        sent.into_iter()
            .map(|sent| sent.join().map_err(|_| anyhow!("a request panicked"))?)
            .collect()
    })
}

/// What was found wrong with a service after a case.
struct Failure {
    /// What was found.
    cause: String,
    /// Whether the process is gone or does not react.
    is_final: bool,
}

/// Why the service is of no use to another client, or `None` when it is.
fn failure(running: &mut Running) -> Result<Option<Failure>> {
    let is_served = |reaction: &Reaction| reaction.greets(&["A"]);
    let reaction = Bytes::new(OTHER).exchange(&Target::at(running.address), is_served).unwrap_or_default();
    let has_answered = !reaction.answers.is_empty();
    let exit = running.wait(if has_answered { Duration::ZERO } else { EXIT_TIMEOUT })?;
    let cause = match exit {
        Some(status) => format!("process exit ({status})"),
        None if is_served(&reaction) => return Ok(None),
        None if has_answered => "wrong answer to another client".to_owned(),
        None => "no answer to another client".to_owned(),
    };
    Ok(Some(Failure { cause, is_final: exit.is_some() || !has_answered }))
}

/// The first of these, and how many more there are.
fn listed(failures: &[String]) -> String {
    let shown = failures.iter().take(MAX_LISTED).cloned().collect::<Vec<_>>().join("; ");
    match failures.len().saturating_sub(MAX_LISTED) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_failures_is_cut_and_counted() {
        let failures: Vec<String> = (1..=7).map(|case| format!("exit after {case}")).collect();
        assert_eq!(listed(&failures[..2]), "exit after 1; exit after 2");
        assert!(listed(&failures).ends_with("exit after 5; and 2 more"));
    }
}
