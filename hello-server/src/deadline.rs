//! The time by which a connection has to have got another answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::clock;
use crate::known_waker::KnownWaker;
use crate::limits::HEAD_TIMEOUT;
use crate::memory;

/// A limit of [`HEAD_TIMEOUT`] that begins anew with each answer. One timer for a connection, which is looked at when it
/// fires: to set it anew for each answer would cost more than to note the time. A connection has it until it ends, after
/// which memory may be given back.
#[derive(Debug)]
pub struct Deadline {
    /// By [`clock::now`].
    since: Duration,
    timer: Pin<Box<Sleep>>,
    waker: KnownWaker,
}

impl Deadline {
    /// The deadline of a connection that opens now. Needs a runtime with time.
    pub fn start() -> Self {
        Self { since: clock::now(), timer: Box::pin(sleep(HEAD_TIMEOUT)), waker: KnownWaker::default() }
    }

    /// The time begins anew.
    pub fn restart(&mut self) {
        self.since = clock::now();
    }

    /// Ready once the time is over. Next to nothing to ask while the timer has not fired.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.waker.is_of(cx) && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        loop {
            // A task that has used up what it may do at a time, as under a flood, would be asked to wait.
            if !self.timer.is_elapsed() {
                ready!(self.timer.as_mut().poll(cx));
            }
            let left = (self.since + HEAD_TIMEOUT).saturating_sub(clock::now());
            if left.is_zero() {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(Instant::now() + left);
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        memory::connection_ended();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use tokio::task::coop::consume_budget;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_begins_anew_with_each_answer() {
        let start = Instant::now();
        let mut deadline = Deadline::start();
        for _ in 0..3 {
            tokio::time::advance(HEAD_TIMEOUT * 3 / 4).await;
            let asked = poll_fn(|cx| Poll::Ready(deadline.poll_over(cx))).await;
            assert!(asked.is_pending());
            deadline.restart();
        }
        poll_fn(|cx| deadline.poll_over(cx)).await;
        let took = start.elapsed();
        assert!((HEAD_TIMEOUT * 13 / 4..HEAD_TIMEOUT * 7 / 2).contains(&took), "{took:?}");
    }

    /// Whether the time is over for a task that may do no more in this turn.
    async fn is_over_after_much(deadline: &mut Deadline) -> bool {
        poll_fn(|cx| {
            while pin!(consume_budget()).poll(cx).is_ready() {}
            Poll::Ready(deadline.poll_over(cx).is_ready())
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_is_kept_busy_sees_that_the_time_is_over() {
        let mut deadline = Deadline::start();
        let asked = poll_fn(|cx| Poll::Ready(deadline.poll_over(cx))).await;
        assert!(asked.is_pending() && !is_over_after_much(&mut deadline).await);
        tokio::time::advance(HEAD_TIMEOUT).await;
        assert!(is_over_after_much(&mut deadline).await);
    }
}
