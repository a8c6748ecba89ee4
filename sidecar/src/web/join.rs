//! `POST /join`: a node comes with its string. Only where nobody can read along.

use std::net::IpAddr;

use atalaya_wire::join::{PATH, REQUEST_BYTES_MAX, Refusal, Refused, Request};
use axum::Extension;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::{App, Secure};

pub(super) fn routes() -> Router<App> {
    Router::new().route(PATH, post(join))
}

async fn join(State(app): State<App>, Extension(peer): Extension<IpAddr>, secure: Secure, body: Body) -> Response {
    if !secure.0 {
        return StatusCode::NOT_FOUND.into_response();
    }
    let body = to_bytes(body, REQUEST_BYTES_MAX).await.ok();
    let request = body.and_then(|body| serde_json::from_slice::<Request>(&body).ok());
    let Some(request) = request else { return refused(&Refusal::Malformed.into()) };
    match app.shared.acts.join(&request, peer).await {
        Ok(response) => axum::Json(response).into_response(),
        Err(why) => refused(&why),
    }
}

fn refused(why: &Refused) -> Response {
    let status = StatusCode::from_u16(why.refused.status()).unwrap_or(StatusCode::BAD_REQUEST);
    (status, axum::Json(why)).into_response()
}
