//! Maintenance that is announced: when it begins, the engine is told of it, once, with its end; from then on it is the engine's.
//! That it was told is written together with what the engine remembers, so that a kill in between loses and doubles nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_alert::{Event, QuietId};
use atalaya_wire::NodeId;
use serde_json::Value;

use super::Tower;
use crate::clock::Now;
use crate::db::{Effect, Row, WindowRow};
use crate::error::{Error, Kind, Result};
use crate::limits::{WINDOW_OVER_KEPT, WINDOWS_MAX};
use crate::window::Window;

/// Those that there are.
pub(super) type Windows = BTreeMap<QuietId, Held>;

/// A window, and how far it is.
#[derive(Clone, Debug)]
pub(super) struct Held {
    window: Window,
    /// When the occurrence began that the engine was told of last.
    begun: Option<i64>,
    /// The engine has no room for it: that is told once.
    waits: bool,
    /// Since when it is over.
    over: Option<Duration>,
}

impl Held {
    const fn new(window: Window, begun: Option<i64>) -> Self {
        Self { window, begun, waits: false, over: None }
    }

    fn row(&self) -> Row {
        let body = serde_json::to_string(&self.window).ok();
        Row::Maintenance { id: self.window.id.to_string(), body, begun: self.begun }
    }
}

impl Tower {
    /// Goes on from what was written.
    pub(super) fn resume_windows(&mut self, rows: Vec<WindowRow>) {
        for WindowRow { window, begun } in rows {
            if !window.plan.zone.is_known() {
                let (id, zone) = (window.id.as_str(), window.plan.zone.name());
                tracing::error!(
                    id,
                    zone,
                    "a maintenance window waits: nobody knows its time zone here; install tzdata"
                );
            }
            self.windows.insert(window.id.clone(), Held::new(window, begun));
        }
        self.board.write().windows = self.windows.values().map(|held| held.window.clone()).collect();
    }

    /// Those whose time has come begin, also late; those that are over go a day later.
    pub(super) fn pass_windows(&mut self, now: Now) {
        let ids: Vec<QuietId> = self.windows.keys().cloned().collect();
        for id in ids {
            self.begin(&id, now);
            let Some(held) = self.windows.get_mut(&id) else { continue };
            if !held.window.plan.is_over(now.seconds()) {
                held.over = None;
            } else if now.since_start.saturating_sub(*held.over.get_or_insert(now.since_start)) >= WINDOW_OVER_KEPT {
                self.drop_window(&id, now);
            }
        }
    }

    /// An occurrence that runs and was not told of is told of.
    fn begin(&mut self, id: &QuietId, now: Now) {
        let Some(Held { window, begun, waits, .. }) = self.windows.get(id) else { return };
        let span = window.plan.current(now.seconds()).filter(|span| *begun != Some(span.begins));
        let Some(span) = span else { return };
        let (quiet, told) = (window.quiet(span), *waits);
        let refused = self.engine(&Event::Quiet(quiet), now);
        if refused.is_some() && !told {
            tracing::error!(
                id = id.as_str(),
                ?refused,
                "a maintenance window cannot begin; it will when there is room"
            );
        }
        let Some(held) = self.windows.get_mut(id) else { return };
        held.waits = refused.is_some();
        if refused.is_none() {
            held.begun = Some(span.begins);
            let row = held.row();
            self.row(row, now);
        }
    }

    /// A new one, or another in the place of what there was: what runs is from now on as this one says.
    pub(super) fn set_window(&mut self, window: Window, is_new: bool, now: Now) -> Result<Value> {
        let (id, old) = (window.id.clone(), self.windows.get(&window.id));
        if old.is_none() && !is_new {
            return Err(no_window());
        }
        // What somebody ended before its time stays ended, unless it now has another time.
        let same = old.filter(|old| !self.holds(&id) && old.window.plan == window.plan);
        let held = Held::new(window, same.and_then(|old| old.begun));
        let places = std::iter::once(&held.window).chain(old.map(|old| &old.window));
        let places: Vec<_> = places.map(|window| window.matcher.node.clone()).collect();
        if old.is_none() {
            self.make_room(now)?;
        }
        let runs = held.window.plan.current(now.seconds()).is_some();
        let row = held.row();
        self.row(row, now);
        self.windows.insert(id.clone(), held);
        if self.holds(&id) && !runs {
            self.engine(&Event::EndQuiet(id.clone()), now);
        }
        self.begin(&id, now);
        self.windows_changed(places, now);
        Ok(Value::Null)
    }

    /// It is announced no more, and what runs of it ends.
    pub(super) fn remove_window(&mut self, id: &QuietId, now: Now) -> Result<Value> {
        if !self.windows.contains_key(id) {
            return Err(no_window());
        }
        if self.holds(id) {
            self.engine(&Event::EndQuiet(id.clone()), now);
        }
        self.drop_window(id, now);
        Ok(Value::Null)
    }

    /// What was announced for a node that is no more: another one of that id may be somebody else's.
    pub(super) fn remove_windows_of(&mut self, node: &NodeId, now: Now) {
        let is_its = |held: &&Held| held.window.matcher.node.as_deref() == Some(node.as_str());
        let ids: Vec<QuietId> = self.windows.values().filter(is_its).map(|held| held.window.id.clone()).collect();
        for id in ids {
            // It is there.
            let _ = self.remove_window(&id, now);
        }
    }

    /// Whether maintenance of that id holds now.
    fn holds(&self, id: &QuietId) -> bool {
        self.state.quiets().any(|quiet| quiet.id == *id)
    }

    /// Where there is none, one that is over goes before its day.
    fn make_room(&mut self, now: Now) -> Result<()> {
        if self.windows.len() < WINDOWS_MAX {
            return Ok(());
        }
        let over = self.windows.values().find(|held| held.over.is_some()).map(|held| held.window.id.clone());
        let full = || format!("there are {WINDOWS_MAX} windows, and there can be no more; remove some first");
        let over = over.ok_or_else(|| Error::new(Kind::Refused, full()))?;
        self.drop_window(&over, now);
        Ok(())
    }

    fn drop_window(&mut self, id: &QuietId, now: Now) {
        if let Some(held) = self.windows.remove(id) {
            self.row(Row::Maintenance { id: id.to_string(), body: None, begun: None }, now);
            self.windows_changed(vec![held.window.matcher.node], now);
        }
    }

    /// Pages that show them look again, by the nodes that they were and are about.
    fn windows_changed(&mut self, nodes: Vec<Option<String>>, now: Now) {
        {
            let mut seen = self.board.write();
            seen.windows = self.windows.values().map(|held| held.window.clone()).collect();
            seen.version += 1;
        }
        for node in nodes {
            // A pattern is no node, and concerns whoever looks at everything.
            let what = node.map_or_else(|| "alerts".to_owned(), |node| format!("alerts:{node}"));
            self.open.effect(Effect::Live(what), now.since_start);
        }
    }
}

fn no_window() -> Error {
    Error::new(Kind::Missing, "there is no such window any more")
}
