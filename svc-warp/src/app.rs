use std::convert::Infallible;

use hello_core::{Msg, Params, Refusal};
use warp::http::{StatusCode, header::ALLOW};
use warp::reject::{InvalidQuery, MethodNotAllowed, Rejection};
use warp::reply::{Json, Reply, Response, json, with_header, with_status};
use warp::{Filter, get, head, path, query};

pub(crate) fn app() -> impl Filter<Extract = (impl Reply,), Error = Infallible> + Clone {
    path::end().and(get().or(head()).unify()).and(query()).map(hello).recover(recover)
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
