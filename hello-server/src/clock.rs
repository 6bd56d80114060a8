//! A clock that costs next to nothing to read, for deadlines of seconds.

use std::time::Duration;

/// The time since some moment in the past, as of the system's last tick, up to 10 ms ago. It is read after each answer,
/// and [`std::time::Instant`] takes three times as many instructions.
#[cfg(not(test))]
pub(crate) fn now() -> Duration {
    // A Linux without this clock would be older than 2.6.32.
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC_COARSE)
        .map_or(Duration::ZERO, Duration::from)
}

/// The time that tests can set: the runtime's.
#[cfg(test)]
pub(crate) fn now() -> Duration {
    thread_local! {
        static START: tokio::time::Instant = tokio::time::Instant::now();
    }
    START.with(|start| tokio::time::Instant::now() - *start)
}
