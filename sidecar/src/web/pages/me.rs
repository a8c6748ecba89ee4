//! One's own account: language, zone, password, and where one is logged in.

use std::net::IpAddr;

use askama::Template;
use axum::Extension;
use axum::extract::{Form, Path, State as At};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::login::cookie;
use super::part::When;
use super::settings::refused;
use super::{missing, render};
use crate::acts::Refused;
use crate::people::{Password, SessionView};
use crate::web::guard::Reader;
use crate::web::words::NAMES;
use crate::web::{App, Secure};

const BACK: &str = "/me";

#[derive(Template)]
#[template(path = "me.html")]
struct Page {
    frame: Frame,
    /// Codes with what they are called; the reader's is marked.
    languages: Vec<(&'static str, &'static str, bool)>,
    zone: String,
    sessions: Vec<Session>,
}

struct Session {
    /// What it is ended by.
    id: String,
    peer: String,
    made: Option<When>,
    seen: Option<When>,
    is_this: bool,
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) async fn page(At(app): At<App>, Extension(reader): Extension<Reader>, frame: Frame) -> Response {
    let person = reader.person;
    if person.session.is_none() {
        return missing().await.into_response();
    }
    let session = |one: SessionView| Session {
        id: hex(&one.hash),
        peer: one.peer,
        made: frame.when(one.made),
        seen: frame.when(one.seen),
        is_this: person.session == Some(one.hash),
    };
    let sessions = app.shared.identity.people.sessions(&person).into_iter().map(session).collect();
    let languages = NAMES.map(|(code, name)| (code, name, code == frame.language.code())).to_vec();
    render(&Page { languages, zone: person.zone, sessions, frame })
}

#[derive(Deserialize)]
pub(super) struct Wishes {
    language: String,
    zone: String,
}

pub(super) async fn change(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    frame: Frame,
    Form(form): Form<Wishes>,
) -> Response {
    let people = &app.shared.identity.people;
    let did = people.set_preferences(&reader.person, &form.language, form.zone.trim(), &frame.peer, frame.now).await;
    super::settings::done(&frame, did.map_err(Refused::from), BACK, "changed")
}

#[derive(Deserialize)]
pub(super) struct Passwords {
    old: String,
    new: String,
}

/// All sessions of the account end; the one that begins is this browser's.
pub(super) async fn password(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    Extension(peer): Extension<IpAddr>,
    secure: Secure,
    frame: Frame,
    Form(form): Form<Passwords>,
) -> Response {
    if reader.person.session.is_none() {
        return missing().await.into_response();
    }
    let (old, new) = (Password::from(form.old), Password::from(form.new));
    let people = &app.shared.identity.people;
    match people.change_password(&reader.person, old, new, peer, frame.now).await {
        Ok(session) => {
            let cookie = cookie(&session, secure, frame.now.seconds());
            (cookie, Redirect::to("/me?done=password")).into_response()
        }
        Err(why) => refused(&frame, &why.into(), BACK),
    }
}

pub(super) async fn end(
    At(app): At<App>,
    Extension(reader): Extension<Reader>,
    Path(id): Path<String>,
    frame: Frame,
) -> Response {
    let people = &app.shared.identity.people;
    let found = people.sessions(&reader.person).into_iter().find(|session| hex(&session.hash) == id);
    let Some(session) = found else { return missing().await.into_response() };
    let did = people.end_session(&reader.person, &session.hash, &frame.peer, frame.now).await;
    super::settings::done(&frame, did.map_err(Refused::from), BACK, "ended")
}
