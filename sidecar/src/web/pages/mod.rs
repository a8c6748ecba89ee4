//! Pages, one a file; each copies what it shows out of what is known, then renders its template.

mod act;
mod alerts;
mod fleet;
mod format;
mod frame;
mod health;
mod incidents;
mod instead;
mod login;
mod mark;
mod me;
mod needs;
mod node;
mod part;
pub(super) mod reference;
mod renewals;
mod row;
mod rules;
mod said;
mod sent;
mod settings;
mod table;
mod timeline;
mod window;
mod windows;

pub(super) use instead::{page as instead, show as show_instead};

use askama::Template;
use axum::Router;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

use super::App;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(fleet::page))
        .route("/login", get(login::form).post(login::log_in))
        .route("/logout", post(login::log_out))
        .route("/first/{secret}", get(login::first_form).post(login::first))
        .route("/nodes/{node}", get(node::page))
        .route("/nodes/{node}/accept", post(act::accept))
        .route("/nodes/{node}/commands", post(node::commands::tell))
        .route("/alerts", get(alerts::page))
        .route("/alerts/acknowledge", post(act::acknowledge))
        .route("/alerts/silences", post(act::silence))
        .route("/alerts/silences/{id}/end", post(act::end_silence))
        .route("/alerts/windows", post(windows::add))
        .route("/alerts/windows/{id}", get(window::page).post(window::change))
        .route("/alerts/windows/{id}/remove", post(windows::remove))
        .route("/alerts/sent", get(sent::page))
        .route("/alerts/rules", get(rules::page))
        .route("/runbooks/{rule}", get(rules::runbook))
        .route("/incidents", get(incidents::page))
        .route("/incidents/{n}", get(incidents::one))
        .route("/incidents/{n}/acknowledge", post(act::acknowledge_all))
        .route("/incidents/{n}/notes", post(act::note))
        .route("/incidents/{n}/owner", post(act::owner))
        .route("/me", get(me::page).post(me::change))
        .route("/me/password", post(me::password))
        .route("/me/sessions/{id}/end", post(me::end))
        .merge(renewals::routes())
        .merge(settings::routes())
}

/// A page, or that it could not be made.
fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(err) => {
            tracing::error!(why = %err, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// There is no such page, or not for this reader; `instead.rs` says so.
pub(super) async fn missing() -> StatusCode {
    StatusCode::NOT_FOUND
}

/// For a part of an address.
pub(crate) fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests;
