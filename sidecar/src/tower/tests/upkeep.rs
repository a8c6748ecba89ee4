//! Tasks of a repository's upkeep: from a record to what is kept of a run, from a frame to an alert.

use atalaya_wire::event::{Event, RunEnded};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::{Store, Upkeep};
use atalaya_wire::{ObjectId, Sample, StreamId, text};

use super::bench::{Bench, Node};

fn check(verdict: &str, result: &str) -> Upkeep {
    Upkeep {
        name: Some(text("nas")),
        task: Some(text("check")),
        state: Some(text("idle")),
        result: Some(text(result)),
        verdict: Some(text(verdict)),
        findings_count: Some(2),
        damaged: (verdict == "damaged").then(|| text("pack: 0badcafe is damaged")),
        ..Upkeep::default()
    }
}

/// A record of a run that ended, with the view beside it.
fn record(node: &mut Node, bench: &Bench, view: Upkeep) -> Vec<u8> {
    let ended = RunEnded {
        run: [6; 16],
        job: text("nas.check"),
        began: node.stamp(bench),
        result: text("failed"),
        exit: Some(1),
        problem: text("the check found 2; the first: pack: 0badcafe is damaged"),
    };
    node.records += 1;
    let id = StreamId([node.stream + 100; 16]);
    let head = Head { stream: Stream::Record, id, seq: node.records, stamp: node.stamp(bench) };
    let mut builder = Builder::new(&head);
    let about = ObjectId::of("nas-check");
    assert!(builder.part(RunEnded::KIND, &about, &postcard::to_allocvec(&ended).unwrap()));
    assert!(builder.sample(&about, &view.into()));
    builder.finish()
}

fn alerts(bench: &Bench) -> Vec<String> {
    bench.board.read().alerts.keys().map(|key| format!("{} {}", key.object.as_str(), key.rule.as_str())).collect()
}

#[test]
fn a_run_of_a_task_is_kept_with_what_it_found() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let record = record(&mut node, &bench, check("damaged", "failed"));
    bench.hear("atalaya/nas/record", record);
    bench.pass(1);
    assert_eq!(bench.ack("nas").unwrap().record_seq, 1);
    let kept =
        bench.text("SELECT job || ' ' || result || ' ' || exit || ' ' || json_extract(view, '$.damaged') FROM run");
    assert_eq!(kept, "nas.check failed 1 pack: 0badcafe is damaged");
}

#[test]
fn damage_is_critical_until_a_check_finds_none() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    node.run(&mut bench, 3, &[("nas-check", check("damaged", "failed").into())]);
    assert!(alerts(&bench).contains(&"upkeep/nas-check upkeep-damaged".to_owned()), "{:?}", alerts(&bench));
    assert_eq!(bench.number("SELECT count(*) FROM notification WHERE kind = 'fired' AND severity = 'critical'"), 1);
    // One that could not be made, or that saw checksums alone, says nothing of what is damaged.
    node.run(&mut bench, 3, &[("nas-check", check("unverified", "ok").into())]);
    assert!(alerts(&bench).contains(&"upkeep/nas-check upkeep-damaged".to_owned()));
    node.run(&mut bench, 3, &[("nas-check", check("verified", "ok").into())]);
    assert!(!alerts(&bench).iter().any(|alert| alert.contains("damaged")), "{:?}", alerts(&bench));
}

#[test]
fn little_room_where_backups_lie_is_told_without_being_asked_for() {
    let (mut bench, mut node) = (Bench::new(), Node::new("nas"));
    node.connect(&mut bench);
    let store = |free: Option<f32>, state: &str| -> [(&str, Sample); 1] {
        let (repo, state) = (Some(text("/srv/nas")), Some(text(state)));
        [("srv", Store { repo, state, free_percent: free, ..Store::default() }.into())]
    };
    // The node says nothing else, which is an alert of its own.
    let alerts = |bench: &Bench| -> Vec<String> {
        alerts(bench).into_iter().filter(|alert| alert.starts_with("store/")).collect()
    };
    node.run(&mut bench, 40, &store(Some(25.0), "ok"));
    assert_eq!(alerts(&bench), Vec::<String>::new());
    node.run(&mut bench, 40, &store(Some(19.0), "ok"));
    assert_eq!(alerts(&bench), ["store/srv repository-space"]);
    // A disk that is away has no room that anybody knows of.
    node.run(&mut bench, 40, &store(None, "missing"));
    assert_eq!(alerts(&bench), ["store/srv repository-space"]);
    node.run(&mut bench, 40, &store(Some(9.0), "ok"));
    assert!(alerts(&bench).contains(&"store/srv repository-full".to_owned()), "{:?}", alerts(&bench));
}
