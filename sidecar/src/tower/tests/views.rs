//! What is shown of a node.

use atalaya_alert::Presence;
use atalaya_wire::ObjectId;

use super::bench::{Bench, Node, START, disk, meta, system, terms};
use crate::tower::{Terms, Wish};

#[test]
fn a_node_is_there_with_its_name_and_what_it_has() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.hear("atalaya/nas/disk/WD-1", disk(33.0).json(5, 1));
    bench.pass(1);
    let seen = bench.board.read();
    let state = &seen.nodes["nas"];
    assert_eq!((state.row.title.as_str(), state.presence, state.interval), ("Attic", Presence::Online, 60));
    assert_eq!(state.sample("disk", &ObjectId::of("WD-1")), Some(disk(33.0)));
    drop(seen);
    assert_eq!(bench.text("SELECT title FROM node"), "Attic");
}

#[test]
fn what_the_broker_kept_counts_only_where_nothing_newer_is_known() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let celsius = |bench: &Bench| bench.board.read().nodes["nas"].sample("disk", &ObjectId::of("WD-1"));
    bench.hear_as("atalaya/nas/disk/WD-1", disk(20.0).json(5, 1), true, None);
    assert_eq!(celsius(&bench), Some(disk(20.0)));
    bench.hear("atalaya/nas/disk/WD-1", disk(30.0).json(6, 2));
    bench.hear_as("atalaya/nas/disk/WD-1", disk(20.0).json(5, 1), true, None);
    assert_eq!(celsius(&bench), Some(disk(30.0)));
    bench.hear_as("atalaya/nas/disk/WD-1", Vec::new(), false, None);
    assert_eq!(celsius(&bench), None);
}

#[test]
fn presence_is_what_the_broker_says_and_what_is_heard() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let presence = |bench: &Bench| bench.board.read().nodes["nas"].presence;
    bench.hear("atalaya/nas/status", b"offline".to_vec());
    assert_eq!(presence(&bench), Presence::Offline);
    bench.hear("atalaya/nas/status", b"online".to_vec());
    assert_eq!(presence(&bench), Presence::Online);
    bench.pass(310);
    assert_eq!(presence(&bench), Presence::Silent);
    node.run(&mut bench, 1, &[("", system(40.0))]);
    assert_eq!(presence(&bench), Presence::Online);
}

#[test]
fn nobody_is_judged_while_we_are_not_connected_ourselves() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.pass(10);
    bench.say(crate::tower::Word::Down("cut".into()));
    bench.pass(3600);
    assert_eq!(bench.board.read().nodes["nas"].presence, Presence::Online);
    bench.say(crate::tower::Word::Up);
    bench.pass(200);
    assert_eq!(bench.board.read().nodes["nas"].presence, Presence::Online);
    bench.pass(120);
    assert_eq!(bench.board.read().nodes["nas"].presence, Presence::Silent);
}

#[test]
fn when_a_node_was_last_heard_is_known_after_a_restart() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 3, &[("", system(40.0))]);
    bench.pass(61);
    let seen = |bench: &Bench| bench.board.read().nodes["nas"].seen;
    let before = seen(&bench);
    assert_eq!(before, START + 120);
    let mut bench = bench.kill();
    assert_eq!(seen(&bench), before);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 4, "it costs no write of its own");
    // Giving up what is missing writes the stream as well, and hears nobody.
    bench.pass(3600);
    assert_eq!(seen(&bench.kill()), before);
}

#[test]
fn a_restart_does_not_begin_anew_with_a_silent_node() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 2, &[("", system(40.0))]);
    bench.pass(200);
    let presence = |bench: &Bench| bench.board.read().nodes["nas"].presence;
    assert_eq!(presence(&bench), Presence::Online);
    let mut bench = bench.kill();
    bench.pass(115);
    assert_eq!(presence(&bench), Presence::Online, "it has time to come back");
    bench.pass(10);
    assert_eq!(presence(&bench), Presence::Silent);
    // One that comes back begins anew.
    let mut bench = bench.kill();
    node.connect(&mut bench);
    bench.pass(290);
    assert_eq!(presence(&bench), Presence::Online);
    bench.pass(20);
    assert_eq!(presence(&bench), Presence::Silent);
}

#[test]
fn a_restart_knows_nodes_alerts_and_presence_and_makes_nobody_silent() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.pass(70);
    let mut bench = bench.kill();
    assert_eq!(bench.board.read().nodes["nas"].presence, Presence::Online);
    // With the 70 seconds before, of 300.
    bench.pass(220);
    assert_eq!(bench.board.read().nodes["nas"].presence, Presence::Online);
}

