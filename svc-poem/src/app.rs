use hello_core::{Msg, Params, Refusal};
use poem::error::{MethodNotAllowedError, ParseQueryError};
use poem::http::{StatusCode, header::ALLOW};
use poem::web::{Json, Query, WithContentType};
use poem::{Endpoint, EndpointExt, Error, IntoResponse, Response, Route, get, handler};

pub(crate) fn app() -> impl Endpoint {
    Route::new().at("/", get(hello).head(hello)).catch_all_error(recover)
}

#[handler]
fn hello(Query(params): Query<Params>) -> WithContentType<Json<Msg>> {
    json(params.greeting())
}

async fn recover(error: Error) -> Response {
    if error.is::<ParseQueryError>() {
        refuse(Refusal::RepeatedName)
    } else if error.is::<MethodNotAllowedError>() {
        method_not_allowed()
    } else {
        not_found()
    }
}

fn not_found() -> Response {
    refuse(Refusal::NotFound)
}

fn method_not_allowed() -> Response {
    refuse(Refusal::MethodNotAllowed).with_header(ALLOW, "GET, HEAD").into_response()
}

fn refuse(refusal: Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or_default();
    json(refusal.msg()).with_status(status).into_response()
}

fn json(msg: Msg) -> WithContentType<Json<Msg>> {
    Json(msg).with_content_type("application/json")
}
