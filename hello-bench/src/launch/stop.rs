//! The end of running services, together or timed.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::docker::Container;
use crate::launch::{EXIT_POLL_INTERVAL, Running};

/// How long a service may take to stop once it was measured.
const STOP_TIMEOUT: Duration = Duration::from_secs(6);

impl Running {
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

    /// Stops it: the time from SIGTERM to the end of its process, in a container without what Docker does afterwards;
    /// `None` where it has to be killed, and for a server that runs elsewhere.
    pub fn time_stop(mut self) -> Option<Duration> {
        let inside = self.container.as_ref().and_then(Container::pid);
        let sent = Instant::now();
        self.signal(Signal::SIGTERM).ok()?;
        loop {
            let is_gone = |pid: u32| !Path::new(&format!("/proc/{pid}")).exists();
            if inside.is_some_and(is_gone) || self.child.as_mut()?.try_wait().ok()?.is_some() {
                let took = sent.elapsed();
                let _ = self.wait(STOP_TIMEOUT);
                return Some(took);
            }
            if sent.elapsed() > STOP_TIMEOUT {
                return None;
            }
            thread::sleep(EXIT_POLL_INTERVAL);
        }
    }
}