#[test]
fn a_node_that_was_never_heard_is_not_there_after_restarts_either() {
    let mut bench = Bench::new();
    bench.ask(Wish::Node(crate::tower::NodeWish { node: "nas".into(), ..Default::default() })).unwrap();
    let known = |bench: &Bench| {
        let seen = bench.board.read();
        (seen.nodes["nas"].presence, seen.nodes["nas"].seen, seen.alerts.len())
    };
    for turn in 0..3 {
        assert_eq!(known(&bench), (Presence::Offline, 0, 0), "{turn}");
        // What the broker kept of it was said to somebody else.
        bench.hear_as("atalaya/nas/disk/WD-1", disk(20.0).json(5, 1), true, None);
        bench.pass(400);
        assert_eq!(known(&bench), (Presence::Offline, 0, 0), "{turn}");
        bench = bench.kill();
    }
    Node::new("nas").connect(&mut bench);
    bench.pass(61);
    assert_eq!(bench.kill().board.read().nodes["nas"].presence, Presence::Online);
}

#[test]
fn a_stranger_waits_to_be_accepted() {
    let mut bench = Bench::with(Terms { accept: false, ..terms() });
    let mut node = Node::new("nas");
    node.connect(&mut bench);
    bench.pass(61);
    assert_eq!(bench.board.read().nodes["nas"].row.state, "new");
    let wish = crate::tower::NodeWish { node: "nas".into(), must_exist: true, ..Default::default() };
    bench.ask(Wish::Node(wish)).unwrap();
    assert_eq!(bench.board.read().nodes["nas"].row.state, "member");
    assert_eq!(bench.text("SELECT state FROM node"), "member");
    assert_eq!(bench.text("SELECT who || ' ' || what || ' ' || target FROM audit"), "ana node.change nas");
    for number in 0..200 {
        bench.hear(&format!("atalaya/x{number}/meta"), meta(60).json(5, 1));
    }
    assert_eq!(bench.board.read().nodes.len(), 1 + crate::limits::NODES_NEW_MAX);
}

#[test]
fn a_retired_node_is_gone_with_what_the_broker_kept_and_its_number_is_not_given_again() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.hear("atalaya/nas/disk/WD-1", disk(20.0).json(5, 1));
    bench.pass(61);
    bench.ask(Wish::Retire { node: "nas".into(), forget: false }).unwrap();
    assert!(bench.board.read().nodes.is_empty());
    let cleared: Vec<&str> = bench
        .out
        .iter()
        .filter_map(|effect| match effect {
            crate::db::Effect::Publish { topic, payload, retain: true } if payload.is_empty() => Some(topic.as_str()),
            _ => None,
        })
        .collect();
    assert!(cleared.contains(&"atalaya/nas/disk/WD-1") && cleared.contains(&"atalaya/nas/ack"), "{cleared:?}");
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 1);
    let mut other = Node::new("other");
    other.connect(&mut bench);
    bench.pass(1);
    assert_eq!(bench.board.read().nodes["other"].row.id, 2);
    node.connect(&mut bench);
    bench.pass(61);
    assert_eq!(bench.board.read().nodes["nas"].row.id, 1, "it comes back to its own past");
    assert_eq!(bench.text("SELECT state FROM node WHERE id = 1"), "member");
    bench.ask(Wish::Retire { node: "other".into(), forget: true }).unwrap();
    assert_eq!(bench.number("SELECT count(*) FROM node WHERE name = 'other'"), 0);
}

#[test]
fn parents_make_no_circle() {
    let mut bench = Bench::new();
    ["a", "b", "c"].into_iter().for_each(|name| Node::new(name).connect(&mut bench));
    let mut parent = |node: &str, parent: &str| {
        let wish = crate::tower::NodeWish { node: node.into(), parent: Some(parent.into()), ..Default::default() };
        bench.ask(Wish::Node(wish)).map_err(|err| err.text)
    };
    parent("b", "a").unwrap();
    parent("c", "b").unwrap();
    assert_eq!(parent("a", "c").unwrap_err(), "c is behind a itself");
    assert_eq!(parent("a", "a").unwrap_err(), "a is behind a itself");
    assert_eq!(parent("a", "x").unwrap_err(), "there is no node \"x\"");
    parent("b", "").unwrap();
    parent("a", "c").unwrap();
}
