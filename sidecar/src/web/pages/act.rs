//! What forms ask for: given to the tower, awaited until it is on the disk, then back to where the reader was.

use std::time::Duration;

use askama::Template;
use atalaya_alert::rule::Severity;
use atalaya_alert::{AlertKey, IncidentId, Matcher, Quiet, QuietId, Stage, Target, Wall};
use atalaya_wire::Hex;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::frame::Frame;
use super::settings::{Manager, done};
use crate::acts::NodeChange;
use crate::db::read::incidents;
use crate::error::{Error, Kind, Result};
use crate::people::{Customers, random};
use crate::tower::{self, Who, Wish};
use crate::web::App;

/// A silence is no way to forget something.
const QUIET_HOURS_MAX: u32 = 24 * 90;
/// Of a node, an object, a rule, each: as much as the API takes of the longest.
const PATTERN_CHARS_MAX: usize = 160;
/// The disk may be slow, and people wait.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, Deserialize)]
pub(super) struct Acknowledge {
    node: String,
    object: String,
    rule: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn acknowledge(State(app): State<App>, frame: Frame, Form(form): Form<Acknowledge>) -> Response {
    let key = AlertKey {
        node: form.node.as_str().into(),
        object: form.object.as_str().into(),
        rule: form.rule.as_str().into(),
    };
    let wish = Wish::Acknowledge { what: Target::Alert(key), note: form.note };
    answer(&app, frame, wish, &form.back, "acknowledged").await
}

/// All that fires in an incident.
pub(super) async fn acknowledge_all(
    State(app): State<App>,
    Path(id): Path<u64>,
    frame: Frame,
    Form(form): Form<Note>,
) -> Response {
    let wish = Wish::Acknowledge { what: Target::Incident(IncidentId(id)), note: form.text };
    answer(&app, frame, wish, &format!("/incidents/{id}"), "acknowledged").await
}

#[derive(Debug, Deserialize)]
pub(super) struct Silence {
    #[serde(default)]
    node: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    rule: String,
    #[serde(default)]
    severity: String,
    /// Of what is named above, how much: `alert`, `object` or `node`.
    #[serde(default)]
    scope: String,
    hours: u32,
    #[serde(default)]
    why: String,
    /// Work that was planned.
    #[serde(default)]
    planned: String,
    #[serde(default)]
    back: String,
}

impl Silence {
    fn matcher(&self) -> std::result::Result<Matcher, &'static str> {
        let wide = self.scope == "node";
        let rule = if wide || self.scope == "object" { "" } else { &self.rule };
        matcher(&self.node, if wide { "" } else { &self.object }, rule, &self.severity)
    }
}

/// What stands in the fields of a form; what is empty stands for all, and not all may be empty. Gives the key of what is wrong.
pub(super) fn matcher(
    node: &str,
    object: &str,
    rule: &str,
    severity: &str,
) -> std::result::Result<Matcher, &'static str> {
    if [node, object, rule].iter().any(|text| text.trim().chars().count() > PATTERN_CHARS_MAX) {
        return Err("silence.long");
    }
    let part = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let matcher = Matcher {
        node: part(node),
        object: part(object),
        rule: part(rule),
        severity: match severity {
            "low" => Some(Severity::Low),
            "medium" => Some(Severity::Medium),
            "high" => Some(Severity::High),
            "critical" => Some(Severity::Critical),
            _ => None,
        },
    };
    if matcher == Matcher::default() { Err("silence.everything") } else { Ok(matcher) }
}

pub(super) async fn silence(State(app): State<App>, frame: Frame, Form(form): Form<Silence>) -> Response {
    let matcher = match form.matcher() {
        Ok(matcher) => matcher,
        Err(key) => return refused(&frame, &Error::new(Kind::Refused, frame.t(key)), &form.back),
    };
    let id = match random::<8>() {
        Ok(random) => QuietId::from(Hex(&random).to_string().as_str()),
        Err(why) => return refused(&frame, &why, &form.back),
    };
    let quiet = Quiet {
        id,
        maintenance: !form.planned.is_empty(),
        matcher,
        until: Wall(frame.now.seconds() + i64::from(form.hours.clamp(1, QUIET_HOURS_MAX)) * 3600),
        who: frame.who.clone(),
        why: form.why.trim().to_owned(),
        ends: Default::default(),
    };
    answer(&app, frame, Wish::Quiet(quiet), &form.back, "silenced").await
}

