//! The system's table of tracked connections, which a firewall or Docker fills with every connection, of loopback too.
//!
//! A full table drops packets, and so ends a load of many short connections with requests that have no answer.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use crate::interrupt::Interrupt;

/// How full the table may be before more connections are opened: the rest is for those of the next slices.
const FULL: f64 = 0.75;
/// How often the table is looked at while it is full.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long to wait for room: a connection that ended in order is remembered for two minutes by default.
const TIMEOUT: Duration = Duration::from_secs(150);

/// Waits until the table has room for more connections; at once where nothing is tracked.
///
/// # Errors
/// When it stays full, or the user interrupts.
pub(crate) fn await_room(interrupt: &Interrupt) -> Result<()> {
    let begun = Instant::now();
    while let Some((count, max)) = read().filter(|(count, max)| is_full(*count, *max)) {
        interrupt.check()?;
        ensure!(
            begun.elapsed() < TIMEOUT,
            "the system tracks {count} of at most {max} connections, and would drop more: raise net.netfilter.nf_conntrack_max, or leave this load out"
        );
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

fn is_full(count: u64, max: u64) -> bool {
    count as f64 > max as f64 * FULL
}

/// How many connections are tracked, and how many can be; `None` where none are.
fn read() -> Option<(u64, u64)> {
    let number = |name: &str| {
        fs::read_to_string(format!("/proc/sys/net/netfilter/nf_conntrack_{name}"))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    Some((number("count")?, number("max")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_table_is_kept_free() {
        assert!(is_full(197_000, 262_144) && !is_full(196_000, 262_144));
        assert!(await_room(&Interrupt::default()).is_ok());
    }
}
