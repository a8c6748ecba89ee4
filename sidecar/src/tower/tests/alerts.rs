//! From a frame to a notification, and over a kill between any two commits.

use std::time::Duration;

use atalaya_alert::{AlertKey, IncidentId, Matcher, Quiet, Target, Wall};
use atalaya_wire::view::Disk;
use atalaya_wire::{Sample, text};

use super::bench::{Bench, Node, START, disk, system};
use crate::clock::Clock;
use crate::db::{Effect, NODE, Row};
use crate::tower::Wish;

fn failing() -> Sample {
    Disk { health: Some(text("failing")), model: Some(text("WD Red")), ..Disk::default() }.into()
}

fn firing() -> (Bench, Node) {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 3, &[("WD-1", failing())]);
    (bench, node)
}

fn key(bench: &Bench) -> AlertKey {
    bench.board.read().alerts.keys().next().unwrap().clone()
}

#[test]
fn a_failing_disk_is_told_once_with_everything_in_one_transaction() {
    let (mut bench, _) = firing();
    let key = key(&bench);
    assert_eq!((key.node.as_str(), key.object.as_str()), ("nas", "disk/WD-1"));
    bench.pass(60);
    assert_eq!(bench.number("SELECT count(*) FROM notification WHERE kind = 'fired'"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM delivery WHERE state = 'waiting' AND channel = 'mail'"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM incident"), 1);
    assert!(bench.number("SELECT count(*) FROM timeline") >= 2);
    assert!(!bench.text("SELECT title_es FROM incident").is_empty());
    let events = bench
        .out
        .iter()
        .filter(|effect| matches!(effect, Effect::Publish { topic, .. } if topic == "atalaya/_sidecar/event/alert"));
    assert_eq!(events.count(), 1);
    assert!(bench.out.iter().any(|effect| matches!(effect, Effect::Notify)));
}

#[test]
fn what_is_remembered_of_a_node_is_written_once_a_batch() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    bench.pass(2);
    let disks: Vec<String> = (0..20).map(|number| format!("WD-{number}")).collect();
    let samples: Vec<_> = disks.iter().map(|disk| (disk.as_str(), failing())).collect();
    let frame = node.frame(&bench, &samples);
    bench.hear("atalaya/nas/frame", frame);
    bench.clock.pass(Duration::from_secs(1));
    let batch = bench.tower.pass(bench.clock.now()).unwrap();
    let is_its = |row: &&Row| matches!(row, Row::AlertPart { kind, key, .. } if *kind == NODE && key == "nas");
    assert_eq!(batch.rows.iter().filter(is_its).count(), 1);
}

#[test]
fn a_kill_at_any_second_forgets_no_alert_and_tells_none_twice() {
    for second in (0..120).step_by(7) {
        let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
        node.connect(&mut bench);
        for at in 0..180 {
            if at % 30 == 0 {
                let frame = node.frame(&bench, &[("WD-1", failing())]);
                bench.hear("atalaya/nas/frame", frame);
            }
            bench.pass(1);
            if at == second {
                bench = bench.kill();
            }
        }
        assert_eq!(bench.number("SELECT count(*) FROM notification WHERE kind = 'fired'"), 1, "{second}");
        assert_eq!(bench.board.read().alerts.len(), 1, "{second}");
    }
}

#[test]
fn somebody_takes_care_and_the_audit_says_who() {
    let (mut bench, _) = firing();
    let what = Target::Alert(key(&bench));
    bench.ask(Wish::Acknowledge { what, note: "a new one is ordered".into() }).unwrap();
    let ack = bench.board.read().alerts.values().next().unwrap().ack.clone().unwrap();
    assert_eq!((ack.who.as_str(), ack.note.as_str()), ("ana", "a new one is ordered"));
    assert_eq!(bench.text("SELECT who || ' ' || how || ' ' || what FROM audit"), "ana page alert.acknowledge");
    let unknown = Target::Incident(IncidentId(99));
    assert!(bench.ask(Wish::Acknowledge { what: unknown, note: String::new() }).is_err());
    assert_eq!(bench.number("SELECT count(*) FROM audit"), 1);
    let bench = bench.kill();
    assert!(bench.board.read().alerts.values().next().unwrap().ack.is_some());
}

#[test]
fn a_silence_holds_over_a_restart_and_ends_by_itself() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let quiet = Quiet {
        id: "q1".into(),
        maintenance: false,
        matcher: Matcher { node: Some("nas".into()), ..Matcher::default() },
        until: Wall(START + 1800),
        who: "ana".into(),
        why: "new disks".into(),
        ends: Default::default(),
    };
    bench.ask(Wish::Quiet(quiet)).unwrap();
    let mut bench = bench.kill();
    assert_eq!(bench.board.read().quiets.len(), 1);
    node.run(&mut bench, 10, &[("WD-1", failing())]);
    assert_eq!(bench.number("SELECT count(*) FROM notification"), 0);
    node.run(&mut bench, 25, &[("WD-1", failing())]);
    assert_eq!(bench.text("SELECT group_concat(kind) FROM notification"), "silence_ended");
}

#[test]
fn what_is_well_again_is_told_and_leaves_the_board() {
    let (mut bench, mut node) = firing();
    node.run(&mut bench, 2, &[("WD-1", failing())]);
    let well = Sample::from(Disk { health: Some(text("ok")), ..Disk::default() });
    node.run(&mut bench, 200, &[("WD-1", well), ("", system(40.0))]);
    let open: Vec<String> = bench.board.read().alerts.keys().map(ToString::to_string).collect();
    assert_eq!(open, [] as [&str; 0]);
    assert_eq!(bench.number("SELECT count(*) FROM notification WHERE kind = 'resolved'"), 1);
    assert_eq!(bench.number("SELECT count(*) FROM incident WHERE ended IS NOT NULL"), 1);
}

#[test]
fn whoever_stands_for_two_sets_is_told_once() {
    let (mut bench, mut node) = firing();
    node.run(&mut bench, 70, &[("WD-1", failing())]);
    let told = |bench: &Bench, kind: &str| {
        let sql =
            "SELECT count(*) FROM delivery JOIN notification ON id = notification WHERE body LIKE '%Disk is failing%'";
        bench.number(&format!("{sql} AND kind = '{kind}'"))
    };
    assert_eq!(told(&bench, "escalated"), 1, "nobody answered");
    let well = Sample::from(Disk { health: Some(text("ok")), ..Disk::default() });
    node.run(&mut bench, 200, &[("WD-1", well), ("", system(40.0))]);
    assert_eq!(told(&bench, "resolved"), 1);
}

#[test]
fn old_frames_alarm_nobody() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let old: Vec<Vec<u8>> = (0..10)
        .map(|_| {
            bench.pass(60);
            node.frame(&bench, &[("WD-1", failing())])
        })
        .collect();
    bench.pass(3600);
    old.into_iter().for_each(|frame| bench.hear("atalaya/nas/frame", frame));
    node.run(&mut bench, 5, &[("WD-1", disk(30.0))]);
    assert_eq!(bench.number("SELECT count(*) FROM alert_part WHERE key = 'nas' AND body LIKE '%failing%'"), 0);
    assert_eq!(bench.number("SELECT count(*) FROM frame"), 16);
}
