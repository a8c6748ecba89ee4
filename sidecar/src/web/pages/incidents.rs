//! Incidents: the list, and one with all that happened in it.

use askama::Template;
use atalaya_alert::{Entry, Rules, Stage};
use axum::extract::{Path, State as At};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::frame::Frame;
use super::part::{Mark, State, When};
use super::said::{Said, worst_first};
use super::timeline::{self, Told};
use super::{missing, render};
use crate::db::read::incidents::{self, Incident};
use crate::web::App;
use crate::web::came::{self, Came};
use crate::web::view::View;
use crate::web::words::Language;

/// Of the list.
const LINES: u32 = 200;
/// Of a timeline.
const ENTRIES: u32 = 500;

/// An incident in a list.
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) state: State,
    pub(super) title: String,
    pub(super) node: String,
    pub(super) node_title: String,
    pub(super) began: Option<When>,
    /// How long it took; how long it goes on.
    pub(super) took: String,
    pub(super) ended: bool,
    pub(super) stage: String,
    pub(super) owner: String,
    pub(super) due: Option<When>,
    pub(super) ticket: String,
}

impl Line {
    pub(super) fn new(frame: &Frame, seen: &View<'_>, incident: &Incident) -> Self {
        let mark = Mark::of_severity(&incident.severity);
        let title = match frame.language {
            Language::En => &incident.title_en,
            Language::Es => &incident.title_es,
        };
        let until = incident.ended.unwrap_or_else(|| frame.now.seconds());
        #[expect(clippy::cast_precision_loss, reason = "it is shown in two units")]
        let took = frame.language.span((until - incident.began).max(0) as f64);
        let node = seen.node(&incident.node).map(|node| node.row.title.clone());
        Self {
            id: incident.id,
            state: frame.state(mark),
            title: if title.is_empty() { incident.id.to_string() } else { title.clone() },
            node: incident.node.clone(),
            node_title: node.unwrap_or_else(|| incident.node.clone()),
            began: frame.when(incident.began),
            took,
            ended: incident.ended.is_some(),
            stage: frame.t(stage_key(&incident.stage)).to_owned(),
            owner: incident.owner.clone().unwrap_or_default(),
            due: incident.due.and_then(|at| frame.when(at)),
            ticket: incident.ticket.clone().unwrap_or_default(),
        }
    }
}

pub(super) const STAGES: [(Stage, &str, &str); 6] = [
    (Stage::Detected, "detected", "stage.detected"),
    (Stage::Classified, "classified", "stage.classified"),
    (Stage::Analysed, "analysed", "stage.analysed"),
    (Stage::Solved, "solved", "stage.solved"),
    (Stage::Verified, "verified", "stage.verified"),
    (Stage::Documented, "documented", "stage.documented"),
];

fn stage_key(stage: &str) -> &'static str {
    STAGES.iter().find(|(_, name, _)| *name == stage).map_or("unknown", |(_, _, key)| key)
}

#[derive(Template)]
#[template(path = "incidents.html")]
struct List {
    frame: Frame,
    recent: Vec<Line>,
}

/// The list.
pub(super) async fn page(At(app): At<App>, frame: Frame) -> Response {
    let whose = frame.whose.clone();
    let all = app.shared.readers.with(move |connection| incidents::recent(connection, &whose, LINES));
    let all = all.await.unwrap_or_default();
    render(&frame.look(&app, |frame, seen| List {
        recent: all.iter().map(|incident| Line::new(&frame, seen, incident)).collect(),
        frame,
    }))
}

#[derive(Template)]
#[template(path = "incident.html")]
struct One {
    frame: Frame,
    line: Line,
    alerts: Vec<Said>,
    /// Whether something in it waits for somebody.
    waits: bool,
    entries: Vec<Told>,
    stages: Vec<(&'static str, String, bool)>,
    due_day: String,
}

/// One of them.
pub(super) async fn one(At(app): At<App>, Path(id): Path<u64>, frame: Frame) -> Response {
    let whose = frame.whose.clone();
    let read = app.shared.readers.with(move |connection| {
        let Some(incident) = incidents::one(connection, &whose, id)? else { return Ok(None) };
        let bodies = incidents::timeline(connection, id, ENTRIES)?;
        let entries: Vec<Entry> = bodies.iter().filter_map(|body| serde_json::from_str(body).ok()).collect();
        let came = came::of(connection, &entries)?;
        Ok(Some((incident, entries, came)))
    });
    let Ok(Some((incident, entries, came))) = read.await else { return missing().await.into_response() };
    let build = |frame, seen: &View<'_>| build(frame, seen, &app.shared.rules, &incident, (&entries, &came));
    render(&frame.look(&app, build))
}

fn build(frame: Frame, seen: &View<'_>, rules: &Rules, incident: &Incident, (entries, came): (&[Entry], &Came)) -> One {
    let day = |at: i64| Timestamp::from_second(at).map(|at| at.to_zoned(frame.zone.clone()).date().to_string());
    let open = seen.alerts_of(&incident.node).filter(|alert| alert.incident.0 == incident.id);
    let mut alerts: Vec<Said> = open.map(|alert| Said::new(&frame, seen, rules, alert)).collect();
    worst_first(&mut alerts);
    One {
        line: Line::new(&frame, seen, incident),
        waits: alerts.iter().any(|said| !said.is_acknowledged),
        alerts,
        entries: entries.iter().rev().map(|entry| timeline::told(&frame, rules, seen, came, entry)).collect(),
        stages: STAGES.map(|(_, name, key)| (name, frame.t(key).to_owned(), name == incident.stage)).to_vec(),
        due_day: incident.due.and_then(|at| day(at).ok()).unwrap_or_default(),
        frame,
    }
}
