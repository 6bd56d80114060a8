//! One request: what hyper leaves to its user, around the service's own answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};
use pin_project_lite::pin_project;

use crate::activity::Activity;
use crate::head;

pin_project! {
    /// The answer to a request: the service's, or nothing but 400 if its Host field is wrong. An async block would
    /// move the service's future, with the request in it, one more time.
    #[project = Step]
    pub(crate) enum Answer<'a, F> {
        Service { #[pin] answering: F, activity: &'a Activity },
        Refusal { activity: &'a Activity },
    }
}

/// Answers a request as the service does, unless its Host field is wrong.
pub(crate) fn answer<'a, S>(
    service: &S,
    request: Request<Incoming>,
    activity: &'a Activity,
) -> Answer<'a, S::Future>
where
    S: Service<Request<Incoming>>,
{
    activity.begin();
    if head::has_right_host(&request) {
        Answer::Service { answering: service.call(request), activity }
    } else {
        Answer::Refusal { activity }
    }
}

impl<F, B> Future for Answer<'_, F>
where
    F: Future<Output = Result<Response<B>, Infallible>>,
    B: Default,
{
    type Output = Result<Response<B>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            Step::Service { answering, activity } => {
                let mut answer = ready!(answering.poll(cx))?;
                if activity.is_last() {
                    end_with(&mut answer);
                }
                activity.end();
                Poll::Ready(Ok(answer))
            }
            Step::Refusal { activity } => {
                activity.end();
                Poll::Ready(Ok(refusal()))
            }
        }
    }
}

fn refusal<B: Default>() -> Response<B> {
    let mut answer = Response::new(B::default());
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    end_with(&mut answer);
    answer
}

fn end_with<B>(answer: &mut Response<B>) {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
