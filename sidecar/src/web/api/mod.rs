//! The API, one resource a file. Routes and the document that describes them are one declaration: a handler with
//! `#[utoipa::path]` that is listed below. It takes a [`caller::Caller`] that says what it needs, [`body::Place`],
//! [`body::Asked`] and [`body::Body`] for what comes with the request, and gives JSON, a [`page::Page`] or a
//! [`problem::Problem`].

mod admin;
mod alerts;
mod audit;
mod body;
mod caller;
pub(super) mod document;
mod happened;
mod history;
mod incidents;
mod names;
mod nodes;
mod notifications;
mod pace;
mod page;
pub(super) mod problem;
mod query;
mod silences;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::{Extension, Router, middleware};
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::App;
use super::pages::reference;
use problem::Problem;

/// Before all paths.
pub(super) const PREFIX: &str = "/api/v1";

/// All routes, and what describes them.
pub(super) fn routes(app: &App) -> Router<App> {
    let (routes, document) = described();
    let served = Arc::new(document::Served::new(&document));
    let pace = pace::Pace::new(Arc::clone(&app.shared.clock));
    let routes = routes.method_not_allowed_fallback(other_method).fallback(missing);
    let routes = routes.layer(middleware::from_fn_with_state(pace, pace::keep));
    Router::new().nest(PREFIX, routes).merge(reference::routes()).layer(Extension(served))
}

fn described() -> (Router<App>, Document) {
    let all = OpenApiRouter::new()
        .routes(routes!(document::openapi))
        .routes(routes!(history::series))
        .routes(routes!(history::history))
        .routes(routes!(nodes::list))
        .routes(routes!(nodes::one))
        .routes(routes!(nodes::objects))
        .routes(routes!(nodes::object))
        .routes(routes!(happened::runs))
        .routes(routes!(happened::events))
        .routes(routes!(alerts::list))
        .routes(routes!(alerts::acknowledge))
        .routes(routes!(silences::list, silences::add))
        .routes(routes!(silences::end))
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::one, incidents::change))
        .routes(routes!(incidents::note))
        .routes(routes!(incidents::acknowledge))
        .routes(routes!(notifications::list))
        .routes(routes!(notifications::channels))
        .routes(routes!(notifications::test))
        .routes(routes!(audit::list));
    let all = all.merge(admin::routes());
    let (routes, described) = all.split_for_parts();
    let mut document = document::beginning().nest(PREFIX, described);
    document::complete(&mut document);
    (routes, document)
}

async fn missing() -> Problem {
    Problem::missing("there is no such route; /api lists them")
}

async fn other_method() -> Problem {
    let title = "Not with this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", title, "the header Allow says with which")
}

/// As RFC 3339 has it; what is out of its range is `null`.
fn time(at: i64) -> Option<String> {
    jiff::Timestamp::from_second(at).ok().map(|at| at.to_string())
}

#[cfg(test)]
mod tests;
