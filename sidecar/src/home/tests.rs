use atalaya_alert::rule::Words;
use atalaya_alert::{Ack, IncidentId, Mute, Phase, Presence, Wall};
use serde_json::Value;

use super::*;
use crate::db::Node;
use crate::tower::{NodeState, Refusals};

const TERMS: Terms<'_> = Terms {
    tower: Tower { prefix: "atalaya", id: "_sidecar", version: "1" },
    discovery_prefix: "homeassistant",
    language: "es",
    link: 1,
};

const ROOM: usize = 100;

fn node(name: &str, state: &'static str) -> (String, NodeState) {
    let row = Node {
        id: 1,
        name: name.into(),
        title: name.into(),
        customer: String::new(),
        site: String::new(),
        parent: None,
        state,
        joined: 1,
    };
    let node = NodeState {
        row,
        presence: Presence::Online,
        since: 1,
        seen: 1,
        interval: 60,
        version: String::new(),
        skew: None,
        refused: Refusals::default(),
        objects: [].into(),
        requests: [].into(),
    };
    (name.to_owned(), node)
}

fn alert(node: &str, rule: &str, severity: Severity) -> (AlertKey, AlertState) {
    let key = AlertKey { node: node.into(), object: "disk/1".into(), rule: rule.into() };
    let shown = Words { en: "bad".into(), es: "mal".into() };
    let state = AlertState {
        alert: key.clone(),
        phase: Phase::Firing,
        severity,
        episode: 1,
        since: Wall(5),
        shown,
        ack: None,
        mute: None,
        incident: IncidentId(1),
    };
    (key, state)
}

fn fleet() -> Seen {
    Seen { nodes: [node("a", "member"), node("b", "new")].into(), link: Link::Up, ..Seen::default() }
}

fn topics(said: &[Said]) -> Vec<&str> {
    said.iter().map(|(topic, ..)| topic.as_str()).collect()
}

fn json(said: &Said) -> Value {
    serde_json::from_slice(&said.1).unwrap()
}

#[test]
fn members_are_told_once_and_then_only_what_changes() {
    let (mut home, mut seen) = (Home::default(), fleet());
    let said = home.news(&seen, &TERMS, ROOM);
    assert_eq!(topics(&said), ["homeassistant/device/atalaya_a_tower/config", "atalaya/_sidecar/node/a"]);
    assert!(said.iter().all(|(.., retain)| *retain));
    assert_eq!(json(&said[1])["worst"], "none");
    assert!(home.news(&seen, &TERMS, ROOM).is_empty());
    seen.alerts.extend([alert("a", "one", Severity::High), alert("b", "of-nobody", Severity::Critical)]);
    let said = home.news(&seen, &TERMS, ROOM);
    assert_eq!(
        topics(&said),
        ["atalaya/_sidecar/node/a/alert", "atalaya/_sidecar/node/b/alert", "atalaya/_sidecar/node/a"]
    );
    let (event, state) = (json(&said[0]), json(&said[2]));
    assert_eq!((&event["event_type"], &event["shown"]), (&Value::from("firing"), &Value::from("mal")));
    assert!(!said[0].2, "an event is no state");
    assert_eq!((&state["open"], &state["worst"]), (&Value::from(1), &Value::from("high")));
    seen.alerts.clear();
    let said = home.news(&seen, &TERMS, ROOM);
    assert_eq!((said.len(), json(&said[0])["event_type"].as_str()), (3, Some("resolved")));
    assert_eq!(json(&said[2])["problem"], false);
}

#[test]
fn what_is_silenced_or_taken_care_of_counts_as_such() {
    let (mut home, mut seen) = (Home::default(), fleet());
    let mut silenced = alert("a", "one", Severity::Critical);
    silenced.1.mute = Some(Mute::Silence("s".into()));
    let mut cared = alert("a", "two", Severity::Low);
    cared.1.ack = Some(Ack { who: "ana".into(), at: Wall(6), note: String::new() });
    let pending = (alert("a", "three", Severity::High).0, AlertState { phase: Phase::Pending, ..cared.1.clone() });
    seen.alerts.extend([silenced, cared, pending]);
    let said = home.news(&seen, &TERMS, ROOM);
    assert_eq!(said.len(), 2, "what fired before the start is no event");
    let state = json(&said[1]);
    let expected = json!({ "problem": true, "open": 1, "unacknowledged": 0, "muted": 1, "worst": "low" });
    assert_eq!(state, expected);
}

#[test]
fn what_another_connection_was_told_is_told_again_and_a_node_that_goes_leaves_nothing() {
    let (mut home, mut seen) = (Home::default(), fleet());
    assert_eq!(home.news(&seen, &TERMS, ROOM).len(), 2);
    seen.link = Link::Down("gone".into());
    seen.alerts.extend([alert("a", "one", Severity::High)]);
    assert!(home.news(&seen, &TERMS, ROOM).is_empty());
    seen.link = Link::Up;
    let again = Terms { link: 2, ..TERMS };
    assert_eq!(home.news(&seen, &again, ROOM).len(), 3, "the event, the message and the state");
    // One that came and went between two looks.
    let other = Terms { link: 3, ..TERMS };
    assert_eq!(home.news(&seen, &other, ROOM).len(), 2, "the message and the state");
    seen.nodes.remove("a");
    seen.alerts.clear();
    let said = home.news(&seen, &other, ROOM);
    let empty: Vec<&str> =
        said.iter().filter(|(_, payload, _)| payload.is_empty()).map(|(topic, ..)| &topic[..]).collect();
    assert_eq!(empty, ["homeassistant/device/atalaya_a_tower/config", "atalaya/_sidecar/node/a"]);
    let none = Terms { discovery_prefix: "", ..TERMS };
    assert_eq!(topics(&Home::default().news(&fleet(), &none, ROOM)), ["atalaya/_sidecar/node/a"]);
}

#[test]
fn a_fleet_that_is_larger_than_the_room_is_told_bit_by_bit_and_nobody_is_left_out() {
    let (mut home, room) = (Home::default(), 10);
    let names: Vec<String> = (0..23).map(|n| format!("n{n}")).collect();
    let mut seen = Seen { nodes: names.iter().map(|name| node(name, "member")).collect(), ..fleet() };
    let mut all = |seen: &Seen| {
        let mut topics = Vec::new();
        loop {
            let said = home.news(seen, &TERMS, room);
            assert!(said.len() <= room);
            topics.extend(said.into_iter().map(|(topic, ..)| topic));
            if !home.has_more {
                return topics;
            }
        }
    };
    let told = all(&seen);
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 2 * names.len());
    assert_eq!(told.len(), 2 * names.len(), "each once");
    seen.alerts.extend(names.iter().map(|name| alert(name, "one", Severity::High)));
    assert_eq!(all(&seen).len(), 2 * names.len(), "an event and the state of each");
    seen.alerts.clear();
    seen.nodes.clear();
    assert_eq!(all(&seen).len(), 3 * names.len(), "an event of each, and what was kept of it goes");
}
