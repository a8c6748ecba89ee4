//! What automations are told of each node's alerts, in Home Assistant's way and as plain topics: how many are open and how
//! grave, retained, and each as it begins and ends. Found by comparing what is known with what was told last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use atalaya_alert::{AlertKey, AlertState, Severity};
use atalaya_wire::NodeId;
use atalaya_wire::discovery::{ALERT_EVENTS, Tower, WORST};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::program::Shared;
use crate::tower::{Link, Seen};

/// Changes within this are told together.
const TOGETHER: Duration = Duration::from_millis(500);
/// Messages within this, as many as the link says in that time: what a large fleet has to be told comes bit by bit.
const AT_ONCE_MAX: usize = 250;
/// Looked at without a change, too.
const LOOK: Duration = Duration::from_secs(5);

/// Tells until it is ended, in the language that the newest configuration says.
pub async fn tell(shared: Shared, config: watch::Receiver<Arc<Config>>) {
    let (mut changes, mut home) = (shared.board.listen(), Home::default());
    loop {
        if !home.has_more {
            let change = timeout(LOOK, changes.recv()).await;
            if matches!(change, Ok(Err(RecvError::Closed))) {
                return;
            }
        }
        sleep(TOGETHER).await;
        changes = changes.resubscribe();
        let messages = {
            let seen = shared.board.read();
            let room = AT_ONCE_MAX.saturating_sub(shared.out.waiting());
            home.news(&seen, &Terms::of(&config.borrow(), shared.board.links()), room)
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
    /// By which connection they are told.
    link: u64,
}

impl<'a> Terms<'a> {
    fn of(config: &'a Config, link: u64) -> Self {
        let (broker, state) = (&config.broker, &config.state);
        let tower = Tower { prefix: &broker.prefix, id: &state.id, version: env!("CARGO_PKG_VERSION") };
        Self { tower, discovery_prefix: &broker.discovery_prefix, language: state.language, link }
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
    /// By which connection.
    link: u64,
    /// There was more to tell than there was room for.
    has_more: bool,
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
    /// What there is to say, at most so many messages; nothing while nobody would hear it. What is not said now counts as
    /// not told.
    fn news(&mut self, seen: &Seen, terms: &Terms<'_>, room: usize) -> Vec<Said> {
        self.has_more = false;
        if seen.link != Link::Up {
            return Vec::new();
        }
        // Another broker may have forgotten everything.
        if std::mem::replace(&mut self.link, terms.link) != terms.link {
            self.states.clear();
        }
        let mut out = self.begun_and_over(seen, terms, room);
        let now = states(seen);
        let gone = self.states.keys().filter(|node| !now.contains_key(*node)).map(|node| (node.clone(), None));
        let changed = now.iter().filter(|(node, state)| self.states.get(*node) != Some(*state));
        let changed = changed.map(|(node, state)| (node.clone(), Some(*state)));
        for (node, state) in changed.chain(gone).collect::<Vec<_>>() {
            // As many as a node takes.
            if out.len() + 2 > room {
                self.has_more = true;
                return out;
            }
            self.tell(node, state, terms, &mut out);
        }
        out
    }

    /// How a node is; `None` for one that is no more.
    fn tell(&mut self, node: NodeId, state: Option<State>, terms: &Terms<'_>, out: &mut Vec<Said>) {
        let is_known = self.states.contains_key(&node);
        if is_known != state.is_some() && !terms.discovery_prefix.is_empty() {
            let message = state.map_or_else(Vec::new, |_| terms.tower.message(&node).into_bytes());
            out.push((terms.tower.discovery(terms.discovery_prefix, &node), message, true));
        }
        let said = state.map_or_else(Vec::new, |state| state.json().to_string().into_bytes());
        out.push((terms.tower.state(&node), said, true));
        match state {
            Some(state) => self.states.insert(node, state),
            None => self.states.remove(&node),
        };
    }

    fn begun_and_over(&mut self, seen: &Seen, terms: &Terms<'_>, room: usize) -> Vec<Said> {
        let firing = || seen.alerts.values().filter(|alert| alert.phase.fires() && alert.mute.is_none());
        let now: BTreeSet<AlertKey> = firing().map(|alert| alert.alert.clone()).collect();
        let Some(told) = &mut self.firing else {
            self.firing = Some(now);
            return Vec::new();
        };
        let mut changed: Vec<AlertKey> = now.difference(told).chain(told.difference(&now)).cloned().collect();
        self.has_more |= changed.len() > room;
        changed.truncate(room);
        changed.iter().for_each(|key| {
            if !told.remove(key) {
                told.insert(key.clone());
            }
        });
        changed.iter().filter_map(|key| event(terms, key, seen.alerts.get(key))).collect()
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
