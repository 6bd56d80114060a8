//! What a connection's task learns from its requests: since when there is none, and whether the next is the last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::server::Ending;

/// The value of [`Activity::silent_ms`] while a request is being answered.
const BUSY: u64 = u64::MAX;

/// What goes on in a connection.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    /// From `opened`, the time since which the peer owes a request head.
    silent_ms: AtomicU64,
    ending: Ending,
}

impl Activity {
    /// A connection that opens now.
    pub(crate) fn new(ending: Ending) -> Self {
        let opened = Instant::now();
        Self { opened, silent_ms: AtomicU64::new(0), ending }
    }

    /// A request begins to be answered.
    pub(crate) fn begin(&self) {
        self.silent_ms.store(BUSY, Ordering::Relaxed);
    }

    /// It has its answer.
    pub(crate) fn end(&self) {
        // An age in milliseconds fits for half a billion years.
        let age = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or_default();
        self.silent_ms.store(age, Ordering::Relaxed);
    }

    /// Since when nothing is being answered; `None` while something is.
    pub(crate) fn silent_since(&self) -> Option<Instant> {
        let ms = self.silent_ms.load(Ordering::Relaxed);
        (ms != BUSY).then(|| self.opened + Duration::from_millis(ms))
    }

    /// Whether the answer ends the connection.
    pub(crate) fn is_last(&self) -> bool {
        self.ending.is_set()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_begins_with_the_connection_and_with_each_answer() {
        let activity = Activity::new(Ending::default());
        assert_eq!(activity.silent_since(), Some(activity.opened));
        activity.begin();
        assert_eq!(activity.silent_since(), None);
        std::thread::sleep(Duration::from_millis(3));
        activity.end();
        assert!(activity.silent_since() > Some(activity.opened));
        assert!(!activity.is_last());
    }
}
