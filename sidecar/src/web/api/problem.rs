//! Why there is no answer, as RFC 9457 has it.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, Kind};
use crate::people::Why;

/// Of a refusal.
pub(in crate::web) const MEDIA_TYPE: &str = "application/problem+json";

/// Why there is no answer (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::web) struct Problem {
    /// `/problems/` and a name for programs.
    #[serde(rename = "type")]
    #[schema(example = "/problems/bad-request")]
    kind: String,
    /// The same for people.
    #[schema(example = "The request is wrong")]
    title: &'static str,
    /// As of HTTP.
    #[schema(minimum = 400, maximum = 599, example = 400)]
    status: u16,
    /// What exactly.
    #[schema(example = "limit cannot be taken")]
    detail: String,
    /// What of the request is wrong, and how.
    errors: Vec<FieldError>,
    /// When to try again, in seconds.
    #[serde(skip)]
    retry_after: Option<u64>,
}

/// Something in a request that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(in crate::web) struct FieldError {
    /// Where: a key of the query, or of the body with points between.
    #[schema(example = "limit")]
    field: String,
    /// What is wrong with it.
    #[schema(example = "must be a number from 1 to 500")]
    problem: String,
}

impl Problem {
    /// A refusal; `name` is for programs.
    pub(in crate::web) fn new(status: StatusCode, name: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let (kind, status) = (format!("/problems/{name}"), status.as_u16());
        Self { kind, title, status, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// Something in the request cannot be taken.
    pub(in crate::web) fn field(field: &str, problem: impl Into<String>) -> Self {
        let detail = format!("{field} cannot be taken");
        let errors = vec![FieldError { field: field.to_owned(), problem: problem.into() }];
        Self { errors, ..Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request is wrong", detail) }
    }

    /// There is no such thing, or not for whoever asks.
    pub(in crate::web) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "missing", "There is no such thing", detail)
    }

    /// Nobody is known to ask.
    pub(in crate::web) fn stranger() -> Self {
        let detail = "send the header Authorization: Bearer, and a token after it";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Log in or show a token", detail)
    }

    /// Whoever asks may not.
    pub(in crate::web) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "This is not permitted", detail)
    }

    /// Later.
    pub(in crate::web) fn too_many(detail: impl Into<String>, seconds: u64) -> Self {
        let title = "Too many requests";
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", title, detail);
        Self { retry_after: Some(seconds), ..problem }
    }
}

impl From<Error> for Problem {
    fn from(err: Error) -> Self {
        let (status, name, title) = match err.kind {
            Kind::Missing => return Self::missing(err.text),
            Kind::Refused => (StatusCode::UNPROCESSABLE_ENTITY, "refused", "It cannot be done"),
            Kind::Full | Kind::InUse => {
                let busy = Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Not now", err.text);
                return Self { retry_after: Some(5), ..busy };
            }
            Kind::Denied => return Self::forbidden(err.text),
            _ => {
                tracing::error!(why = %err, "a request could not be answered");
                (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong here")
            }
        };
        Self::new(status, name, title, err.text)
    }
}

impl From<Why> for Problem {
    fn from(why: Why) -> Self {
        match why {
            Why::NotThere => Self::missing("there is no such thing"),
            Why::Role => Self::forbidden("this account may only look"),
            Why::Scope => Self::forbidden("this token is not for that"),
            Why::Customers => Self::forbidden("this concerns everybody, and who asks only has some customers"),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = [(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))];
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (status, kind, body).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
