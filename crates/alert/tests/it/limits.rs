//! What happens when something is full.

use atalaya_alert::{
    Action, Engine, Event, IncidentId, Kind, Matcher, NodeId, Object, Quiet, QuietId, Refused, Rules, State, Value,
    Values, Wall,
    limits::{ALERTS_MAX, NODES_MAX, OBJECTS_PER_NODE_MAX, QUIETS_MAX, TEXT_BYTES_MAX, TIMELINE_FIRST, TIMELINE_MAX},
    rule,
};

use crate::world::{BEGIN, World};

fn refused(world: &World) -> Vec<Refused> {
    let refused = world.actions.iter().filter_map(|(_, action)| match action {
        Action::Refused(why) => Some(*why),
        _ => None,
    });
    refused.collect()
}

#[test]
fn further_nodes_objects_and_silences_are_refused() {
    let mut world = World::new(&[]);
    (0..=NODES_MAX).for_each(|number| world.take(&Event::Online(NodeId::from(format!("n{number}").as_str()))));
    assert_eq!(refused(&world), [Refused::Nodes]);
    (0..=OBJECTS_PER_NODE_MAX)
        .for_each(|number| world.say("n1", &format!("disk/{number}"), &[("health", Value::Unknown)]));
    assert_eq!(refused(&world), [Refused::Nodes, Refused::Objects]);
    for number in 0..=QUIETS_MAX {
        let id = QuietId::from(format!("q{number}").as_str());
        world.take(&Event::Quiet(quiet(id, world.now().0 + 60)));
    }
    assert_eq!(refused(&world).last(), Some(&Refused::Quiets));
    world.take(&Event::Quiet(quiet(QuietId::from("q1"), world.now().0 + 90)));
    world.take(&Event::Quiet(quiet(QuietId::from("old"), world.now().0 - 90)));
    assert_eq!(refused(&world).len(), 4, "one that is there may be changed");
    assert_eq!(refused(&world).last(), Some(&Refused::Over));
}

fn quiet(id: QuietId, until: i64) -> Quiet {
    let (who, why) = ("ñ".repeat(TEXT_BYTES_MAX), String::new());
    Quiet {
        id,
        maintenance: false,
        matcher: Matcher::default(),
        until: Wall(until),
        who,
        why,
        ends: Default::default(),
    }
}

/// More alerts than fit: people are told, and each of them is told as soon as there is room.
#[test]
fn alerts_that_do_not_fit_wait() {
    let engine = Engine::new(Rules::parse(&[rule::DEFAULT]).unwrap());
    let (mut state, mut now) = (State::default(), BEGIN);
    let failing = |health: &str| {
        let mut values = Values::default();
        values.set("health", Value::Text(health.to_owned()));
        values
    };
    let per_node = 500;
    let nodes = ALERTS_MAX / per_node + 1;
    let mut out = Vec::new();
    let say = |state: &mut State, health: &str, nodes: std::ops::Range<usize>, now: i64| {
        let mut out = Vec::new();
        for (node, disk) in nodes.flat_map(|node| (0..per_node).map(move |disk| (node, disk))) {
            let (node, object) = (NodeId::from(format!("n{node:02}").as_str()), Object::new("disk", &disk.to_string()));
            let event = Event::Sample { node, object, values: failing(health), at: Wall(now) };
            out.extend(engine.step(state, &event, Wall(now)));
        }
        out
    };
    out.extend(say(&mut state, "failing", 0..nodes, now));
    assert_eq!(state.alerts().count(), ALERTS_MAX);
    let mut told = std::collections::BTreeSet::new();
    let mut kinds = Vec::new();
    for round in 0..80 {
        now += 60;
        if round % 15 == 0 {
            out.extend(say(&mut state, "ok", 0..2, now));
            out.extend(say(&mut state, "failing", nodes - 1..nodes, now));
        }
        out.extend(engine.step(&mut state, &Event::Tick, Wall(now)));
        for action in out.drain(..) {
            let Action::Notify(one) = action else { continue };
            kinds.push(one.kind);
            if one.kind == Kind::Fired {
                let disks =
                    one.alerts.into_iter().map(|told| told.alert).filter(|key| key.rule.as_str() == "disk-failing");
                told.extend(disks);
            }
        }
    }
    assert!(kinds.contains(&Kind::Full));
    assert_eq!(told.len(), nodes * per_node, "each was told in the end");
}

#[test]
fn a_timeline_keeps_its_beginning_and_its_end() {
    let mut world = World::new(&[]);
    world.say("n", "disk/x", &[("health", Value::Text("failing".into()))]);
    for number in 0..300 {
        let (who, text) = ("ana".to_owned(), format!("{number} {}", "ñ".repeat(TEXT_BYTES_MAX)));
        world.take(&Event::Note { incident: IncidentId(1), who, text, stage: None });
    }
    let incident = world.state.incidents().next().unwrap();
    let numbers: Vec<u64> = incident.timeline.iter().map(|entry| entry.number).collect();
    assert_eq!((numbers.len(), incident.left_out), (TIMELINE_MAX, 302 - 200));
    assert_eq!((numbers[TIMELINE_FIRST - 1], numbers[TIMELINE_FIRST]), (20, 123));
    assert_eq!(numbers.last(), Some(&302));
    assert!(incident.timeline.iter().all(|entry| entry.text.len() <= TEXT_BYTES_MAX));
    let told = world.actions.iter().filter(|(_, action)| matches!(action, Action::Timeline { .. })).count();
    assert_eq!(told, 302, "who keeps them all gets them all");
}
