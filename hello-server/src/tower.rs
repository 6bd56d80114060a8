//! A tower service as hyper's, for frameworks that hand one out.

use http_body_util::Empty;
use hyper::Request;
use hyper::body::{Body, Bytes, Incoming};
use hyper::service::Service;

/// A tower service that is always ready, as axum's and warp's are.
///
/// Such a service puts the body of a request into a box, whatever it is. That of a request without one is replaced by a
/// body without a size, for which a box allocates nothing.
#[derive(Clone, Debug)]
pub struct Tower<S>(pub S);

impl<S, T> Service<Request<Incoming>> for Tower<S>
where
    S: tower_service::Service<Request<Incoming>, Response = T> + Clone,
    S: tower_service::Service<
            Request<Empty<Bytes>>,
            Response = T,
            Error = <S as tower_service::Service<Request<Incoming>>>::Error,
            Future = <S as tower_service::Service<Request<Incoming>>>::Future,
        >,
{
    type Response = T;
    type Error = <S as tower_service::Service<Request<Incoming>>>::Error;
    type Future = <S as tower_service::Service<Request<Incoming>>>::Future;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut service = self.0.clone();
        if request.body().is_end_stream() {
            tower_service::Service::call(&mut service, request.map(|_| Empty::new()))
        } else {
            tower_service::Service::call(&mut service, request)
        }
    }
}
