//! The API, one resource a file. Routes and the document that describes them are one declaration: a handler with
//! `#[utoipa::path]` that is listed below. It takes a [`caller::Caller`] that says what it needs, [`body::Place`],
//! [`body::Asked`] and [`body::Body`] for what comes with the request, and gives JSON, a [`page::Page`] or a
//! [`problem::Problem`].

mod admin;
mod alerts;
mod audit;
mod body;
mod caller;
mod commands;
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
mod renewals;
mod silences;
mod windows;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::{Extension, Router, middleware};
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::App;
use super::pages::reference;
pub(super) use pace::Pace;
use problem::Problem;

/// Before all paths.
pub(super) const PREFIX: &str = "/api/v1";

/// All routes, and what describes them.
pub(super) fn routes(app: &App) -> Router<App> {
    let (routes, document) = described();
    let served = Arc::new(document::Served::new(&document));
    let routes = routes.method_not_allowed_fallback(other_method).fallback(missing);
    let routes = routes.layer(middleware::from_fn_with_state(app.pace.clone(), pace::keep));
    let reference = Arc::new(reference::Reference::new(&served));
    let page = reference::routes().layer(Extension(reference));
    Router::new().nest(PREFIX, routes.layer(Extension(served))).merge(page)
}

fn described() -> (Router<App>, Document) {
    let all = all().into_iter().fold(OpenApiRouter::new(), OpenApiRouter::routes);
    let (routes, described) = all.split_for_parts();
    let mut document = document::beginning().nest(PREFIX, described);
    document::complete(&mut document);
    (routes, document)
}

/// All routes with what describes each.
fn all() -> Vec<UtoipaMethodRouter<App>> {
    let mut all = vec![
        routes!(document::openapi),
        routes!(history::series),
        routes!(history::history),
        routes!(nodes::list),
        routes!(nodes::one),
        routes!(nodes::objects),
        routes!(nodes::object),
        routes!(commands::send),
        routes!(happened::runs),
        routes!(happened::events),
        routes!(alerts::list),
        routes!(alerts::acknowledge),
        routes!(silences::list, silences::add),
        routes!(silences::end),
        routes!(windows::list, windows::add),
        routes!(windows::change, windows::remove),
        routes!(incidents::list),
        routes!(incidents::one, incidents::change),
        routes!(incidents::note),
        routes!(incidents::acknowledge),
        routes!(notifications::list),
        routes!(notifications::channels),
        routes!(notifications::test),
        routes!(notifications::works),
        routes!(audit::list),
    ];
    all.extend(renewals::all());
    all.extend(admin::all());
    all
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
