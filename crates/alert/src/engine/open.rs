//! What follows when an alert fires or ends: it joins an incident, or leaves it.

use super::Work;
use super::life::{self, Change};
use crate::action::{Action, Kind};
use crate::ids::{AlertKey, IncidentId, Object};
use crate::limits::{ALERTS_MAX, ALERTS_PER_INCIDENT_MAX, INCIDENTS_MAX, JOIN_SECONDS};
use crate::rule::{Group, Rule, Truth, Words};
use crate::state::{Incident, Open, Phase, Stage, What, cut};
use crate::value::Values;
use crate::words;

impl Work<'_> {
    /// Does what a change asks for.
    pub(super) fn follow(&mut self, key: &AlertKey, rule: &Rule, change: Change) {
        match change {
            Change::Moved => self.touch(&key.node),
            Change::Wavered => self.publish(key),
            Change::Fires => self.fire(key, rule),
            Change::Ends => self.end(key),
        }
    }

    pub(super) fn publish(&mut self, key: &AlertKey) {
        self.touch(&key.node);
        let Some(track) = self.state.track(key) else { return };
        let state = track.open.as_ref().map(|open| open.state(key.clone(), track.phase));
        self.out.extend(state.map(Action::Publish));
    }

    fn fire(&mut self, key: &AlertKey, rule: &Rule) {
        let now = self.now;
        let again = self.state.track(key).is_some_and(|track| track.open.is_some());
        if !again && self.state.head.open >= ALERTS_MAX {
            // It stays pending, and the next tick tries again.
            self.state.head.waiting += 1;
            return;
        }
        let incident = self.join(key, rule);
        let mute = self.mute(key, rule, &self.active(&key.node));
        let episode = self.state.head.episodes + 1;
        let Some(track) = self.state.track(key) else { return };
        track.flaps = life::flaps(track, now.moment);
        (track.phase, track.truth) = (Phase::Firing, Truth::Unknown);
        let mut open = match track.open.take() {
            Some(open) => reopened(open, incident),
            None => Box::new(opened(rule, incident, episode, now)),
        };
        open.mute = mute;
        open.label = key.object.id().to_owned();
        if let Some(face) = track.face.take() {
            (open.label, open.shown) = *face;
        }
        track.open = Some(open);
        if !again {
            self.state.head.episodes = episode;
            self.state.head.open += 1;
        }
        self.write(incident, What::Fired(key.clone()), "", "");
        self.publish(key);
    }

    /// The incident that it belongs to: its own if it had one, the one of its group if that is young, or a new one.
    fn join(&mut self, key: &AlertKey, rule: &Rule) -> IncidentId {
        let now = self.now;
        let own = self.state.track(key).and_then(|track| track.open.as_ref()).map(|open| open.incident);
        let group = if rule.group == Group::Object { key.object.as_str() } else { "" };
        let last = self.state.nodes.get(&key.node).and_then(|node| node.groups.get(group)).copied();
        let fits = |incident: &Incident| {
            let young = now.moment.since(incident.last) <= JOIN_SECONDS && incident.stage < Stage::Verified;
            let room = incident.alerts.len() < ALERTS_PER_INCIDENT_MAX;
            (young && room) || incident.alerts.contains(key) && (young || own == Some(incident.id))
        };
        let found = own.into_iter().chain(last).find(|id| self.state.incidents.get(id).is_some_and(fits));
        let id = found.unwrap_or_else(|| self.begin(key, rule, group));
        if let Some(incident) = self.state.incidents.get_mut(&id) {
            incident.last = now.moment;
            incident.severity = incident.severity.max(rule.severity);
            incident.alerts.insert(key.clone());
            incident.firing.insert(key.clone());
            if incident.solved.take().is_some() {
                incident.stage = Stage::Detected;
                self.write(id, What::Stage(Stage::Detected), "", "");
            }
        }
        id
    }

    fn begin(&mut self, key: &AlertKey, rule: &Rule, group: &str) -> IncidentId {
        if self.state.incidents.len() >= INCIDENTS_MAX {
            let over = self.state.incidents.values().filter_map(|one| one.solved.map(|at| (at, one.id)));
            if let Some((_, oldest)) = over.min() {
                self.state.incidents.remove(&oldest);
                self.dirty.insert(crate::Part::Incident(oldest));
            }
        }
        self.state.head.incidents += 1;
        let id = IncidentId(self.state.head.incidents);
        let incident = Incident::new(id, key.node.clone(), self.now.wall, rule.severity, self.now.moment);
        self.state.incidents.insert(id, incident);
        if let Some(node) = self.state.nodes.get_mut(&key.node) {
            node.groups.insert(group.to_owned(), id);
        }
        self.write(id, What::Stage(Stage::Detected), "", "");
        id
    }

    /// It is over. What was told, or should have been, is told as resolved.
    pub(super) fn end(&mut self, key: &AlertKey) {
        let now = self.now.moment;
        let rule = self.rules.get(&key.rule, &key.node, &key.object);
        let mute = rule.and_then(|rule| self.mute(key, rule, &self.active(&key.node)));
        let Some(track) = self.state.track(key) else { return };
        (track.phase, track.truth, track.ended) = (Phase::Idle, Truth::Unknown, Some(now));
        let Some(open) = track.open.as_mut() else { return };
        // What was muted until this very moment is no news either.
        let muted = open.mute.is_some() || mute.is_some();
        open.mute = mute;
        open.cared = open.ack.take().is_some();
        (open.hush, open.steps) = (None, 0);
        let incident = open.incident;
        let told = open.told.is_some() || !muted;
        open.say = told.then_some(Kind::Resolved);
        self.publish(key);
        if !told {
            self.close(key);
        }
        self.write(incident, What::Resolved(key.clone()), "", "");
        let Some(one) = self.state.incidents.get_mut(&incident) else { return };
        one.firing.remove(key);
        one.last = now;
        if one.firing.is_empty() {
            (one.stage, one.solved) = (one.stage.max(Stage::Solved), Some(now));
            self.write(incident, What::Stage(Stage::Solved), "", "");
        }
    }

    /// Nothing is owed any more.
    pub(super) fn close(&mut self, key: &AlertKey) {
        if self.state.track(key).is_some_and(|track| track.open.take().is_some()) {
            self.state.head.open = self.state.head.open.saturating_sub(1);
        }
        self.touch(&key.node);
    }

    pub(super) fn write(&mut self, id: IncidentId, what: What, who: &str, text: &str) {
        let at = self.now.wall;
        let entry = self.state.incidents.get_mut(&id).map(|incident| incident.write(at, what, who, text));
        if let Some(entry) = entry {
            self.wrote(id, entry);
        }
    }
}

/// What people call the object, and what was seen of it.
pub(super) fn face(key: &Object, rule: &Rule, values: &Values) -> Box<(String, Words)> {
    let label = values.label().unwrap_or_else(|| key.id());
    Box::new((cut(label), words::seen(&rule.key, values)))
}

fn opened(rule: &Rule, incident: IncidentId, episode: u64, now: crate::time::Now) -> Open {
    Open {
        episode,
        severity: rule.severity,
        incident,
        since: now.wall,
        label: String::new(),
        shown: Words::default(),
        title: rule.title.clone(),
        ack: None,
        cared: false,
        told: None,
        told_first: now.moment,
        told_to: Vec::new(),
        tellings: 0,
        say: Some(Kind::Fired),
        mute: None,
        hush: None,
        steps: 0,
    }
}

/// It came back before its end was told. Who was told knows of it; who had taken care of it is told again.
fn reopened(mut open: Box<Open>, incident: IncidentId) -> Box<Open> {
    open.incident = incident;
    open.say = match (open.told, open.cared) {
        (None, _) => Some(Kind::Fired),
        (Some(_), true) => Some(Kind::StillFiring),
        (Some(_), false) => None,
    };
    open.cared = false;
    open
}
