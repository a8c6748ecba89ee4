//! The state as the sidecar stores it: by parts, and only those that were said to have changed.

use std::collections::BTreeMap;

use atalaya_alert::{Action, Event, Head, IncidentId, Kind, Node, NodeId, Part, State, Value};

use crate::world::World;

/// A table of parts, as text.
#[derive(Default)]
pub(crate) struct Saved(BTreeMap<Part, String>);

impl Saved {
    pub(crate) fn keep(&mut self, state: &State, actions: &[Action]) {
        for action in actions {
            let Action::Save(part) = action else { continue };
            match state.part(part) {
                Some(stored) => self.0.insert(part.clone(), serde_json::to_string(&stored).unwrap()),
                None => self.0.remove(part),
            };
        }
    }

    pub(crate) fn state(&self) -> State {
        let mut head = Head::default();
        let (mut nodes, mut incidents) = (Vec::<(NodeId, Node)>::new(), Vec::new());
        for (part, text) in &self.0 {
            match part {
                Part::Head => head = serde_json::from_str(text).unwrap(),
                Part::Node(id) => nodes.push((id.clone(), serde_json::from_str(text).unwrap())),
                Part::Incident(id) => incidents.push((IncidentId(id.0), serde_json::from_str(text).unwrap())),
            }
        }
        State::from_parts(head, nodes, incidents)
    }
}

#[test]
fn a_calm_fleet_saves_nothing() {
    let mut world = World::new(&[]);
    for node in ["a", "b"] {
        world.say(node, "system", &[("cpu_percent", Value::Number(5.0))]);
        world.say(node, "disk/x", &[("health", Value::Text("ok".into()))]);
    }
    world.pass(300);
    world.actions.clear();
    world.pass(7_200);
    assert_eq!(world.actions, []);
}

#[test]
fn what_was_saved_goes_on() {
    let mut world = World::new(&[]);
    let mut saved = Saved::default();
    world.say("a", "raid/md0", &[("state", Value::Text("degraded".into()))]);
    world.pass(130);
    let actions: Vec<Action> = world.actions.iter().map(|(_, action)| action.clone()).collect();
    saved.keep(&world.state, &actions);
    world.state = saved.state();
    world.pass(300);
    world.say("a", "raid/md0", &[("state", Value::Text("ok".into()))]);
    world.pass(1_200);
    let kinds: Vec<Kind> = world.notifications().map(|(_, told)| told.kind).collect();
    assert_eq!(kinds, [Kind::Fired, Kind::Resolved]);
}

/// The step that told people is done again, because its commit was lost: the id is the same.
#[test]
fn a_crash_repeats_a_notification_with_its_id() {
    let mut world = World::new(&[]);
    world.say("a", "disk/x", &[("health", Value::Text("failing".into()))]);
    world.pass(30);
    let before = world.state.clone();
    world.pass(40);
    let first: Vec<String> = world.notifications().map(|(_, told)| told.id.clone()).collect();
    world.state = before;
    world.actions.clear();
    world.elapsed += 90;
    world.take(&Event::Tick);
    world.pass(world.elapsed + 10);
    let again: Vec<String> = world.notifications().map(|(_, told)| told.id.clone()).collect();
    assert_eq!((first.len(), first), (1, again));
}
