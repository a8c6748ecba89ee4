//! The API, one resource a file. Answers are JSON; a refusal is `application/problem+json`.

mod history;
mod problem;
mod query;

use axum::Router;
use axum::routing::get;

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/api/v1/nodes/{node}/series", get(history::series))
        .route("/api/v1/nodes/{node}/history", get(history::history))
}
