//! Which futures of a task must be polled again.

use std::task::{Context, Waker};

/// The waker that a task's futures were polled with. A future that has it, and can show otherwise that it is not ready,
/// need not be polled: to poll a timer, or a channel, costs hundreds of instructions for each request.
#[derive(Debug, Default)]
pub(crate) struct KnownWaker(Option<Waker>);

impl KnownWaker {
    /// Whether this is the waker of the last call: where it is not, the futures must be polled with it now.
    pub(crate) fn is_of(&mut self, cx: &Context<'_>) -> bool {
        let is_known = self.0.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if !is_known {
            self.0 = Some(cx.waker().clone());
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn a_task_is_known_after_the_first_time() {
        let mut known = KnownWaker::default();
        let here = std::future::poll_fn(|cx| Poll::Ready((known.is_of(cx), known.is_of(cx)))).await;
        assert_eq!(here, (false, true));
        assert!(!known.is_of(&Context::from_waker(Waker::noop())));
    }
}
