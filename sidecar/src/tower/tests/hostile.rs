//! Nodes that send what they should not.

use atalaya_wire::event::Began;
use atalaya_wire::message::{Builder, HEAD_BYTES, VERSION};
use atalaya_wire::{ObjectId, text};

use super::bench::{Bench, Node, disk, system};
use crate::tower::Why;

fn refused(bench: &Bench, node: &str) -> Vec<(Why, u64)> {
    bench.board.read().nodes[node].refused.iter().collect()
}

#[test]
fn what_is_no_message_is_refused_counted_and_costs_others_nothing() {
    let (mut bench, mut node, mut other) = (Bench::new(), Node::new("nas"), Node::new("other"));
    node.connect(&mut bench);
    other.connect(&mut bench);
    let good = node.frame(&bench, &[("", system(40.0))]);
    for cut in [0, 1, HEAD_BYTES - 1, HEAD_BYTES + 3, good.len() - 1] {
        bench.hear("atalaya/nas/frame", good[..cut].to_vec());
    }
    let mut newer = good.clone();
    newer[0] = VERSION + 1;
    bench.hear("atalaya/nas/frame", newer);
    // Text is nothing that another version of this program would understand.
    bench.hear("atalaya/nas/frame", b"garbage".to_vec());
    bench.hear("atalaya/nas/record", b"{\"ts\":1}".to_vec());
    bench.hear("atalaya/nas/frame", vec![VERSION; 10 << 20]);
    bench.hear("atalaya/nas/record", good.clone());
    bench.hear("atalaya/nas/disk/x", b"{\"ts\":1".to_vec());
    bench.hear("atalaya/nas/disk/x", vec![b'['; 1 << 20]);
    assert_eq!(refused(&bench, "nas"), [(Why::Garbled, 8), (Why::Newer, 1), (Why::TooLong, 2), (Why::View, 1)]);
    bench.hear("atalaya/nas/frame", good);
    other.run(&mut bench, 1, &[("", system(40.0))]);
    assert_eq!(refused(&bench, "other"), []);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 4);
}

#[test]
fn what_a_newer_agent_says_beside_is_skipped_and_the_rest_is_kept() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let later = |bytes| {
        let mut builder = Builder::resume(bytes);
        // A view and an event that this tower does not know, before what it knows.
        assert!(builder.part(0x7fff, &ObjectId::of("x"), b"later"));
        assert!(builder.part(0xffff, &ObjectId::of("x"), b"later"));
        assert!(builder.sample(&ObjectId::of("WD-1"), &disk(31.0)));
        builder.finish()
    };
    let frame = later(node.frame(&bench, &[("", system(45.0))]));
    bench.hear("atalaya/nas/frame", frame);
    let record = later(node.record(&bench, &Began { version: text("9.0.0"), clean: true }));
    bench.hear("atalaya/nas/record", record);
    bench.hear("atalaya/nas/disk/WD-2", br#"{"ts":5,"seq":1,"temperature_celsius":32.0,"later":[1]}"#.to_vec());
    bench.pass(61);
    assert_eq!(refused(&bench, "nas"), []);
    let sample = |kind, id| bench.board.read().nodes["nas"].sample(kind, &id);
    assert_eq!(sample("system", ObjectId::only()), Some(system(45.0)));
    assert_eq!(sample("disk", ObjectId::of("WD-1")), Some(disk(31.0)));
    assert!(sample("disk", ObjectId::of("WD-2")).is_some());
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 2);
    assert_eq!(bench.number("SELECT count(*) FROM event WHERE kind = 'began'"), 1);
    assert_eq!(bench.ack("nas").unwrap().record_seq, 1);
}

#[test]
fn every_bit_of_a_frame_may_be_wrong() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let good = node.frame(&bench, &[("", system(40.0)), ("WD-1", disk(30.0))]);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        bench.hear("atalaya/nas/frame", bad);
        bench.pass(1);
    }
    bench.pass(61);
}

#[test]
fn a_node_that_speaks_for_another_is_refused() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let frame = node.frame(&bench, &[("", system(40.0))]);
    bench.hear_as("atalaya/nas/frame", frame.clone(), false, Some("node:other"));
    bench.hear_as("atalaya/nas/status", b"offline".to_vec(), false, Some("tool:grafana"));
    assert_eq!(refused(&bench, "nas"), [(Why::NotItself, 2)]);
    bench.hear_as("atalaya/nas/frame", frame, false, Some("node:nas"));
    bench.pass(61);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 2);
}

#[test]
fn a_flood_is_cut_before_it_is_read_and_others_are_heard() {
    let (mut bench, mut node, mut other) = (Bench::new(), Node::new("nas"), Node::new("other"));
    node.connect(&mut bench);
    for number in 0..5000 {
        bench.hear("atalaya/nas/disk/WD-1", disk(30.0).json(5, number));
    }
    other.connect(&mut bench);
    bench.pass(61);
    assert!(refused(&bench, "nas")[0].1 > 4000);
    assert_eq!(bench.number("SELECT count(*) FROM frame WHERE node = 2"), 1);
}

#[test]
fn more_objects_than_are_watched_are_refused() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    for number in 0..700 {
        bench.hear(&format!("atalaya/nas/disk/D{number}"), disk(30.0).json(5, 1));
        bench.pass(1);
    }
    let objects = bench.board.read().nodes["nas"].objects.len();
    assert_eq!(objects, crate::limits::OBJECTS_PER_NODE_MAX);
    assert!(refused(&bench, "nas").iter().any(|(why, _)| *why == Why::Objects));
}

#[test]
fn topics_of_nobody_make_no_node() {
    let mut bench = Bench::new();
    for topic in
        ["atalaya/_sidecar/status", "atalaya/x/cmd/refresh", "atalaya/x/status", "other/x/frame", "atalaya/ñ/frame"]
    {
        bench.hear(topic, b"online".to_vec());
    }
    assert!(bench.board.read().nodes.is_empty());
}
