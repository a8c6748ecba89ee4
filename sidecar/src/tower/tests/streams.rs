//! Frames and records: each once in effect, whatever is lost, doubled, late or interrupted.

use atalaya_wire::event::{Began, RunBegan, RunEnded};
use atalaya_wire::text;

use super::bench::{Bench, Node, disk, system};

fn began() -> Began {
    Began { version: text("0.1.0"), clean: true }
}

#[test]
fn a_record_is_acknowledged_after_its_commit_and_not_before() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let record = node.record(&bench, &began());
    bench.hear("atalaya/nas/record", record);
    assert_eq!(bench.ack("nas"), None);
    bench.pass(1);
    let ack = bench.ack("nas").unwrap();
    assert_eq!((ack.record_seq, ack.record_stream.len()), (1, 32));
    assert_eq!(bench.number("SELECT count(*) FROM record"), 1);
}

/// It does not ask the broker for what is kept there.
#[test]
fn who_comes_back_hears_how_far_it_is() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let record = node.record(&bench, &began());
    bench.hear("atalaya/nas/record", record);
    bench.pass(1);
    let before = bench.acks("nas");
    bench.hear("atalaya/nas/status", b"online".to_vec());
    bench.pass(2);
    assert_eq!((bench.acks("nas"), bench.ack("nas").unwrap().record_seq), (before + 1, 1));
    bench.hear_as("atalaya/nas/status", b"online".to_vec(), true, None);
    bench.pass(2);
    assert_eq!(bench.acks("nas"), before + 1, "what was kept is no coming");
}

#[test]
fn who_says_hello_before_it_is_known_hears_once_it_is() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    bench.hear("atalaya/nas/status", b"online".to_vec());
    bench.pass(2);
    assert_eq!((bench.acks("nas"), bench.board.read().nodes.len()), (0, 0), "a hello alone makes no node");
    let frame = node.frame(&bench, &[("", system(40.0))]);
    bench.hear("atalaya/nas/frame", frame);
    bench.pass(1);
    assert_eq!((bench.acks("nas"), bench.ack("nas").unwrap().record_seq), (1, 0));
    bench.pass(60);
    assert_eq!(bench.acks("nas"), 1);
}

#[test]
fn records_come_again_out_of_order_and_over_a_kill_and_count_once() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let records: Vec<Vec<u8>> = (0..8).map(|_| node.record(&bench, &began())).collect();
    for at in [0, 1, 1, 3, 0, 2, 3] {
        bench.hear("atalaya/nas/record", records[at].clone());
    }
    bench.pass(1);
    assert_eq!(bench.ack("nas").unwrap().record_seq, 4);
    // Not committed, so it counts as never heard.
    bench.hear("atalaya/nas/record", records[4].clone());
    let mut bench = bench.kill();
    bench.pass(1);
    assert_eq!(bench.ack("nas").unwrap().record_seq, 4);
    records[4..].iter().chain(&records).for_each(|record| bench.hear("atalaya/nas/record", record.clone()));
    bench.pass(1);
    assert_eq!(bench.ack("nas").unwrap().record_seq, 8);
    assert_eq!(bench.number("SELECT count(*) FROM record"), 8);
    assert_eq!(bench.number("SELECT count(*) FROM event WHERE kind = 'began'"), 8);
}

#[test]
fn frames_that_are_missing_are_asked_for_and_come_late() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let lost: Vec<Vec<u8>> = (0..3)
        .map(|_| {
            bench.pass(60);
            node.frame(&bench, &[("WD-1", disk(30.0))])
        })
        .collect();
    bench.pass(60);
    node.run(&mut bench, 1, &[("WD-1", disk(31.0))]);
    let ack = bench.ack("nas").unwrap();
    assert_eq!((ack.missing, ack.frame_stream.is_empty()), (vec![(2, 4)], false));
    lost.iter().for_each(|frame| bench.hear("atalaya/nas/frame", frame.clone()));
    lost.iter().for_each(|frame| bench.hear("atalaya/nas/frame", frame.clone()));
    node.run(&mut bench, 2, &[("WD-1", disk(31.0))]);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 7);
    let ordered = "SELECT count(DISTINCT at_millis / 1000) FROM frame";
    assert_eq!(bench.number(ordered), 7, "each has its own time");
    assert_eq!(bench.number("SELECT count(*) FROM gap"), 0);
    // What came late is history, and not what the disk has now.
    let seen = bench.board.read();
    let now = seen.nodes["nas"].sample("disk", &atalaya_wire::ObjectId::of("WD-1"));
    assert_eq!(now, Some(disk(31.0)));
}

