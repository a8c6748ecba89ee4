//! Figures for Prometheus. Everything is made at the scrape from what is known then, so nothing stale can be left: a node
//! that is silent has no series but that it is not there.

mod backups;
mod families;
mod fleet;
mod own;
mod text;

use axum::Extension;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::registry::Registry;
use tokio::sync::Semaphore;

use super::App;
use super::guard::Reader;
use crate::error::{Error, Kind, Result};
use crate::people::Customers;
use families::Families;

static TURN: Semaphore = Semaphore::const_new(1);

/// As Prometheus asks for it.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// As everybody else does.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn routes() -> Router<App> {
    Router::new().route("/metrics", get(metrics))
}

async fn metrics(State(app): State<App>, Extension(reader): Extension<Reader>, headers: HeaderMap) -> Response {
    let asked = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let open = asked.contains("application/openmetrics-text");
    // One at a time: all lines of a large fleet take some memory.
    let _turn = TURN.acquire().await;
    match encoded(&app, &reader.person.customers).await {
        Ok(encoded) if open => ([(CONTENT_TYPE, OPEN_METRICS)], encoded).into_response(),
        Ok(encoded) => ([(CONTENT_TYPE, TEXT)], text::older(&encoded)).into_response(),
        Err(why) => {
            tracing::warn!(%why, "figures could not be made");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
        }
    }
}

/// All figures of somebody's nodes, and the sidecar's own for those who have all customers.
async fn encoded(app: &App, whose: &Customers) -> Result<String> {
    let now = app.shared.clock.now().seconds();
    let mut families = Families::default();
    // First: what nodes say is more, and is left out where it would be too much.
    if let Err(why) = backups::gather(app, whose, now, &mut families).await {
        tracing::warn!(%why, "figures of backups could not be made");
        families.left_out.push("backup_runs");
    }
    fleet::gather(app, whose, now, &mut families);
    let mut registry = Registry::default();
    if *whose == Customers::All {
        own::register(app, &mut registry, &families);
    }
    registry.register_collector(Box::new(families));
    let mut encoded = String::new();
    prometheus_client::encoding::text::encode(&mut encoded, &registry)
        .map_err(|err| Error::new(Kind::Internal, format!("figures cannot be written: {err}")))?;
    Ok(encoded)
}

#[cfg(test)]
mod tests;
