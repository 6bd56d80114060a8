//! The time by which a connection has to have got another answer.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep};

use crate::limits::HEAD_TIMEOUT;

/// A limit of [`HEAD_TIMEOUT`] that begins anew with each answer. One timer for a connection, which is looked at when it
/// fires: to set it anew for each answer would cost more than to note the time.
#[derive(Debug)]
pub struct Deadline {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Deadline {
    /// The deadline of a connection that opens now. Needs a runtime with time.
    pub fn start() -> Self {
        Self { since: Instant::now(), timer: Box::pin(sleep(HEAD_TIMEOUT)) }
    }

    /// The time begins anew.
    pub fn restart(&mut self) {
        self.since = Instant::now();
    }

    /// Ready once the time is over.
    pub fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let end = self.since + HEAD_TIMEOUT;
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(end);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_time_begins_anew_with_each_answer() {
        let start = Instant::now();
        let mut deadline = Deadline::start();
        tokio::time::advance(HEAD_TIMEOUT * 3 / 4).await;
        deadline.restart();
        poll_fn(|cx| deadline.poll_over(cx)).await;
        let took = start.elapsed();
        assert!((HEAD_TIMEOUT * 7 / 4..HEAD_TIMEOUT * 2).contains(&took), "{took:?}");
    }
}
