//! What there is instead of a page that does not exist, or not for this reader.

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::render;
use crate::web::App;

/// Where programs ask, who want a status and no page.
const PROGRAMS: [&str; 6] = ["/api/", "/assets/", "/health", "/join", "/live", "/metrics"];

#[derive(Template)]
#[template(path = "missing.html")]
struct Page {
    frame: Frame,
}

/// A layer: gives a page to whoever asked for one and got nothing.
pub(in crate::web) async fn show(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_page = *request.method() == Method::GET && !PROGRAMS.iter().any(|start| path.starts_with(start));
    if !is_page {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let response = next.run(Request::from_parts(parts.clone(), body)).await;
    if response.status() != StatusCode::NOT_FOUND || response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    match Frame::from_request_parts(&mut parts, &app).await {
        Ok(frame) => (StatusCode::NOT_FOUND, render(&Page { frame })).into_response(),
        Err(_) => response,
    }
}
