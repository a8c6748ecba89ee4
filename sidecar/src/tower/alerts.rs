//! The alert engine's actions, as rows and effects: what it remembers and what is to be told are one transaction.

use std::collections::BTreeMap;

use atalaya_alert::{Action, AlertState, Event, IncidentId, Notification, Part, Phase, Quiet, Severity, Wall};
use atalaya_wire::NodeId;

use super::Tower;
use super::own::is_about_channel;
use super::presence::OWN;
use crate::clock::Now;
use crate::db::{Effect, HEAD, INCIDENT, NODE, Row};
use crate::limits::{ACK_EVERY, ALERT_PARTS_MAX};

/// Which channels are told, by the name of the set; [`DEFAULT_SET`] stands for names that are not there.
pub type Sets = BTreeMap<String, SetTerms>;

/// Who hears of what in a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetTerms {
    /// Names of channels.
    pub channels: Vec<String>,
    /// What is less grave is not told.
    pub severity: Severity,
}

/// The set of rules that name none.
pub const DEFAULT_SET: &str = "default";

impl Tower {
    /// Lets the engine look at something of a node; one that nobody accepted yet alarms nobody.
    pub(super) fn engine_of(&mut self, node: &NodeId, event: &Event, now: Now) {
        let is_member = self.board.read().nodes.get(node.as_str()).is_some_and(|state| state.row.state == "member");
        if is_member {
            self.engine(event, now);
        }
    }

    /// Lets the engine look, and takes down what follows.
    pub(super) fn engine(&mut self, event: &Event, now: Now) -> Option<atalaya_alert::Refused> {
        let actions = self.engine.step(&mut self.state, event, Wall(now.seconds()));
        let (mut refused, mut told) = (None, Vec::new());
        for action in actions {
            match action {
                Action::Save(part) => self.save(part, now),
                Action::Timeline { incident, entry } => {
                    let body = serde_json::to_string(&entry).unwrap_or_default();
                    let row = Row::Timeline { incident: incident.0, number: entry.number, at: entry.at.0, body };
                    self.row(row, now);
                }
                Action::Notify(notification) => self.notify(notification, &mut told, now),
                Action::Publish(alert) => self.publish(alert, now),
                Action::Refused(why) => refused = Some(why),
            }
        }
        refused
    }

    /// It will be written as it is when the batch is handed in: a frame changes what is known of its node tens of times.
    fn save(&mut self, part: Part, now: Now) {
        match &part {
            Part::Head => self.quiets_changed(now),
            Part::Incident(id) => self.list(*id, now),
            Part::Node(_) => {}
        }
        self.unwritten.insert(part);
        self.open.expect(now.since_start);
        if self.unwritten.len() >= ALERT_PARTS_MAX {
            self.write_parts(now);
        }
    }

    /// Into the open batch, with what follows from it: they are one transaction.
    pub(super) fn write_parts(&mut self, now: Now) {
        for part in std::mem::take(&mut self.unwritten) {
            let body = self.state.part(&part).and_then(|part| serde_json::to_string(&part).ok());
            let (kind, key) = match part {
                Part::Head => (HEAD, String::new()),
                Part::Node(node) => (NODE, node.as_str().to_owned()),
                Part::Incident(id) => (INCIDENT, id.to_string()),
            };
            self.row(Row::AlertPart { kind, key, body }, now);
        }
    }

    /// Silences begin and end: pages that show alerts look again.
    fn quiets_changed(&mut self, now: Now) {
        let quiets: Vec<Quiet> = self.state.quiets().cloned().collect();
        if self.board.read().quiets == quiets {
            return;
        }
        let mut seen = self.board.write();
        let old = std::mem::replace(&mut seen.quiets, quiets);
        let differs = |quiet: &&Quiet| !(old.contains(quiet) && seen.quiets.contains(quiet));
        let changed: Vec<Option<String>> =
            old.iter().chain(&seen.quiets).filter(differs).map(|quiet| quiet.matcher.node.clone()).collect();
        seen.version += u64::from(!changed.is_empty());
        drop(seen);
        for node in changed {
            // A pattern is no node, and concerns whoever looks at everything.
            let what = node.map_or_else(|| "alerts".to_owned(), |node| format!("alerts:{node}"));
            self.open.effect(Effect::Live(what), now.since_start);
        }
    }

