use axum::extract::{Query, rejection::QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router, routing::get};
use hello_core::{Msg, Params, Refusal};

pub(crate) fn app() -> Router {
    Router::new()
        .route("/", get(hello))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(not_found)
}

async fn hello(query: Result<Query<Params>, QueryRejection>) -> Result<Json<Msg>, Response> {
    match query {
        Ok(Query(params)) => Ok(Json(params.greeting())),
        Err(_) => Err(refuse(Refusal::RepeatedName)),
    }
}

async fn not_found() -> Response {
    refuse(Refusal::NotFound)
}

async fn method_not_allowed() -> Response {
    refuse(Refusal::MethodNotAllowed)
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or_default();
    (status, Json(refusal.msg())).into_response()
}
