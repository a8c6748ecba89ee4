//! The description of the API (OpenAPI 3.1), made of the routes themselves.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::http::Method;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, Ref, RefOr, Required, ResponseBuilder};

use super::body::{Asked, Nothing};
use super::problem::{FieldError, MEDIA_TYPE, Problem};

/// What stands at its beginning.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Atalaya",
        description = "What the sidecar knows of its nodes, and what people do about it. Times are RFC 3339 in UTC unless said; \
numbers have the unit that their key ends with. Lists come in pages: `next` is what to give as `cursor`. Keys of a query or a body that stand nowhere here are refused."
    ),
    components(schemas(Problem, FieldError)),
    tags(
        (name = "nodes", description = "Machines, what is known of them, their history"),
        (name = "alerts", description = "What is wrong, and who cares for it"),
        (name = "incidents", description = "What belonged together, from its beginning to what was learnt"),
        (name = "renewals", description = "What expires, what it costs, and who approved that"),
        (name = "notifications", description = "Who was told of what"),
        (name = "accounts", description = "People"),
        (name = "tokens", description = "What programs show"),
        (name = "sidecar", description = "The sidecar itself"),
        (name = "audit", description = "Who did what"),
    )
)]
struct Beginning;

/// Without any route.
pub(super) fn beginning() -> Document {
    let mut document = Beginning::openapi();
    document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    let text = "A token with the scopes that a route names: `read`, `operate`, `manage`. Pages of the dashboard use their session instead.";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(text)).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(scheme));
    let text = "The session of somebody who logged in and may approve: no token does. The header X-CSRF says what forms of the session say.";
    let cookie = ApiKeyValue::with_description("__Host-atalaya", text);
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    document
}

/// What can be answered by many routes, so that it does not stand at each.
pub(super) fn complete(document: &mut Document) {
    for (path, item) in &mut document.paths.paths {
        let has_place = path.contains('{');
        for (method, operation) in operations_mut(item) {
            let is_post = method == Method::POST;
            if is_post {
                operation.parameters.get_or_insert_default().push(key().into());
            }
            let has_body = operation.request_body.is_some();
            let is_open = operation.security.is_none();
            for (status, text, applies) in [
                ("400", "Something in the request cannot be taken", true),
                ("401", "Log in or show a token", !is_open),
                ("403", "Whoever asks may not", !is_open),
                ("404", "There is no such thing, or not for whoever asks", has_place || has_body),
                ("408", "The request took too long to come", true),
                (
                    "409",
                    "The Idempotency-Key was used for something else, or for the same: that is being done now, or was done and answered with a secret, which is shown once",
                    is_post,
                ),
                ("413", "The body is longer than 64 KiB", has_body),
                ("415", "The body is no JSON", has_body),
                ("422", "It can be read, and cannot be done", has_body),
                ("429", "More than 20 requests a second, after 100 at once", !is_open),
                ("500", "Something went wrong here", true),
                ("503", "Not now: what is asked for needs something that has no room or does not answer", true),
            ] {
                let known = &mut operation.responses.responses;
                if applies && !known.contains_key(status) {
                    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
                    let response = ResponseBuilder::new().description(text).content(MEDIA_TYPE, content).build();
                    known.insert(status.to_owned(), response.into());
                }
            }
            operation.responses.responses.iter_mut().for_each(refusal);
        }
    }
}

/// A refusal is of one type, also where a route describes it itself.
fn refusal((status, response): (&String, &mut RefOr<utoipa::openapi::Response>)) {
    if let RefOr::T(response) = response
        && status.starts_with(['4', '5'])
        && let Some(content) = response.content.shift_remove("application/json")
    {
        response.content.insert(MEDIA_TYPE.to_owned(), content);
    }
}

/// The header by which what is asked for twice is done once.
fn key() -> Parameter {
    let text =
        "The same key within 24 hours gives the same answer, and nothing is done again; a secret is not answered again";
    let schema = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(128));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(text))
        .schema(Some(schema.pattern(Some("^[!-~]+$")).build()))
        .build()
}

/// What can be done at a path.
pub(super) fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [(Method::GET, get), (Method::PUT, put), (Method::POST, post), (Method::DELETE, delete), (Method::PATCH, patch)]
        .into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// As it is served.
pub(in crate::web) struct Served(Bytes);

impl Served {
    pub(super) fn new(document: &Document) -> Self {
        Self(document.to_json().unwrap_or_default().into())
    }

    /// JSON.
    pub(in crate::web) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// This document.
#[utoipa::path(get, path = "/openapi.json", responses((status = 200, description = "OpenAPI 3.1", body = Object)))]
pub(super) async fn openapi(Extension(served): Extension<Arc<Served>>, _: Asked<Nothing>) -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], served.0.clone()).into_response()
}
