//! What a connection's requests tell its task, and the task its bytes: whether one is being answered, and whether it is
//! the last.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::server::Ending;

/// What goes on in a connection. Its task alone looks at it: the atomics are there for it to move between threads.
#[derive(Debug)]
pub(crate) struct Activity {
    is_answering: AtomicBool,
    /// Since the task last asked.
    has_answered: AtomicBool,
    ending: Ending,
}

impl Activity {
    /// A connection that opens now.
    pub(crate) fn new(ending: Ending) -> Self {
        Self { is_answering: AtomicBool::new(false), has_answered: AtomicBool::new(false), ending }
    }

    /// A request begins to be answered.
    pub(crate) fn begin(&self) {
        self.is_answering.store(true, Ordering::Relaxed);
    }

    /// It has its answer.
    pub(crate) fn end(&self) {
        self.is_answering.store(false, Ordering::Relaxed);
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Whether a request is being answered.
    pub(crate) fn is_answering(&self) -> bool {
        self.is_answering.load(Ordering::Relaxed)
    }

    /// Whether there was an answer since this was last asked.
    pub(crate) fn has_answered(&self) -> bool {
        let has_answered = self.has_answered.load(Ordering::Relaxed);
        self.has_answered.store(false, Ordering::Relaxed);
        has_answered
    }

    /// Whether each answer ends the connection.
    pub(crate) fn is_last(&self) -> bool {
        self.ending.is_set()
    }

    /// Whether the connection is to end as soon as nothing is being answered.
    pub(crate) fn is_over(&self) -> bool {
        self.ending.is_over()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_noticed_once() {
        let activity = Activity::new(Ending::default());
        assert!(!activity.has_answered() && !activity.is_answering());
        activity.begin();
        assert!(!activity.has_answered() && activity.is_answering());
        activity.end();
        assert!(activity.has_answered() && !activity.is_answering());
        assert!(!activity.has_answered());
    }
}
