//! What automations are told of each node's alerts, in Home Assistant's way and as plain topics: how many are open and how
//! grave, retained, and each as it begins and ends. Found by comparing what is known with what was told last.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atalaya_alert::{AlertKey, AlertState, Severity};
use atalaya_wire::NodeId;
use atalaya_wire::discovery::{ALERT_EVENTS, Tower, WORST};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{sleep, timeout};

use crate::program::Shared;
use crate::tower::{Link, Seen};

/// Changes within this are told together.
const TOGETHER: Duration = Duration::from_millis(500);
/// Looked at without a change, too.
const LOOK: Duration = Duration::from_secs(5);

/// Tells until it is ended.
pub async fn tell(shared: Shared) {
    let (mut changes, mut home) = (shared.board.listen(), Home::default());
    loop {
        let change = timeout(LOOK, changes.recv()).await;
        if matches!(change, Ok(Err(RecvError::Closed))) {
            return;
        }
        sleep(TOGETHER).await;
        changes = changes.resubscribe();
        let messages = {
            let seen = shared.board.read();
            home.news(&seen, &Terms::of(&shared))
        };
        messages.into_iter().for_each(|(topic, payload, retain)| shared.out.say(topic, payload, retain));
    }
}

/// What messages are made from.
struct Terms<'a> {
    tower: Tower<'a>,
    /// Home Assistant's; empty where there is none.
    discovery_prefix: &'a str,
    language: &'a str,
}

impl<'a> Terms<'a> {
    fn of(shared: &'a Shared) -> Self {
        let (broker, state) = (&shared.config.broker, &shared.config.state);
        let tower = Tower { prefix: &broker.prefix, id: &state.id, version: env!("CARGO_PKG_VERSION") };
        Self { tower, discovery_prefix: &broker.discovery_prefix, language: state.language }
    }
}

/// A topic, what is said there, and whether the broker keeps it.
type Said = (String, Vec<u8>, bool);

/// What was told last.
#[derive(Debug, Default)]
struct Home {
    states: BTreeMap<NodeId, State>,
    /// `None` before the first look: what fires then was told before the start.
    firing: Option<BTreeSet<AlertKey>>,
    /// Whether the connection that it was told by still stands.
    up: bool,
}

/// A node's alerts that people should know of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    open: u32,
    /// Nobody takes care of them.
    unacknowledged: u32,
    /// Silenced, or behind something else.
    muted: u32,
    worst: Option<Severity>,
}

impl State {
    fn add(&mut self, alert: &AlertState) {
        if alert.mute.is_some() {
            self.muted += 1;
            return;
        }
        self.open += 1;
        self.unacknowledged += u32::from(alert.ack.is_none());
        self.worst = self.worst.max(Some(alert.severity));
    }

    fn json(self) -> Value {
        let worst = match self.worst {
            None => 0,
            Some(Severity::Low) => 1,
            Some(Severity::Medium) => 2,
            Some(Severity::High) => 3,
            Some(Severity::Critical) => 4,
        };
        let Self { open, unacknowledged, muted, .. } = self;
        json!({ "problem": open > 0, "open": open, "unacknowledged": unacknowledged, "muted": muted, "worst": WORST[worst] })
    }
}

impl Home {
    /// What there is to say; nothing while nobody would hear it.
    fn news(&mut self, seen: &Seen, terms: &Terms<'_>) -> Vec<Said> {
        if seen.link != Link::Up {
            self.up = false;
            return Vec::new();
        }
        // Another broker may have forgotten everything.
        if !std::mem::replace(&mut self.up, true) {
            self.states.clear();
        }
        let mut out = Vec::new();
        let now = states(seen);
        self.begun_and_over(seen, terms, &mut out);
        for (node, state) in &now {
            let before = self.states.get(node);
            if before.is_none() && !terms.discovery_prefix.is_empty() {
                let topic = terms.tower.discovery(terms.discovery_prefix, node);
                out.push((topic, terms.tower.message(node).into_bytes(), true));
            }
            if before != Some(state) {
                out.push((terms.tower.state(node), state.json().to_string().into_bytes(), true));
            }
        }
        for node in self.states.keys().filter(|node| !now.contains_key(*node)) {
            if !terms.discovery_prefix.is_empty() {
                out.push((terms.tower.discovery(terms.discovery_prefix, node), Vec::new(), true));
            }
            out.push((terms.tower.state(node), Vec::new(), true));
        }
        self.states = now;
        out
    }

    fn begun_and_over(&mut self, seen: &Seen, terms: &Terms<'_>, out: &mut Vec<Said>) {
        let firing = || seen.alerts.values().filter(|alert| alert.phase.fires() && alert.mute.is_none());
        let now: BTreeSet<AlertKey> = firing().map(|alert| alert.alert.clone()).collect();
        if let Some(before) = self.firing.replace(now.clone()) {
            let begun = firing().filter(|alert| !before.contains(&alert.alert));
            out.extend(begun.filter_map(|alert| event(terms, &alert.alert, Some(alert))));
            out.extend(before.difference(&now).filter_map(|key| event(terms, key, seen.alerts.get(key))));
        }
    }
}

/// Of each node that belongs to the fleet.
fn states(seen: &Seen) -> BTreeMap<NodeId, State> {
    let members = seen.nodes.iter().filter(|(_, node)| node.row.state == "member");
    let mut states: BTreeMap<NodeId, State> =
        members.filter_map(|(id, _)| Some((id.parse().ok()?, State::default()))).collect();
    for alert in seen.alerts.values().filter(|alert| alert.phase.fires()) {
        let node = alert.alert.node.as_str().parse::<NodeId>().ok();
        if let Some(state) = node.and_then(|node| states.get_mut(&node)) {
            state.add(alert);
        }
    }
    states
}

fn event(terms: &Terms<'_>, key: &AlertKey, alert: Option<&AlertState>) -> Option<Said> {
    let node = key.node.as_str().parse().ok()?;
    let fires = alert.is_some_and(|alert| alert.phase.fires() && alert.mute.is_none());
    let shown = alert.map(|alert| if terms.language == "es" { &alert.shown.es } else { &alert.shown.en });
    let said = json!({
        "event_type": ALERT_EVENTS[usize::from(!fires)],
        "object": key.object,
        "rule": key.rule,
        "severity": alert.map(|alert| alert.severity),
        "since": alert.map(|alert| alert.since),
        "shown": shown,
    });
    Some((terms.tower.alert(&node), said.to_string().into_bytes(), false))
}

#[cfg(test)]
mod tests;
