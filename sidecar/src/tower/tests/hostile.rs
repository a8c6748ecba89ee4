//! Nodes that send what they should not.

use atalaya_wire::message::{HEAD_BYTES, VERSION};

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
    bench.hear("atalaya/nas/frame", vec![VERSION; 10 << 20]);
    bench.hear("atalaya/nas/record", good.clone());
    bench.hear("atalaya/nas/disk/x", b"{\"ts\":1".to_vec());
    bench.hear("atalaya/nas/disk/x", vec![b'['; 1 << 20]);
    assert_eq!(refused(&bench, "nas"), [(Why::Garbled, 6), (Why::Newer, 1), (Why::TooLong, 2), (Why::View, 1)]);
    bench.hear("atalaya/nas/frame", good);
    other.run(&mut bench, 1, &[("", system(40.0))]);
    assert_eq!(refused(&bench, "other"), []);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 4);
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
