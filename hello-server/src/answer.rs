//! One request: what hyper leaves to its user, around the service's own answer.

use std::convert::Infallible;

use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};

use crate::activity::Activity;
use crate::head;

/// Answers a request: with nothing but a status if its head must be refused, or else as the service does.
pub(crate) fn answer<S, B>(
    service: &S,
    request: Request<Incoming>,
    activity: &Activity,
) -> impl Future<Output = Result<Response<B>, Infallible>>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Default,
{
    activity.begin();
    let answering = match head::fault(&request) {
        None => Ok(service.call(request)),
        Some(status) => Err(status),
    };
    async move {
        let mut answer = match answering {
            Ok(answering) => answering.await?,
            Err(status) => refusal(status),
        };
        if activity.is_last() {
            end_with(&mut answer);
        }
        activity.end();
        Ok(answer)
    }
}

fn refusal<B: Default>(status: StatusCode) -> Response<B> {
    let mut answer = Response::new(B::default());
    *answer.status_mut() = status;
    end_with(&mut answer);
    answer
}

fn end_with<B>(answer: &mut Response<B>) {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