#[derive(Debug, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    pub(super) back: String,
}

pub(super) async fn end_silence(
    State(app): State<App>,
    Path(id): Path<String>,
    frame: Frame,
    Form(form): Form<Back>,
) -> Response {
    answer(&app, frame, Wish::EndQuiet(QuietId::from(id.as_str())), &form.back, "ended").await
}

#[derive(Debug, Deserialize)]
pub(super) struct Note {
    #[serde(default)]
    text: String,
    #[serde(default)]
    stage: String,
}

pub(super) async fn note(
    State(app): State<App>,
    Path(id): Path<u64>,
    frame: Frame,
    Form(form): Form<Note>,
) -> Response {
    let stage = serde_json::from_value::<Stage>(form.stage.into()).ok();
    if form.text.trim().is_empty() && stage.is_none() {
        return refused(&frame, &Error::new(Kind::Refused, frame.t("note.empty")), &format!("/incidents/{id}"));
    }
    let wish = Wish::Note { incident: IncidentId(id), text: form.text.trim().to_owned(), stage };
    answer(&app, frame, wish, &format!("/incidents/{id}"), "noted").await
}

#[derive(Debug, Deserialize)]
pub(super) struct Owner {
    #[serde(default)]
    owner: String,
    /// A day, as `2026-12-31`: its end in the reader's zone.
    #[serde(default)]
    due: String,
    #[serde(default)]
    ticket: String,
}

pub(super) async fn owner(
    State(app): State<App>,
    Path(id): Path<u64>,
    frame: Frame,
    Form(form): Form<Owner>,
) -> Response {
    let text = |text: &str| Some(text.trim().chars().take(200).collect::<String>()).filter(|text| !text.is_empty());
    let due = form.due.parse::<jiff::civil::Date>().ok();
    let due = due.and_then(|day| day.at(23, 59, 59, 0).to_zoned(frame.zone.clone()).ok());
    let wish = Wish::Owner {
        incident: IncidentId(id),
        owner: Some(text(&form.owner)),
        due: Some(due.map(|due| due.timestamp().as_second())),
        ticket: Some(text(&form.ticket)),
    };
    answer(&app, frame, wish, &format!("/incidents/{id}"), "changed").await
}

pub(super) async fn accept(
    State(app): State<App>,
    Path(node): Path<String>,
    Manager(by): Manager,
    frame: Frame,
) -> Response {
    let back = format!("/nodes/{}", super::escape(&node));
    done(&frame, app.shared.acts.change_node(&by, &node, NodeChange::default()).await, &back, "accepted")
}

/// Asks, waits, and leads back.
pub(super) async fn answer(app: &App, frame: Frame, wish: Wish, back: &str, done: &str) -> Response {
    let back = own(back);
    match ask(app, &frame, wish).await {
        Ok(()) => {
            let mark = if back.contains('?') { '&' } else { '?' };
            Redirect::to(&format!("{back}{mark}done={done}")).into_response()
        }
        Err(why) if why.kind == Kind::Missing => {
            refused(&frame, &Error::new(Kind::Missing, frame.t("guard.not_there")), back)
        }
        Err(why) => refused(&frame, &why, back),
    }
}

