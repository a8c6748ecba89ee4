//! What there is instead of a page that does not exist, or not for this reader, or that cannot be shown. People get no bare line,
//! whichever layer refused.

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::part::Mark;
use super::render;
use crate::web::App;

/// Where programs ask, who want a status and no page.
const PROGRAMS: [&str; 7] = ["/api/", "/assets/", "/calendar/", "/health", "/join", "/live", "/metrics"];

#[derive(Template)]
#[template(path = "instead.html")]
struct Page<'a> {
    frame: Frame,
    mark: Mark,
    title: &'a str,
    why: &'a str,
}

/// A layer: gives a page to whoever asked for one and got nothing that people can read.
pub(in crate::web) async fn show(State(app): State<App>, request: Request, next: Next) -> Response {
    if PROGRAMS.iter().any(|start| request.uri().path().starts_with(start)) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let response = next.run(Request::from_parts(parts.clone(), body)).await;
    let status = response.status();
    let is_page = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let allow = response.headers().get(ALLOW).cloned();
    let mut page = page(&app, parts, status, why(status)).await;
    allow.and_then(|allow| page.headers_mut().insert(ALLOW, allow));
    page
}

/// A page that says why there is nothing else, by the key of the reason.
pub(in crate::web) async fn page(app: &App, mut parts: Parts, status: StatusCode, why: &str) -> Response {
    let Ok(mut frame) = Frame::from_request_parts(&mut parts, app).await;
    if parts.method != Method::GET {
        // It is not to be loaded again, nor is it where the reader was.
        frame.path = "/".into();
    }
    let (mark, title) = match status {
        StatusCode::NOT_FOUND => (Mark::Unknown, "missing"),
        _ if status.is_server_error() => (Mark::High, "instead.broken"),
        _ => (Mark::Medium, "refused"),
    };
    let (title, why) = (frame.t(title).to_owned(), frame.t(why).to_owned());
    (status, render(&Page { mark, title: &title, why: &why, frame })).into_response()
}

const fn why(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "missing.about",
        StatusCode::FORBIDDEN => "guard.role",
        StatusCode::METHOD_NOT_ALLOWED => "instead.method",
        StatusCode::PAYLOAD_TOO_LARGE => "instead.long",
        StatusCode::BAD_REQUEST | StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => {
            "instead.form"
        }
        StatusCode::SERVICE_UNAVAILABLE => "refused.busy",
        _ => "instead.log",
    }
}
