use actix_web::error::{InternalError, QueryPayloadError};
use actix_web::guard;
use actix_web::http::{Method, StatusCode, header::Allow};
use actix_web::web::{self, Json, Query, QueryConfig, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, HttpResponseBuilder};
use hello_core::{Msg, Params, Refusal};

pub(crate) fn app(config: &mut ServiceConfig) {
    let is_read = guard::fn_guard(|context| matches!(context.head().method, Method::GET | Method::HEAD));
    let root = web::resource("/")
        .route(web::route().guard(is_read).to(hello))
        .default_service(web::to(method_not_allowed));
    config
        .app_data(QueryConfig::default().error_handler(repeated_name))
        .service(root)
        .default_service(web::to(not_found));
}

async fn hello(Query(params): Query<Params>) -> Json<Msg> {
    Json(params.greeting())
}

fn repeated_name(cause: QueryPayloadError, _: &HttpRequest) -> Error {
    let answer = refuse(Refusal::RepeatedName).json(Refusal::RepeatedName.msg());
    InternalError::from_response(cause, answer).into()
}

async fn not_found() -> HttpResponse {
    refuse(Refusal::NotFound).json(Refusal::NotFound.msg())
}

async fn method_not_allowed() -> HttpResponse {
    refuse(Refusal::MethodNotAllowed)
        .insert_header(Allow(vec![Method::GET, Method::HEAD]))
        .json(Refusal::MethodNotAllowed.msg())
}

fn refuse(refusal: Refusal) -> HttpResponseBuilder {
    HttpResponse::build(StatusCode::from_u16(refusal.status()).unwrap_or_default())
}
