use std::convert::Infallible;

use hello_core::{Msg, Params, Refusal};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

type Answer = Response<Full<Bytes>>;

pub(crate) async fn app(request: Request<Incoming>) -> Result<Answer, Infallible> {
    Ok(match (request.uri().path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => hello(&request),
        ("/", _) => method_not_allowed(),
        _ => not_found(),
    })
}

fn hello(request: &Request<Incoming>) -> Answer {
    match serde_urlencoded::from_str::<Params>(request.uri().query().unwrap_or_default()) {
        Ok(params) => json(StatusCode::OK, &params.greeting()),
        Err(_) => refuse(Refusal::RepeatedName),
    }
}

fn not_found() -> Answer {
    refuse(Refusal::NotFound)
}

fn method_not_allowed() -> Answer {
    let mut answer = refuse(Refusal::MethodNotAllowed);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    answer
}

fn refuse(refusal: Refusal) -> Answer {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or_default();
    json(status, &refusal.msg())
}

fn json(status: StatusCode, msg: &Msg) -> Answer {
    let body = serde_json::to_vec(msg).unwrap_or_default();
    let mut answer = Response::new(Full::from(body));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
