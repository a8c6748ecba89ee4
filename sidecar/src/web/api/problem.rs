//! Why there is no answer, as RFC 9457 has it.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::{Error, Kind};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    detail: String,
    /// What of the request is wrong, and how.
    errors: Vec<(String, String)>,
}

impl Problem {
    /// Something in the request cannot be taken.
    pub(super) fn field(field: &str, problem: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            name: "bad-request",
            title: "The request is wrong",
            detail: format!("{field} cannot be taken"),
            errors: vec![(field.to_owned(), problem.into())],
        }
    }

    /// There is no such thing, or not for whoever asks.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        let title = "There is no such thing";
        Self { status: StatusCode::NOT_FOUND, name: "missing", title, detail: detail.into(), errors: Vec::new() }
    }
}

impl From<Error> for Problem {
    fn from(err: Error) -> Self {
        let (status, name, title) = match err.kind {
            Kind::Missing => return Self::missing(err.text),
            Kind::Refused => (StatusCode::BAD_REQUEST, "bad-request", "The request is wrong"),
            Kind::Full | Kind::InUse => (StatusCode::SERVICE_UNAVAILABLE, "busy", "Not now"),
            _ => {
                tracing::error!(why = %err, "a request could not be answered");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
            }
        };
        Self { status, name, title, detail: err.text, errors: Vec::new() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let errors = self.errors.iter().map(|(field, problem)| json!({ "field": field, "problem": problem }));
        let body = json!({
            "type": format!("/problems/{}", self.name),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "errors": errors.collect::<Vec<_>>(),
        });
        let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        (self.status, kind, body.to_string()).into_response()
    }
}