/// What is about something that the reader does not see is about nothing.
async fn is_theirs(app: &App, frame: &Frame, wish: &Wish) -> Result<()> {
    if frame.whose == Customers::All {
        return Ok(());
    }
    let incident = match wish {
        Wish::Acknowledge { what: Target::Incident(id), .. }
        | Wish::Note { incident: id, .. }
        | Wish::Owner { incident: id, .. } => Some(id.0),
        _ => None,
    };
    let there = match (wish, incident) {
        (_, Some(id)) => {
            let whose = frame.whose.clone();
            app.shared.readers.with(move |connection| incidents::one(connection, &whose, id)).await?.is_some()
        }
        (Wish::Acknowledge { what: Target::Alert(key), .. }, _) => {
            app.look(&frame.whose, |seen| seen.node(key.node.as_str()).is_some())
        }
        (Wish::Quiet(Quiet { matcher, .. }), _) => names_theirs(app, frame, matcher)?,
        (Wish::Window { window, .. }, _) => names_theirs(app, frame, &window.matcher)?,
        (Wish::EndQuiet(id), _) => app.look(&frame.whose, |seen| seen.quiets().any(|quiet| quiet.id == *id)),
        (Wish::RemoveWindow(id), _) => app.look(&frame.whose, |seen| seen.windows().any(|window| window.id == *id)),
        _ => false,
    };
    if there { Ok(()) } else { Err(Error::new(Kind::Missing, frame.t("guard.not_there"))) }
}

/// A pattern may come to mean other customers' nodes as well.
fn names_theirs(app: &App, frame: &Frame, matcher: &Matcher) -> Result<bool> {
    let node = matcher.node.as_deref().unwrap_or_default();
    let is_one = app.look(&frame.whose, |seen| seen.node(node).is_some());
    if is_one { Ok(true) } else { Err(Error::new(Kind::Refused, frame.t("silence.name_a_node"))) }
}

async fn ask(app: &App, frame: &Frame, wish: Wish) -> Result<()> {
    if !frame.can_operate {
        return Err(Error::new(Kind::Denied, frame.t("refused.viewer")));
    }
    is_theirs(app, frame, &wish).await?;
    let who = Who { name: frame.who.clone(), how: "page", peer: frame.peer.clone() };
    let full = || Error::new(Kind::Full, frame.t("refused.busy"));
    let told = tokio::time::timeout(ANSWER_TIME_MAX, tower::wish(&app.shared.tower, wish, who)).await;
    match told.map_err(|_| full())? {
        Err(why) if matches!(why.kind, Kind::Full | Kind::Internal) => Err(full()),
        told => told.map(drop),
    }
}

/// A path of ours; anything else leads to the first page.
pub(super) fn own(back: &str) -> &str {
    let is_path = back.starts_with('/') && !back.starts_with("//") && !back.contains(['\\', '\r', '\n']);
    if is_path { back } else { "/" }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    frame: &'a Frame,
    why: &'a str,
    back: &'a str,
}

pub(super) fn refused(frame: &Frame, why: &Error, back: &str) -> Response {
    let code = match why.kind {
        Kind::Missing => StatusCode::NOT_FOUND,
        Kind::Denied => StatusCode::FORBIDDEN,
        Kind::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Full => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    (code, super::render(&Refused { frame, why: &why.text, back: own(back) })).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_back_to_our_own_pages_only() {
        for (asked, gets) in [
            ("/alerts?x=1", "/alerts?x=1"),
            ("//evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
            ("", "/"),
        ] {
            assert_eq!(own(asked), gets);
        }
    }

    #[test]
    fn a_silence_is_about_as_much_as_was_chosen() {
        let form = |scope: &str| Silence {
            node: "nas".into(),
            object: "fs/media".into(),
            rule: "fs-full".into(),
            severity: String::new(),
            scope: scope.into(),
            hours: 1,
            why: String::new(),
            planned: String::new(),
            back: String::new(),
        };
        let parts = |scope| {
            let matcher = form(scope).matcher().unwrap();
            (matcher.node.is_some(), matcher.object.is_some(), matcher.rule.is_some())
        };
        assert_eq!(parts("alert"), (true, true, true));
        assert_eq!(parts("object"), (true, true, false));
        assert_eq!(parts("node"), (true, false, false));
        assert_eq!(matcher(" ", "", "", "worst"), Err("silence.everything"));
        assert_eq!(matcher("nas", &"x".repeat(161), "", ""), Err("silence.long"));
    }
}
