//! A node: everything that is known of it, section by section.

mod backups;
pub(super) mod commands;
mod copies;
mod disks;
mod happened;
mod head;
mod names;
mod now;
mod rest;
mod upkeep;

pub(super) use happened::{reason, reason_of_broker};

use std::collections::BTreeMap;

use askama::Template;
use atalaya_alert::{Object, Rules};
use atalaya_history::Forecast;
use atalaya_wire::{ObjectId, Sample};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::frame::Frame;
use super::part::{self, Mark, When};
use super::said::{self, Said, worst_first};
use super::table::Table;
use super::{mark, render, row};
use crate::db::Run;
use crate::db::read::runs::{self, Happened};
use crate::history::full;
use crate::tower::{Latest, NodeState, OWN};
use crate::web::App;
use crate::web::view::View;

/// Runs and events that are shown.
const RUNS: u32 = 20;
const EVENTS: u32 = 30;
/// File systems of which it is said when they are full.
const FORECASTS: usize = 32;

#[derive(Template)]
#[template(path = "node.html")]
pub(super) struct Page {
    frame: Frame,
    head: head::Head,
    alerts: Vec<Said>,
    tiles: Vec<now::Tile>,
    /// Of when the tiles are, if not of now.
    as_of: Option<When>,
    graphs: Vec<now::Graph>,
    sections: Vec<Section>,
    commands: Option<commands::Offered>,
}

/// Something about a node, under a heading of its own.
pub(super) struct Section {
    /// Where links within the page lead to.
    id: &'static str,
    title: String,
    /// The worst in it.
    mark: Mark,
    tables: Vec<Table>,
}

/// What sections are made of.
struct Look<'a> {
    frame: &'a Frame,
    seen: &'a View<'a>,
    node: &'a NodeState,
    told: &'a Told,
}

/// What is read of a node from the database.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) runs: Vec<Run>,
    pub(super) events: Vec<Happened>,
    /// When file systems are full, by object.
    pub(super) full: BTreeMap<String, Forecast>,
    /// What the built-in broker refused of it.
    pub(super) refused: Vec<(atalaya_broker::Why, u64)>,
}

/// An object with what it says, what it is like, and when it was read.
struct Thing {
    id: String,
    sample: Sample,
    mark: Mark,
    read_at: i64,
}

impl Look<'_> {
    /// All objects of a kind, by name. What is said of one counts for more than what it says itself.
    fn things(&self, kind: &'static str) -> std::vec::IntoIter<Thing> {
        let (seen, node) = (self.seen, self.node);
        let all = node.objects.iter().filter(|((known, _), _)| *known == kind);
        let thing = |((_, id), latest): (&(_, ObjectId), &Latest)| {
            let sample = latest.sample()?;
            let object = Object::new(kind, id.as_str());
            let said = said::worst(said::of_object(seen, &node.row.name, &object));
            let mark = said.map_or_else(|| mark::of(&sample), |said| said.min(mark::of(&sample)));
            Some(Thing { id: id.as_str().to_owned(), sample, mark, read_at: latest.read_at })
        };
        let mut things: Vec<Thing> = all.filter_map(thing).collect();
        things.sort_by_cached_key(|thing| said::label(self.frame, &thing.sample).unwrap_or_else(|| thing.id.clone()));
        things.into_iter()
    }

    /// A state with the view's own word for it.
    fn state(&self, mark: Mark, value: Option<&str>) -> part::State {
        self.frame.state_of(mark, value.unwrap_or_default())
    }

    fn table(&self, caption: &str, heads: &[&str]) -> Table {
        Table { caption: self.frame.t(caption).to_owned(), heads: self.frame.heads(heads), rows: Vec::new() }
    }

    /// A section of tables that have rows; `None` if none has.
    fn section(&self, id: &'static str, title: &str, mark: Mark, tables: Vec<Table>) -> Option<Section> {
        let tables: Vec<Table> = tables.into_iter().filter(|table| !table.rows.is_empty()).collect();
        (!tables.is_empty()).then(|| Section { id, title: self.frame.t(title).to_owned(), mark, tables })
    }
}

pub(super) async fn page(State(app): State<App>, Path(node): Path<String>, frame: Frame) -> Response {
    // What there is of the tower itself is elsewhere.
    if node == OWN {
        return Redirect::to(if frame.can_manage { "/settings/about" } else { "/alerts" }).into_response();
    }
    let of = |state: &NodeState| {
        let kinds = state.objects.keys().filter(|(kind, _)| *kind == "fs");
        let objects: Vec<String> =
            kinds.map(|(kind, id)| Object::new(kind, id.as_str()).as_str().to_owned()).take(FORECASTS).collect();
        (state.row.id, objects)
    };
    let number = app.look(&frame.whose, |seen| seen.node(&node).map(of));
    let Some((number, rooms)) = number else { return StatusCode::NOT_FOUND.into_response() };
    let (history, now) = (app.shared.history.clone(), frame.now);
    let refused = by_broker(&app, &node);
    let told = app.shared.readers.with(move |connection| {
        // A forecast that cannot be made is unknown, and takes nothing else from the page.
        let forecast = |room: String| Some((full(connection, &history, number, &room, now).ok()?, room));
        Ok(Told {
            runs: runs::runs(connection, number, None, RUNS)?,
            events: runs::events(connection, number, EVENTS)?,
            full: rooms.into_iter().filter_map(forecast).map(|(full, room)| (room, full)).collect(),
            refused,
        })
    });
    let told = match told.await {
        Ok(told) => told,
        Err(why) => {
            tracing::warn!(%why, "what happened at a node cannot be read");
            Default::default()
        }
    };
    let page = frame.look(&app, |frame, seen| build(frame, seen, &app.shared.rules, &node, &told));
    page.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |page| render(&page))
}

fn by_broker(app: &App, node: &str) -> Vec<(atalaya_broker::Why, u64)> {
    let refused = app.shared.doorman.looks().map(|(_, counters)| counters.refused).unwrap_or_default();
    let theirs = refused.into_iter().filter(|((of, _), _)| of.as_ref().is_some_and(|of| of.as_str() == node));
    theirs.map(|((_, why), count)| (why, count)).collect()
}

/// The page of a node that is there.
pub(super) fn build(frame: Frame, seen: &View<'_>, rules: &Rules, node: &str, told: &Told) -> Option<Page> {
    let look = Look { frame: &frame, seen, node: seen.node(node)?, told };
    let sections = [
        disks::disks(&look),
        disks::rooms(&look),
        disks::arrays(&look),
        backups::section(&look, &told.runs),
        copies::section(&look),
        upkeep::section(&look),
        rest::services(&look),
        names::names(&look),
        names::certificates(&look),
        rest::power(&look),
        rest::network(&look),
        rest::safety(&look),
        rest::logs(&look),
        rest::probes(&look),
        happened::section(&look, &told.events),
        happened::refused(&look),
    ];
    let mut alerts: Vec<Said> = seen.alerts_of(node).map(|alert| Said::new(&frame, seen, rules, alert)).collect();
    worst_first(&mut alerts);
    let (head, tiles, graphs) = (head::Head::new(&look), now::tiles(&look), now::graphs(&look));
    let (as_of, commands) = (now::as_of(&look), commands::Offered::new(&look));
    Some(Page {
        alerts,
        head,
        tiles,
        as_of,
        graphs,
        sections: sections.into_iter().flatten().collect(),
        commands,
        frame,
    })
}

/// The worst of many; what is switched off counts as nothing.
fn worst(marks: impl Iterator<Item = Mark>) -> Mark {
    marks.min().unwrap_or(Mark::Off)
}