#[test]
fn frames_that_never_come_are_a_gap_with_its_times() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.pass(60);
    let _ = node.frame(&bench, &[]);
    bench.pass(60);
    node.run(&mut bench, 60, &[("", system(40.0))]);
    assert_eq!(bench.number("SELECT count(*) FROM gap"), 1);
    assert_eq!(bench.number("SELECT until - since FROM gap"), 120);
    assert_eq!(bench.ack("nas").unwrap().missing, []);
}

#[test]
fn a_kill_costs_no_frame_that_the_node_still_has() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.pass(61);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 1);
    let frame = node.frame(&bench, &[("", system(41.0))]);
    bench.hear("atalaya/nas/frame", frame.clone());
    let mut bench = bench.kill();
    let next = node.frame(&bench, &[("", system(42.0))]);
    bench.hear("atalaya/nas/frame", next);
    bench.pass(10);
    assert_eq!(bench.ack("nas").unwrap().missing, [(2, 2)]);
    bench.hear("atalaya/nas/frame", frame);
    bench.pass(60);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 3);
}

#[test]
fn a_run_is_one_line_with_its_beginning_and_its_end() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let stamp = node.stamp(&bench);
    let begin = RunBegan { run: [5; 16], job: text("photos"), cause: text("calendar") };
    let record = node.record(&bench, &begin);
    bench.hear("atalaya/nas/record", record);
    bench.pass(600);
    let end = RunEnded {
        run: [5; 16],
        job: text("photos"),
        began: stamp,
        result: text("failed"),
        exit: Some(1),
        problem: text("the disk is full"),
    };
    let record = node.record(&bench, &end);
    bench.hear("atalaya/nas/record", record);
    bench.pass(1);
    assert_eq!(bench.number("SELECT count(*) FROM run"), 1);
    assert_eq!(bench.number("SELECT ended - began FROM run"), 600);
    let text = bench.text("SELECT job || ' ' || cause || ' ' || result || ' ' || problem FROM run");
    assert_eq!(text, "photos calendar failed the disk is full");
}

#[test]
fn a_new_run_of_the_agent_is_a_new_stream_of_frames() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 3, &[("", system(40.0))]);
    (node.stream, node.frames) = (2, 0);
    node.run(&mut bench, 2, &[("", system(40.0))]);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 6);
    assert_eq!(bench.number("SELECT seq FROM stream WHERE kind = 1"), 2);
}

#[test]
fn what_the_writer_does_not_take_is_kept_and_what_is_too_much_is_asked_for_again() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let frames: Vec<Vec<u8>> = (0..400).map(|_| node.frame(&bench, &[("", system(40.0))])).collect();
    // Nothing is committed meanwhile.
    for frame in &frames {
        bench.clock.pass(std::time::Duration::from_secs(1));
        bench.hear("atalaya/nas/frame", frame.clone());
    }
    let batch = bench.tower.finish(crate::clock::Clock::now(&bench.clock));
    bench.tower.back(batch);
    bench.pass(61);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 401);
}

/// Whoever feeds it waits then, so that nothing has to be asked for again.
#[test]
fn a_tower_whose_writer_is_behind_says_that_it_is_full() {
    let mut bench = Bench::new();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut nodes = names.map(Node::new);
    nodes.iter_mut().for_each(|node| node.connect(&mut bench));
    bench.pass(1);
    let mut taken = 0;
    'all: for _ in 0..500 {
        for (name, node) in names.into_iter().zip(&mut nodes) {
            if bench.tower.is_full() {
                break 'all;
            }
            let record = node.record(&bench, &began());
            bench.hear(&format!("atalaya/{name}/record"), record);
            taken += 1;
        }
    }
    assert!(bench.tower.is_full(), "{taken} records filled nothing");
    bench.commit();
    assert!(!bench.tower.is_full());
    assert_eq!(bench.number("SELECT count(*) FROM record"), taken);
}
