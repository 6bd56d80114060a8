use hello_core::{Msg, Params, Refusal};
use poem::error::{MethodNotAllowedError, NotFoundError, ParseQueryError};
use poem::http::{StatusCode, header::ALLOW};
use poem::web::{Json, Query, WithContentType};
use poem::{Endpoint, EndpointExt, IntoResponse, Response, Route, get, handler};

pub(crate) fn app() -> impl Endpoint {
    Route::new()
        .at("/", get(hello).head(hello))
        .catch_error(repeated_name)
        .catch_error(not_found)
        .catch_error(method_not_allowed)
}

#[handler]
fn hello(Query(params): Query<Params>) -> WithContentType<Json<Msg>> {
    json(params.greeting())
}

async fn repeated_name(_: ParseQueryError) -> Response {
    refuse(Refusal::RepeatedName)
}

async fn not_found(_: NotFoundError) -> Response {
    refuse(Refusal::NotFound)
}

async fn method_not_allowed(_: MethodNotAllowedError) -> Response {
    refuse(Refusal::MethodNotAllowed).with_header(ALLOW, "GET, HEAD").into_response()
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or_default();
    json(refusal.msg()).with_status(status).into_response()
}

fn json(msg: Msg) -> WithContentType<Json<Msg>> {
    Json(msg).with_content_type("application/json")
}
