//! Logging in and out, and the first account.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::render;
use crate::people::{AccountWish, Customers, LoggedIn, Password, Refused, Role};
use crate::web::guard::{COOKIES, Reader};
use crate::web::{App, Secure};

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
}

/// Name and password.
#[derive(Deserialize)]
pub(super) struct Shown {
    name: String,
    password: String,
}

pub(super) async fn form(frame: Frame) -> Response {
    let page = Page { frame, to: "/login".into(), is_first: false, name: String::new(), wrong: None, wait: None };
    render(&page)
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
        Ok(session) => let_in(&session, secure, frame.now.seconds()),
        Err(why) => again(frame, "/login".into(), false, shown.name, &why),
    }
}

pub(super) async fn first_form(State(app): State<App>, Path(secret): Path<String>, frame: Frame) -> Response {
    let wrong = app.shared.identity.people.is_first(&secret, frame.now).err();
    let status = if wrong.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let wrong = wrong.map(|why| why.key());
    let page = Page { frame, to: format!("/first/{secret}"), is_first: true, name: String::new(), wrong, wait: None };
    (status, render(&page)).into_response()
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
        Ok(session) => let_in(&session, secure, frame.now.seconds()),
        Err(why) => again(frame, format!("/first/{secret}"), true, shown.name, &why),
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

fn let_in(session: &LoggedIn, secure: Secure, now: i64) -> Response {
    (cookie(session, secure, now), Redirect::to("/")).into_response()
}

fn again(frame: Frame, to: String, is_first: bool, name: String, why: &Refused) -> Response {
    let status = if why.wait_seconds().is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::FORBIDDEN };
    let wait = why.wait_seconds().map(|seconds| frame.fill("login.wait", &[("count", &seconds.to_string())]));
    let page = Page { frame, to, is_first, name, wrong: Some(why.key()), wait };
    (status, render(&page)).into_response()
}
