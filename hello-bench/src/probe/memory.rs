//! Whether a service gives memory back.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::launch::Running;

/// How long memory may take to be given back.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(10);
/// How much more than idle still counts as given back, in bytes.
const MAX_GROWTH_BYTES: i64 = 1 << 20;

/// Resident memory of a service that has answered once.
pub(super) fn idle(running: &Running) -> Result<u64> {
    running.first_answer()?;
    Ok(running.tree()?.memory().rss_bytes)
}

/// How much resident memory has grown, once it had time to shrink: in words, and whether it is back.
pub(super) fn growth(running: &Running, idle: u64) -> Result<(String, bool)> {
    let limit = Instant::now() + SETTLE_TIMEOUT;
    loop {
        let grown = running.tree()?.memory().rss_bytes.cast_signed() - idle.cast_signed();
        if grown <= MAX_GROWTH_BYTES || Instant::now() >= limit {
            let mib = grown as f64 / f64::from(1 << 20);
            return Ok((format!("memory {mib:+.1} MiB"), grown <= MAX_GROWTH_BYTES));
        }
        thread::sleep(Duration::from_millis(200));
    }
}
