//! What was sent to whom: notifications and what became of them.

use askama::Template;
use axum::extract::{Query, State as At};
use axum::response::Response;
use serde::Deserialize;

use super::frame::Frame;
use super::part::{Mark, State, When};
use super::rules::of;
use super::{escape, render};
use crate::db::read::notifications::{self, After, Delivery};
use crate::notify::States;
use crate::web::App;

/// Deliveries on a page.
const LINES: usize = 50;

/// Which of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    channel: String,
    /// The last of the page before: when, which, through what.
    at: Option<i64>,
    id: String,
    by: String,
}

#[derive(Template)]
#[template(path = "sent.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    channels: Vec<String>,
    asked: Asked,
    older: Option<String>,
    /// It could not be read, and why.
    problem: Option<String>,
}

pub(super) struct Row {
    severity: State,
    subject: String,
    kind: String,
    channel: String,
    when: Option<When>,
    state: State,
    tries: u32,
    /// When it is tried next, where that is to come, or was done with.
    pub(super) then: Option<When>,
    waits: bool,
    answer: String,
}

pub(super) async fn page(At(app): At<App>, Query(asked): Query<Asked>, frame: Frame) -> Response {
    let after = asked.at.map(|at| After { at, notification: asked.id.clone(), channel: asked.by.clone() });
    let channel = Some(asked.channel.clone()).filter(|channel| !channel.is_empty());
    let (whose, limit) = (frame.whose.clone(), u32::try_from(LINES + 1).unwrap_or(u32::MAX));
    let read = app.shared.readers.with(move |connection| {
        notifications::deliveries(connection, &whose, after.as_ref(), channel.as_deref(), limit)
    });
    let (mut all, problem) = match read.await {
        Ok(all) => (all, None),
        Err(why) => (Vec::new(), Some(why.to_string())),
    };
    let more = all.len() > LINES;
    all.truncate(LINES);
    let older = all.last().filter(|_| more).map(|last| next(&asked, last));
    let mut channels: Vec<String> = match frame.whose {
        crate::people::Customers::All => {
            let channels = &app.shared.config.alerts.channels;
            channels.iter().map(|channel| channel.settings.common.name.clone()).collect()
        }
        crate::people::Customers::Some(_) => all.iter().map(|one| one.channel.clone()).collect(),
    };
    channels.sort_unstable();
    channels.dedup();
    render(&Page {
        rows: all.iter().map(|one| row(&frame, &app.shared.channels, one)).collect(),
        channels,
        asked,
        older,
        problem,
        frame,
    })
}

/// The page that begins after a delivery.
fn next(asked: &Asked, last: &Delivery) -> String {
    let (id, by) = (escape(&last.notification), escape(&last.channel));
    format!("/alerts/sent?channel={}&at={}&id={id}&by={by}", escape(&asked.channel), last.at)
}

/// `channels` knows which of them rest.
pub(super) fn row(frame: &Frame, channels: &States, one: &Delivery) -> Row {
    let severity = Mark::of_severity(&one.severity);
    let (mark, key) = match one.state.as_str() {
        "waiting" => (Mark::Low, "sent.waiting"),
        "sent" => (Mark::Ok, "sent.sent"),
        "merged" => (Mark::Off, "sent.merged"),
        "dropped" => (Mark::Off, "sent.dropped"),
        _ => (Mark::High, "sent.failed"),
    };
    let kind = match one.kind.as_str() {
        "fired" => "sent.kind.fired",
        "still_firing" => "sent.kind.still",
        "escalated" => "sent.kind.escalated",
        "silence_ended" => "sent.kind.silence",
        "resolved" => "sent.kind.resolved",
        "full" => "sent.kind.full",
        "digest" => "sent.kind.digest",
        _ => "unknown",
    };
    let waits = one.state == "waiting";
    // What has its turn waits for others or for its set's hours; when it was to be tried says nothing then.
    let next = Some(channels.next(&one.channel, one.next)).filter(|next| *next > frame.now.seconds());
    let then = if waits { next } else { one.done };
    Row {
        severity: frame.state(severity),
        subject: of(frame, &one.subject).to_owned(),
        kind: frame.t(kind).to_owned(),
        channel: one.channel.clone(),
        when: frame.when(one.at),
        state: frame.state_as(mark, key),
        tries: one.tries,
        then: then.and_then(|at| frame.when(at)),
        waits,
        answer: one.answer.clone().unwrap_or_default(),
    }
}
