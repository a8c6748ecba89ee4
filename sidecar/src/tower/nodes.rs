//! Which nodes there are.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_alert::{Event, Object};
use atalaya_wire::{NodeId, ObjectId, Sample};

use super::fleet::NodeState;
use super::line::Line;
use super::presence::OWN;
use super::streams::Range;
use super::time::NodeClock;
use super::{Tower, Wish};
use crate::clock::Now;
use crate::db::{self, NodeRow, RequestRow, Row, StreamRow};
use crate::limits::{NODES_MAX, NODES_NEW_MAX, QUIET_BEFORE_MAX};
use crate::link::Heard;
use crate::link::topic::Place;

/// A boot's time is written again when it is known better by so many milliseconds.
const BOOT_BETTER_MILLIS: i64 = 1000;

impl Line {
    /// Its boot, if that is to be written.
    pub(super) fn boot_row(&mut self, now: Now) -> Option<Row> {
        let (boot, at_millis) = self.clock.boot(now)?;
        if (at_millis - self.boot_written).abs() < BOOT_BETTER_MILLIS {
            return None;
        }
        self.boot_written = at_millis;
        Some(Row::Boot { node: self.id, boot, at_millis, seen: now.seconds() })
    }
}

impl Tower {
    /// Goes on from what was written.
    pub(super) fn resume(&mut self, nodes: Vec<NodeRow>, streams: &[StreamRow], requests: Vec<RequestRow>, now: Now) {
        let mut seen = self.board.write();
        let mut names = BTreeMap::new();
        for NodeRow { node, seen: heard, boot } in nodes {
            let Ok(id) = node.name.parse::<NodeId>() else { continue };
            let mut line = Line::new(node.id, now.since_start);
            if let Some((boot, at)) = boot.filter(|_| now.seconds() > super::BUILT) {
                line.clock = NodeClock::known(boot, at, now);
                line.boot_written = at;
            }
            streams.iter().filter(|stream| stream.node == node.id).for_each(|stream| line.resume(stream));
            (line.heard_at, line.quiet_before) = (heard, quiet(heard, now));
            names.insert(node.id, node.name.clone());
            seen.nodes.insert(node.name.clone(), NodeState::new(node, heard));
            self.lines.insert(id, line);
        }
        for RequestRow { node, certificate, request } in requests {
            if let Some(state) = names.get(&node).and_then(|name| seen.nodes.get_mut(name)) {
                state.requests.insert(certificate, request);
            }
        }
        seen.alerts = self.state.alerts().map(|alert| (alert.alert.clone(), alert)).collect();
        seen.quiets = self.state.quiets().cloned().collect();
        for state in seen.nodes.values_mut() {
            if let Some(presence) = self.state.presence(&state.row.name.as_str().into()) {
                state.presence = presence;
            }
        }
    }

    /// Whether messages of this node are looked at. One that nobody added is taken in, or waits to be accepted.
    pub(super) fn knows(&mut self, node: &NodeId, place: &Place, heard: &Heard, now: Now) -> bool {
        if self.lines.contains_key(node) {
            return true;
        }
        // What comes yet of one that is no more was under way: the broker lets it in no more.
        if self.terms.senders && !self.terms.accept && self.retired.contains_key(node.as_str()) {
            return false;
        }
        // What a node left behind makes none: an empty message, an old goodbye.
        let says_something = matches!(place, Place::Frame | Place::Record | Place::View("meta", _));
        if heard.payload.is_empty() || !says_something {
            return false;
        }
        let waiting = self.board.read().nodes.values().filter(|state| state.row.state == "new").count();
        if self.lines.len() >= NODES_MAX || !self.terms.accept && waiting >= NODES_NEW_MAX {
            return false;
        }
        let state = if self.terms.accept { "member" } else { "new" };
        tracing::info!(node = node.as_str(), state, "a node that nobody added is heard");
        self.add(node, state, now);
        true
    }

    /// Adds a node; gives its row.
    pub(super) fn add(&mut self, node: &NodeId, state: &'static str, now: Now) -> Option<db::Node> {
        let id = match self.retired.remove(node.as_str()) {
            Some(number) => number,
            None => self.free_number()?,
        };
        let row = db::Node {
            id,
            name: node.as_str().to_owned(),
            title: node.as_str().to_owned(),
            customer: String::new(),
            site: String::new(),
            parent: None,
            state,
            joined: now.seconds(),
        };
        // It said hello before it was known, and waits for what it is to go on from.
        let mut line = Line::new(id, now.since_start);
        line.owed = true;
        self.lines.insert(node.clone(), line);
        self.board.write().nodes.insert(row.name.clone(), NodeState::new(row.clone(), 0));
        self.row(Row::Node(row.clone()), now);
        self.behind(node, None, now);
        self.board.tell(|| "fleet".into());
        Some(row)
    }

    /// What explains its absence: the node in front of it, or our own connection.
    pub(super) fn behind(&mut self, node: &NodeId, parent: Option<&str>, now: Now) {
        let parent = Some(parent.unwrap_or(OWN).into());
        self.engine(&Event::Parent { node: node.as_str().into(), parent }, now);
    }

    /// Numbers are given once: history of a retired node stays its own.
    fn free_number(&mut self) -> Option<u16> {
        self.last_node = self.last_node.checked_add(1)?;
        Some(self.last_node)
    }

