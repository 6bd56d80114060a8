//! Memory given back to the system once a crowd of connections has left.
//!
//! glibc's allocator gives back what is free at the end of its heap alone, and one small allocation there that lives on
//! keeps all below it: a thousand connections that have ended still held 13 MiB. `malloc_trim` gives back what lies between, too.
//! mimalloc, the allocator of the images, has a heap for each thread, and each thread has to look through its own.

use std::convert::Infallible;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::sleep;

/// How often memory is checked, and how seldom while that gains nothing.
const MIN_CHECK_INTERVAL: Duration = Duration::from_secs(1);
const MAX_CHECK_INTERVAL: Duration = Duration::from_secs(2);
/// How much more than at the start is left alone.
const MAX_GROWTH_PAGES: u64 = 128;
/// How much a trim must give back to be worth another soon.
const MIN_GAIN_PAGES: u64 = 32;
/// How long the threads are given for it.
const TRIMMING: Duration = Duration::from_millis(50);
/// How many trims in a row may gain less until another connection ends: a worker may have missed one, and memory that is in
/// use cannot be given back.
const MAX_FRUITLESS: u32 = 4;

/// Whether a connection has ended since memory was last checked. While all go on, nothing of theirs could be given back, and
/// to look for it would take time from them.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);

/// Wakes the threads that give back what is theirs.
static IS_DUE: Notify = Notify::const_new();

/// Notes that a connection has ended.
pub(crate) fn connection_ended() {
    HAS_ENDED.store(true, Ordering::Relaxed);
}

/// Gives back memory after connections have ended, for as long as it is polled.
pub(crate) async fn give_back() -> Infallible {
    let start = resident_pages().unwrap_or_default();
    let (mut pause, mut fruitless) = (MIN_CHECK_INTERVAL, MAX_FRUITLESS);
    loop {
        sleep(pause).await;
        if HAS_ENDED.swap(false, Ordering::Relaxed) {
            fruitless = 0;
        }
        if fruitless == MAX_FRUITLESS {
            continue;
        }
        let before = resident_pages().unwrap_or_default();
        if before <= start + MAX_GROWTH_PAGES {
            (pause, fruitless) = (MIN_CHECK_INTERVAL, MAX_FRUITLESS);
            continue;
        }
        trim_everywhere();
        sleep(TRIMMING).await;
        if before.saturating_sub(resident_pages().unwrap_or_default()) >= MIN_GAIN_PAGES {
            (pause, fruitless) = (MIN_CHECK_INTERVAL, 0);
        } else {
            (pause, fruitless) = ((pause * 2).min(MAX_CHECK_INTERVAL), fruitless + 1);
        }
    }
}

/// Gives back what is free in this thread, in those that [`give_back_here`] follows, and in the workers of this runtime: there
/// is a task for each, but who takes one is up to the runtime.
fn trim_everywhere() {
    trim();
    if HAS_HEAP_PER_THREAD {
        IS_DUE.notify_waiters();
        for _ in 0..Handle::current().metrics().num_workers() {
            tokio::spawn(async { trim() });
        }
    }
}

/// Gives back the memory of this thread, too, whenever it is time: for a thread with a runtime of its own, which must be
/// the one it is called in.
pub async fn give_back_here() -> Infallible {
    loop {
        IS_DUE.notified().await;
        trim();
    }
}

/// The resident set, by `/proc/self/statm`.
fn resident_pages() -> Option<u64> {
    fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()
}

/// Whether [`trim`] looks through the heap of its own thread alone.
const HAS_HEAP_PER_THREAD: bool = cfg!(feature = "mimalloc");

/// Gives back what is free: of this thread's heap, or of all where the allocator looks through all.
#[cfg(feature = "mimalloc")]
#[allow(unsafe_code, reason = "the one call of the allocator that has no safe wrapper")]
pub fn trim() {
    // SAFETY: mi_collect takes either flag, and frees only what nobody has allocated.
    unsafe { libmimalloc_sys::mi_collect(true) };
}

/// Gives back what is free: of this thread's heap, or of all where the allocator looks through all.
#[cfg(all(target_env = "gnu", not(feature = "mimalloc")))]
#[allow(unsafe_code, reason = "the one call of the allocator that has no safe wrapper")]
pub fn trim() {
    // SAFETY: malloc_trim takes any number, locks what it touches, and moves nothing that is allocated.
    unsafe { libc::malloc_trim(0) };
}

/// Does nothing: this allocator has no such call.
#[cfg(not(any(target_env = "gnu", feature = "mimalloc")))]
pub fn trim() {}

#[cfg(all(test, any(target_env = "gnu", feature = "mimalloc")))]
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
