//! The hello contract through poem, under the fastest and safest server settings that we know.
mod app;

use std::{convert::Infallible, io, process::ExitCode, sync::Arc};

use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response, service::service_fn};
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Body, Endpoint, Request as PoemRequest, RequestParts};

fn main() -> ExitCode {
    let app = Arc::new(app::app());
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        async move {
            let answer = app.get_response(converted(request)).await;
            Ok::<Response<_>, Infallible>(answer.into())
        }
    });
    hello_server::run("svc-poem-tuned", service)
}

/// A body that is not there needs no box.
fn converted(request: Request<Incoming>) -> PoemRequest {
    let (parts, body) = request.into_parts();
    let (local, remote) = (LocalAddr::default(), RemoteAddr::default());
    let parts = RequestParts::from((parts, local, remote, Scheme::HTTP));
    let body =
        if body.is_end_stream() { Body::empty() } else { body.map_err(io::Error::other).boxed().into() };
    PoemRequest::from_parts(parts, body)
}
