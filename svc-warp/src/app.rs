use std::{convert::Infallible, future::ready};

use hello_core::{Msg, Params, Refusal};
use warp::http::{StatusCode, header::ALLOW};
use warp::path::{Tail, tail};
use warp::reject::{InvalidQuery, MethodNotAllowed, Rejection};
use warp::reply::{Json, Reply, Response, json, with_header, with_status};
use warp::{Filter, get, head, query, reject};

pub(crate) fn app() -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    root().and(get().or(head()).unify()).and(query()).map(hello).recover(recover)
}

/// The path `/`. `path::end()` would also take a target that has no path, as `h:80`.
fn root() -> impl Filter<Extract = (), Error = Rejection> + Copy {
    let is_root =
        |tail: Tail| ready(if tail.as_str().is_empty() { Ok(()) } else { Err(reject::not_found()) });
    tail().and_then(is_root).untuple_one()
}

fn hello(params: Params) -> Json {
    json::<Msg>(&params.greeting())
}

async fn recover(rejection: Rejection) -> Result<Response, Infallible> {
    Ok(if rejection.find::<InvalidQuery>().is_some() {
        refuse(Refusal::RepeatedName)
    } else if rejection.find::<MethodNotAllowed>().is_some() {
        method_not_allowed()
    } else {
        not_found()
    })
}

fn not_found() -> Response {
    refuse(Refusal::NotFound)
}

fn method_not_allowed() -> Response {
    with_header(refuse(Refusal::MethodNotAllowed), ALLOW, "GET, HEAD").into_response()
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or_default();
    with_status(json(&refusal.msg()), status).into_response()
}
