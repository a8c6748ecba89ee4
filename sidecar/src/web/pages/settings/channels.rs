//! Channels: ways to tell people, how each is, and a test of it. They stand in the configuration.

use askama::Template;
use atalaya_alert::Severity;
use atalaya_notify::Outcome;
use atalaya_notify::turn::State as Trouble;
use axum::extract::{Path, State as At};
use axum::response::Response;

use super::{Overseer, render, said};
use crate::config::Channel;
use crate::db::read::notifications;
use crate::error::Kind;
use crate::notify;
use crate::web::App;
use crate::web::pages::act;
use crate::web::pages::frame::Frame;
use crate::web::pages::part::{Mark, State, When};

#[derive(Template)]
#[template(path = "settings/channels.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    /// What came of a test.
    tested: Option<(Mark, String)>,
}

struct Row {
    name: String,
    path: String,
    kind: &'static str,
    /// Names of sets that have it.
    sets: String,
    state: State,
    why: String,
    sent: Option<When>,
}

pub(super) async fn page(At(app): At<App>, _: Overseer, frame: Frame) -> Response {
    show(&app, frame, None).await
}

async fn show(app: &App, frame: Frame, tested: Option<(Mark, String)>) -> Response {
    let channels = &app.shared.config.alerts.channels;
    let names: Vec<String> = channels.iter().map(|channel| channel.settings.common.name.clone()).collect();
    let sent = app.shared.readers.with(move |connection| {
        names.iter().map(|name| notifications::last_sent(connection, name)).collect::<Result<Vec<_>, _>>()
    });
    let sent = sent.await.unwrap_or_else(|_| vec![None; channels.len()]);
    let rows = channels.iter().zip(sent).map(|(channel, sent)| row(app, &frame, channel, sent)).collect();
    render(&Page { rows, tested, frame })
}

fn row(app: &App, frame: &Frame, channel: &Channel, sent: Option<i64>) -> Row {
    let name = channel.settings.common.name.clone();
    let (mark, key, why) = match app.shared.channels.troubles().remove(&name) {
        Some(Trouble::WrongSetUp(why)) => (Mark::High, "channel.wrong", why),
        Some(Trouble::Failing(why)) => (Mark::Medium, "channel.failing", why),
        _ if sent.is_some() => (Mark::Ok, "channel.works", String::new()),
        _ => (Mark::Unknown, "channel.untried", String::new()),
    };
    let sets = app.shared.config.alerts.sets();
    let sets = sets.iter().filter(|(_, set)| set.channels.contains(&name)).map(|(set, _)| set.clone());
    Row {
        path: crate::web::pages::escape(&name),
        kind: channel.settings.own.kind(),
        sets: sets.collect::<Vec<_>>().join(", "),
        state: frame.state_as(mark, key),
        why,
        sent: sent.and_then(|at| frame.when(at)),
        name,
    }
}

pub(super) async fn test(At(app): At<App>, Overseer(by): Overseer, Path(name): Path<String>, frame: Frame) -> Response {
    if !frame.can_operate {
        return said(&frame, Kind::Denied, "refused.viewer", "/settings/channels");
    }
    match notify::test(&app.shared, &by.person.who(&by.peer), &name, Severity::Low).await {
        Err(why) => act::refused(&frame, &why, "/settings/channels"),
        Ok(outcome) => {
            let (mark, key) = match &outcome {
                Outcome::Done(_) => (Mark::Ok, "channel.test_sent"),
                _ => (Mark::High, "channel.test_failed"),
            };
            let text = frame.fill(key, &[("name", &name), ("answer", outcome.text())]);
            show(&app, frame, Some((mark, text))).await
        }
    }
}
