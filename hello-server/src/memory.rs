//! Memory given back to the system once a crowd of connections has left.
//!
//! glibc's allocator gives back what is free at the end of its heap alone, and one small allocation there that lives on
//! keeps all below it: a thousand connections that have ended still held 13 MiB. `malloc_trim` gives back what lies between, too.

use std::convert::Infallible;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// How often memory is checked, and how seldom while that gains nothing.
const MIN_CHECK_INTERVAL: Duration = Duration::from_secs(1);
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How much more than at the start is left alone.
const MAX_GROWTH_PAGES: u64 = 128;
/// How much a trim must give back to be worth another soon.
const MIN_GAIN_PAGES: u64 = 32;

/// Whether a connection has ended since memory was last checked. While all go on, nothing of theirs could be given back, and
/// to look for it would take time from them.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);

/// Notes that a connection has ended.
pub(crate) fn connection_ended() {
    HAS_ENDED.store(true, Ordering::Relaxed);
}

/// Gives back memory after connections have ended, for as long as it is polled.
pub(crate) async fn give_back() -> Infallible {
    let start = resident_pages().unwrap_or_default();
    let mut pause = MIN_CHECK_INTERVAL;
    loop {
        sleep(pause).await;
        if !HAS_ENDED.swap(false, Ordering::Relaxed) {
            continue;
        }
        let before = resident_pages().unwrap_or_default();
        if before > start + MAX_GROWTH_PAGES {
            trim();
            let freed = before.saturating_sub(resident_pages().unwrap_or_default());
            pause = if freed >= MIN_GAIN_PAGES {
                MIN_CHECK_INTERVAL
            } else {
                (pause * 2).min(MAX_CHECK_INTERVAL)
            };
        } else {
            pause = MIN_CHECK_INTERVAL;
        }
    }
}

/// The resident set, by `/proc/self/statm`.
fn resident_pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

#[cfg(target_env = "gnu")]
#[allow(unsafe_code, reason = "the one call of the C library that has no safe wrapper")]
fn trim() {
    // SAFETY: malloc_trim takes any number, locks what it touches, and moves nothing that is allocated.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn trim() {}

#[cfg(all(test, target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_free_between_allocations_is_given_back() {
        let mut blocks: Vec<Vec<u8>> = (0..4000).map(|_| vec![1; 8 * 1024]).collect();
        // The last one stays, at the end of the heap.
        let last = blocks.pop();
        let full = resident_pages().unwrap();
        drop(blocks);
        trim();
        let trimmed = resident_pages().unwrap();
        assert!(trimmed + 4000 < full, "{full} pages, then {trimmed}");
        drop(last);
    }
}