    /// An incident as it stands in lists.
    fn list(&mut self, id: IncidentId, now: Now) {
        let Some(incident) = self.state.incidents().find(|incident| incident.id == id) else { return };
        let first = incident.alerts.first();
        let rule = first.and_then(|key| self.engine.rules().get(&key.rule, &key.node, &key.object));
        let title = rule.map(|rule| rule.title.clone()).unwrap_or_default();
        let row = Row::Incident {
            id: id.0,
            node: incident.node.as_str().to_owned(),
            severity: word(&incident.severity),
            began: incident.began.0,
            ended: incident.firing.is_empty().then(|| now.seconds()),
            stage: word(&incident.stage),
            title_en: title.en,
            title_es: title.es,
        };
        self.row(row, now);
    }

    /// `told` is what was told in the same step: several sets that are not there are the same people.
    fn notify(&mut self, notification: Notification, told: &mut Vec<Notification>, now: Now) {
        let body = serde_json::to_string(&notification).unwrap_or_default();
        let (id, severity) = (notification.id.clone(), word(&notification.severity));
        let row =
            Row::Notification { id: id.clone(), at: now.seconds(), kind: word(&notification.kind), severity, body };
        self.row(row, now);
        let name = |one: &Notification| self.terms.sets.get_key_value(&one.to).map_or(DEFAULT_SET, |(name, _)| name);
        let same = |one: &Notification| one.kind == notification.kind && one.alerts == notification.alerts;
        let known = told.iter().any(|one| same(one) && name(one) == name(&notification));
        let set = self.terms.sets.get(name(&notification));
        let set = set.filter(|set| notification.severity >= set.severity && !known);
        let channels = set.map(|set| set.channels.clone()).unwrap_or_default();
        for channel in channels.into_iter().filter(|channel| !is_about_channel(&notification, channel)) {
            self.row(Row::Delivery { notification: id.clone(), channel, next: now.seconds() }, now);
        }
        told.push(notification);
        self.open.effect(Effect::Notify, now.since_start);
    }

    /// For pages at once, for MQTT after the commit.
    fn publish(&mut self, alert: AlertState, now: Now) {
        let rule = self.engine.rules().get(&alert.alert.rule, &alert.alert.node, &alert.alert.object);
        let title = rule.map(|rule| rule.title.en.clone()).unwrap_or_default();
        let message = serde_json::json!({
            "ts": now.seconds(),
            "event_type": if alert.phase.fires() { "firing" } else { "resolved" },
            "severity": alert.severity,
            "node": alert.alert.node,
            "object": alert.alert.object,
            "rule": alert.alert.rule,
            "title": title,
            "shown": alert.shown.en,
            "since": alert.since,
            "incident": alert.incident,
            "acknowledged_by": alert.ack.as_ref().map(|ack| &ack.who),
            "muted": alert.mute.is_some(),
        });
        let topic = format!("{}/{}/event/alert", self.terms.prefix, self.terms.id);
        let payload = message.to_string().into_bytes();
        self.open.effect(Effect::Publish { topic, payload, retain: false }, now.since_start);
        self.open.effect(Effect::Live(format!("alerts:{}", alert.alert.node)), now.since_start);
        let mut seen = self.board.write();
        seen.version += 1;
        if alert.phase == Phase::Idle {
            seen.alerts.remove(&alert.alert);
        } else {
            seen.alerts.insert(alert.alert.clone(), alert);
        }
    }

    /// What time brings.
    pub(super) fn tick(&mut self, now: Now) {
        self.silence(now);
        if self.up.is_some() {
            self.engine(&Event::Online(OWN.into()), now);
        }
        self.pass_windows(now);
        self.engine(&Event::Tick, now);
        let mut gone = Vec::new();
        for line in self.lines.values_mut() {
            let mut ranges = Vec::new();
            if line.frames.pass(now.since_start, &mut ranges) {
                line.owed = true;
            }
            if !ranges.is_empty() {
                gone.push((line.id, ranges, line.frames_row()));
            }
        }
        for (id, ranges, row) in gone {
            self.gone(id, &ranges, now);
            self.row(row, now);
        }
    }

    /// Acknowledgements that are due, now and then rather than at each word: each says everything up to then. They follow
    /// the batch that holds what they acknowledge.
    pub(super) fn settle(&mut self, now: Now) {
        let recent = self.settled.is_some_and(|last| now.since_start.saturating_sub(last) < ACK_EVERY);
        if self.up.is_none() || recent {
            return;
        }
        self.settled = Some(now.since_start);
        for (node, line) in &mut self.lines {
            if line.owed {
                line.owed = false;
                let effect = Effect::Ack { node: node.clone(), payload: line.ack() };
                self.open.effect(effect, now.since_start);
            }
        }
    }
}

/// A value's name in JSON, without its quotes.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}
