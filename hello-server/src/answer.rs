//! One request: what hyper leaves to its user, around the service's own answer.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{Either, Empty};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};

use crate::activity::Activity;
use crate::host_field;

/// The service's answer, or nothing with a status.
pub(crate) type Answer<B> = Response<Either<B, Empty<Bytes>>>;

/// Answers a request: 400 for a Host field that no request may have, or else as the service does.
pub(crate) fn answer<S, B>(
    service: &S,
    request: Request<Incoming>,
    activity: Arc<Activity>,
) -> impl Future<Output = Result<Answer<B>, Infallible>> + use<S, B>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body<Data = Bytes>,
{
    activity.begin();
    let answering = host_field::is_right(&request).then(|| service.call(request));
    async move {
        let mut answer = match answering {
            Some(answering) => answering.await?.map(Either::Left),
            None => refusal(),
        };
        if activity.is_last() {
            end_with(&mut answer);
        }
        activity.end();
        Ok(answer)
    }
}

fn refusal<B>() -> Answer<B> {
    let mut answer = Response::new(Either::Right(Empty::new()));
    *answer.status_mut() = StatusCode::BAD_REQUEST;
    end_with(&mut answer);
    answer
}

fn end_with<B>(answer: &mut Answer<B>) {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
}
