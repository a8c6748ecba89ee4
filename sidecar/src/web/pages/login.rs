//! Logging in and out, and the first account.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::act::own;
use super::frame::Frame;
use super::render;
use crate::people::{AccountWish, Customers, LoggedIn, Password, Refused, Role};
use crate::web::guard::{COOKIES, Reader};
use crate::web::{App, Secure};

const LOGIN: &str = "/login";

#[derive(Template)]
#[template(path = "login.html")]
struct Page {
    frame: Frame,
    /// Where the form goes.
    to: String,
    /// It makes the first account.
    is_first: bool,
    name: String,
    /// The key of what was wrong.
    wrong: Option<&'static str>,
    /// How long to wait, in words.
    wait: Option<String>,
    /// Where the reader was going.
    back: String,
    /// There is nothing to fill in: the link is no longer good.
    is_void: bool,
}

impl Page {
    fn new(frame: Frame, to: &str, wrong: Option<&'static str>) -> Self {
        let is_first = to != LOGIN;
        let (name, back) = (String::new(), String::new());
        Self { frame, to: to.to_owned(), is_first, name, wrong, wait: None, back, is_void: false }
    }
}

/// Why somebody is here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    back: String,
    /// A session ended, and with it what was sent.
    over: String,
}

/// Name and password.
#[derive(Deserialize)]
pub(super) struct Shown {
    name: String,
    password: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn form(Query(asked): Query<Asked>, frame: Frame) -> Response {
    let wrong = (!asked.over.is_empty()).then_some("login.over");
    render(&Page { back: asked.back, ..Page::new(frame, LOGIN, wrong) })
}

pub(super) async fn log_in(
    State(app): State<App>,
    Extension(peer): Extension<IpAddr>,
    secure: Secure,
    frame: Frame,
    Form(shown): Form<Shown>,
) -> Response {
    let done = app.shared.identity.people.log_in(&shown.name, Password::from(shown.password), peer, frame.now).await;
    match done {
        Ok(session) => let_in(&session, secure, frame.now.seconds(), own(&shown.back)),
        Err(why) => {
            again(Page { name: shown.name, back: shown.back, ..Page::new(frame, LOGIN, Some(why.key())) }, &why)
        }
    }
}

pub(super) async fn first_form(State(app): State<App>, Path(secret): Path<String>, frame: Frame) -> Response {
    let wrong = app.shared.identity.people.is_first(&secret, frame.now).err();
    let status = if wrong.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let wrong = wrong.map(|why| why.key());
    let is_void = wrong.is_some();
    (status, render(&Page { is_void, ..Page::new(frame, &format!("/first/{secret}"), wrong) })).into_response()
}

pub(super) async fn first(
    State(app): State<App>,
    Extension(peer): Extension<IpAddr>,
    Path(secret): Path<String>,
    secure: Secure,
    frame: Frame,
    Form(shown): Form<Shown>,
) -> Response {
    let zone = frame.zone.iana_name().unwrap_or("UTC").to_owned();
    let wish = AccountWish {
        name: shown.name.clone(),
        role: Role::Approver,
        customers: Customers::All,
        language: frame.language.code().into(),
        zone,
    };
    let people = &app.shared.identity.people;
    match people.first_account(&secret, wish, Password::from(shown.password), peer, frame.now).await {
        Ok(session) => let_in(&session, secure, frame.now.seconds(), "/"),
        Err(why) => {
            let is_void = matches!(why, Refused::NotFirst | Refused::Link);
            let to = format!("/first/{secret}");
            again(Page { name: shown.name, is_void, ..Page::new(frame, &to, Some(why.key())) }, &why)
        }
    }
}

pub(super) async fn log_out(State(app): State<App>, reader: Option<Extension<Reader>>, frame: Frame) -> Response {
    if let Some(Extension(reader)) = reader {
        let _ = app.shared.identity.people.log_out(&reader.person, &reader.peer.to_string(), frame.now).await;
    }
    let gone = COOKIES.map(|name| (SET_COOKIE, format!("{name}=; Path=/; Max-Age=0")));
    (gone, Redirect::to("/login")).into_response()
}

/// The session's secret is in the cookie and nowhere else.
pub(super) fn cookie(session: &LoggedIn, secure: Secure, now: i64) -> [(HeaderName, String); 1] {
    let left = (session.ends - now).max(0);
    let (name, with) = if secure.0 { (COOKIES[0], "; Secure") } else { (COOKIES[1], "") };
    let cookie = format!("{name}={}; Path=/; Max-Age={left}; HttpOnly; SameSite=Lax{with}", session.cookie);
    [(SET_COOKIE, cookie)]
}

fn let_in(session: &LoggedIn, secure: Secure, now: i64, to: &str) -> Response {
    (cookie(session, secure, now), Redirect::to(to)).into_response()
}

fn again(mut page: Page, why: &Refused) -> Response {
    let wait = why.wait_seconds();
    page.wait = wait.map(|seconds| page.frame.fill("login.wait", &[("count", &seconds.to_string())]));
    let status = if wait.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::FORBIDDEN };
    (status, render(&page)).into_response()
}
