//! Who is connected, and how all leave once the process is asked to stop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hello_server::limits::GRACE;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long a connection may take from the system's queue to its worker.
const HANDING_OVER: Duration = Duration::from_millis(50);

/// What all connections of all workers share.
#[derive(Debug)]
pub(crate) struct Crowd {
    capacity: usize,
    is_ending: AtomicBool,
    /// A connection holds a receiver for as long as it is open.
    open: watch::Sender<()>,
    /// And another while its peer does not take an answer.
    unread: watch::Sender<()>,
}

/// A place in the crowd, taken until it is dropped.
pub(crate) type Place = watch::Receiver<()>;

impl Crowd {
    /// One that has room for so many.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            is_ending: AtomicBool::new(false),
            open: watch::Sender::default(),
            unread: watch::Sender::default(),
        }
    }

    /// A place for one more, if there is one.
    pub(crate) fn enter(&self) -> Option<Place> {
        (self.open.receiver_count() < self.capacity).then(|| self.open.subscribe())
    }

    pub(crate) fn wait_for_peer(&self) -> Place {
        self.unread.subscribe()
    }

    /// Whether each answer is to be the last of its connection.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_ending.load(Ordering::Relaxed)
    }

    /// Makes each answer the last of its connection, and returns when all have left, or else when the time of grace is
    /// over and no answer is under way: who is then still here has asked for nothing.
    pub(crate) async fn leave(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
        let _ = timeout(GRACE, self.emptied()).await;
        self.unread.closed().await;
    }

    async fn emptied(&self) {
        while self.open.receiver_count() > 0 || !self.stays_empty().await {
            self.open.closed().await;
        }
    }

    async fn stays_empty(&self) -> bool {
        sleep(HANDING_OVER).await;
        self.open.receiver_count() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_crowd_leaves_in_grace_and_unread_answers_are_waited_for() {
        let crowd = Crowd::new(1);
        crowd.leave().await;
        assert!(crowd.is_ending());
        let (_idle, unread) = (crowd.enter().unwrap(), crowd.wait_for_peer());
        assert!(crowd.enter().is_none());
        let mut leaving = pin!(crowd.leave());
        let over = timeout(2 * GRACE, leaving.as_mut()).await;
        assert!(over.is_err());
        drop(unread);
        let left = poll_fn(|cx| Poll::Ready(leaving.as_mut().poll(cx))).await;
        assert!(left.is_ready());
    }
}
