//! Settings: what people change in the browser. Each form is one act, with its line of the audit.

mod about;
mod accounts;
mod audit;
mod channels;
mod nodes;
mod tokens;

use askama::Template;
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::act;
use super::frame::Frame;
use super::render;
use crate::acts::{By, Refused};
use crate::error::{Error, Kind};
use crate::people::{Customers, Need, guard};
use crate::web::App;
use crate::web::guard::Reader;

/// Lines of a list.
const LINES: usize = 50;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/settings", get(first))
        .route("/settings/nodes", get(nodes::page).post(nodes::add))
        .route("/settings/nodes/{node}", get(nodes::one).post(nodes::change))
        .route("/settings/nodes/{node}/retire", get(nodes::ask_retire).post(nodes::retire))
        .route("/settings/accounts", get(accounts::page).post(accounts::add))
        .route("/settings/accounts/{name}", get(accounts::one).post(accounts::change))
        .route("/settings/accounts/{name}/password", post(accounts::password))
        .route("/settings/accounts/{name}/remove", get(accounts::ask_remove).post(accounts::remove))
        .route("/settings/tokens", get(tokens::page).post(tokens::add))
        .route("/settings/tokens/{name}/revoke", get(tokens::ask_revoke).post(tokens::revoke))
        .route("/settings/channels", get(channels::page))
        .route("/settings/channels/{name}/test", post(channels::test))
        .route("/settings/about", get(about::page))
        .route("/audit", get(audit::page))
}

/// The first of them that the reader may look at.
async fn first(frame: Frame) -> Redirect {
    Redirect::to(if frame.can_manage { "/settings/nodes" } else { "/settings/channels" })
}

/// Somebody who may manage; whoever may not is told why.
pub(in crate::web::pages) struct Manager(pub(in crate::web::pages) By);

impl FromRequestParts<App> for Manager {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let reader = parts.extensions.get::<Reader>().ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
        let Err(why) = guard(&reader.person, Need::Manage, None) else { return Ok(Self(reader.by())) };
        let Ok(frame) = Frame::from_request_parts(parts, app).await;
        let key = if frame.is_local { "settings.needs_account" } else { why.key() };
        Err(said(&frame, Kind::Denied, key, "/"))
    }
}

/// Somebody who sees what is everybody's; to others it does not exist.
pub(super) struct Overseer(By);

impl FromRequestParts<App> for Overseer {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, StatusCode> {
        let reader = parts.extensions.get::<Reader>().filter(|reader| reader.person.customers == Customers::All);
        reader.map(|reader| Self(reader.by())).ok_or(StatusCode::NOT_FOUND)
    }
}

fn said(frame: &Frame, kind: Kind, key: &str, back: &str) -> Response {
    act::refused(frame, &Error::new(kind, frame.t(key)), back)
}

/// Why an act was not done, in the reader's words where there are some.
pub(super) fn refused(frame: &Frame, why: &Refused, back: &str) -> Response {
    let text = why.key().map_or_else(|| why.to_string(), |key| frame.t(key).to_owned());
    act::refused(frame, &Error::new(why.kind(), text), back)
}

/// Back to a page that says what was done.
pub(in crate::web::pages) fn done(frame: &Frame, did: Result<(), Refused>, back: &str, word: &str) -> Response {
    match did {
        Ok(()) => Redirect::to(&format!("{back}?done={word}")).into_response(),
        Err(why) => refused(frame, &why, back),
    }
}

/// Customers as they are written in a form: a line each; everybody's without any.
fn customers(text: &str) -> Result<Customers, Refused> {
    let names = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned);
    Ok(Customers::of(&names.collect::<Vec<_>>())?)
}

/// The same for a form.
fn lines(customers: &Customers) -> String {
    match customers {
        Customers::All => String::new(),
        Customers::Some(some) => some.iter().cloned().collect::<Vec<_>>().join("\n"),
    }
}

/// The same for people.
fn named(frame: &Frame, customers: &Customers) -> String {
    match customers {
        Customers::All => frame.t("customers.all").to_owned(),
        Customers::Some(some) => some.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}

/// A question before something that does not come back.
#[derive(Template)]
#[template(path = "settings/confirm.html")]
struct Confirm {
    frame: Frame,
    title: String,
    text: String,
    /// Where the answer goes.
    to: String,
    button: String,
    back: String,
    /// Whether it is asked if history goes too.
    forget: bool,
}

/// A secret that was made, shown once.
#[derive(Template)]
#[template(path = "settings/once.html")]
struct Once {
    frame: Frame,
    title: String,
    text: String,
    secret: String,
    /// What else is to be known.
    notes: Vec<String>,
    back: &'static str,
}