    /// The name that a node gives itself counts as long as nobody gave it another.
    pub(super) fn named(&mut self, node: &NodeId, sample: &Sample, now: Now) {
        let Sample::Meta(meta) = sample else { return };
        let Some(name) = meta.name.as_deref().filter(|name| !name.is_empty()) else { return };
        let changed = {
            let mut seen = self.board.write();
            let state = seen.nodes.get_mut(node.as_str());
            state.filter(|state| state.row.title == node.as_str() && state.row.title != name).map(|state| {
                name.clone_into(&mut state.row.title);
                state.row.clone()
            })
        };
        if let Some(row) = changed {
            self.row(Row::Node(row), now);
        }
    }

    /// A node said something.
    pub(super) fn heard_now(&mut self, node: &NodeId, now: Now) {
        if let Some(line) = self.lines.get_mut(node) {
            (line.heard, line.heard_at, line.quiet_before) = (now.since_start, now.seconds(), Duration::ZERO);
        }
        if let Some(state) = self.board.write().nodes.get_mut(node.as_str()) {
            state.seen = now.seconds();
        }
        self.present(node, atalaya_alert::Presence::Online, now);
    }

    /// Frames that never will come are a gap, with the times between which they were made.
    pub(super) fn gone(&mut self, node: u16, ranges: &[Range], now: Now) {
        for range in ranges.iter().filter(|range| range.since > 0 && range.until > range.since) {
            self.row(Row::Gap { node, since: range.since, until: range.until, why: "lost" }, now);
        }
    }

    /// An object that is not watched any more.
    pub(super) fn object_gone(&mut self, node: &NodeId, kind: &'static str, id: &ObjectId, now: Now) {
        let was = {
            let mut seen = self.board.write();
            seen.version += 1;
            seen.nodes.get_mut(node.as_str()).and_then(|state| state.objects.remove(&(kind, id.clone())))
        };
        if was.is_some() {
            let object = Object::new(kind, id.as_str());
            self.engine(&Event::Gone { node: node.as_str().into(), object: Some(object) }, now);
            self.board.tell(|| format!("node:{}", node.as_str()));
        }
    }

    /// A node that is no more: nothing of it is looked at from now on.
    pub(super) fn retire(&mut self, node: &NodeId, forget: bool, now: Now) -> Option<u16> {
        let line = self.lines.remove(node)?;
        let left: Vec<_> = {
            let mut seen = self.board.write();
            seen.version += 1;
            let state = seen.nodes.remove(node.as_str());
            state.map(|state| state.objects.into_keys().collect()).unwrap_or_default()
        };
        self.engine(&Event::Gone { node: node.as_str().into(), object: None }, now);
        self.row(Row::NodeGone { node: line.id, at: now.seconds(), forget }, now);
        if !forget {
            self.retired.insert(node.as_str().to_owned(), line.id);
        }
        self.clean_up(node, &left, now);
        self.remove_windows_of(node, now);
        self.board.tell(|| "fleet".into());
        Some(line.id)
    }

    /// What the broker keeps of a node that is no more goes with it.
    fn clean_up(&mut self, node: &NodeId, objects: &[(&'static str, ObjectId)], now: Now) {
        let base = format!("{}/{}", self.terms.prefix, node.as_str());
        let views = objects.iter().map(|(kind, id)| match id.as_str() {
            "" => format!("{base}/{kind}"),
            id => format!("{base}/{kind}/{id}"),
        });
        let own = ["status", "ack"].map(|name| format!("{base}/{name}"));
        for topic in views.chain(own) {
            let effect = db::Effect::Publish { topic, payload: Vec::new(), retain: true };
            self.open.effect(effect, now.since_start);
        }
    }

    /// Time since a node was last heard: in this run of the program, and when that began.
    pub(super) fn quiet_for(&self, node: &NodeId, now: Duration) -> (Duration, Duration) {
        let quiet = |line: &Line| (now.saturating_sub(line.heard), line.quiet_before);
        self.lines.get(node).map_or((Duration::ZERO, Duration::ZERO), quiet)
    }
}

/// How long a node has said nothing. By a clock that may have been wrong, so not more than makes it silent; nothing of one that
/// was never heard.
fn quiet(heard: i64, now: Now) -> Duration {
    let seconds = if heard > super::BUILT { now.seconds().saturating_sub(heard) } else { 0 };
    Duration::from_secs(seconds.try_into().unwrap_or(0)).min(QUIET_BEFORE_MAX)
}

impl Wish {
    /// As it stands in the audit.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Acknowledge { .. } => "alert.acknowledge",
            Self::Quiet(quiet) if quiet.maintenance => "maintenance.begin",
            Self::Quiet(_) => "silence.begin",
            Self::EndQuiet(_) => "silence.end",
            Self::Window { is_new: true, .. } => "window.add",
            Self::Window { .. } => "window.change",
            Self::RemoveWindow(_) => "window.remove",
            Self::Note { .. } => "incident.note",
            Self::Owner { .. } => "incident.owner",
            Self::Node(_) => "node.change",
            Self::Retire { .. } => "node.retire",
            Self::Command { .. } => "node.command",
        }
    }
}
