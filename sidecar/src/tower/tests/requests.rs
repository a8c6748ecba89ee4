//! What nodes want certificates for: kept over a kill, to a bound, and only as they may be.

use atalaya_wire::event::Requested;
use atalaya_wire::limits::REQUEST_BYTES_MAX;
use atalaya_wire::text;

use super::bench::{Bench, Node};
use crate::limits::REQUESTS_PER_NODE_MAX;
use crate::tower::Request;

fn wants(length: usize, installed: &str) -> Requested {
    Requested { request: vec![7; length], installed: text(installed) }
}

fn known(bench: &Bench, name: &str) -> Option<Request> {
    bench.board.read().nodes["nas"].requests.get(name).cloned()
}

fn tell(bench: &mut Bench, node: &mut Node, name: &str, told: &Requested) {
    let record = node.record_about(bench, name, told);
    bench.hear("atalaya/nas/record", record);
    bench.pass(1);
}

#[test]
fn a_request_survives_a_kill_and_the_last_one_counts() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    tell(&mut bench, &mut node, "web", &wants(300, ""));
    tell(&mut bench, &mut node, "web", &wants(310, "ab"));
    tell(&mut bench, &mut node, "mail", &wants(320, ""));
    assert_eq!(bench.ack("nas").unwrap().record_seq, 3, "each is acknowledged");
    let bench = bench.kill();
    let web = known(&bench, "web").unwrap();
    assert_eq!((web.body.len(), web.installed.as_str()), (310, "ab"));
    assert_eq!(known(&bench, "mail").unwrap().body.len(), 320);
    assert_eq!(bench.number("SELECT count(*) FROM request"), 2);
}

#[test]
fn a_node_that_asks_without_end_fills_nothing() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    for number in 0..2 * REQUESTS_PER_NODE_MAX {
        tell(&mut bench, &mut node, &format!("c{number}"), &wants(300, ""));
    }
    assert_eq!(bench.number("SELECT count(*) FROM request"), REQUESTS_PER_NODE_MAX as i64);
    let first = known(&bench, "c0").unwrap();
    for length in [REQUEST_BYTES_MAX, REQUEST_BYTES_MAX + 1] {
        tell(&mut bench, &mut node, "c0", &wants(length, ""));
    }
    tell(&mut bench, &mut node, "", &wants(300, ""));
    assert_eq!(known(&bench, "c0").unwrap().body.len(), REQUEST_BYTES_MAX, "one that is longer is none");
    assert_ne!(known(&bench, "c0").unwrap(), first);
    // What stands already is not written again, whatever its time.
    let at = known(&bench, "c1").unwrap().at;
    bench.pass(90_000);
    tell(&mut bench, &mut node, "c1", &wants(300, ""));
    assert_eq!(known(&bench, "c1").unwrap().at, at);
}
