//! What is told of whom, and when no more.

use atalaya_alert::Presence;
use atalaya_wire::view::{Backup, Disk, FileSystem, Upkeep};
use atalaya_wire::{ObjectId, Sample, text};
use prometheus_client::encoding::text::encode;

use super::*;
use crate::db;
use crate::db::read::figures::Counted;
use crate::tower::{Latest, NodeState, Seen, Why};
use crate::web::view::View;

const NOW: i64 = 1_795_000_000;

/// A node of a customer that was heard then, with a disk and a file system.
fn node(name: &str, customer: &str, seen: i64) -> NodeState {
    let row = db::Node {
        id: 1,
        name: name.into(),
        title: name.into(),
        customer: customer.into(),
        site: String::new(),
        parent: None,
        state: "member",
        joined: 1,
    };
    let mut node = NodeState::new(row, seen);
    node.presence = Presence::Online;
    let disk: Sample = Disk { health: Some(text("ok")), temperature_celsius: Some(34.5), ..Disk::default() }.into();
    let fs: Sample =
        FileSystem { used_percent: Some(81.0), mount: Some(text("/\"a\\b")), ..FileSystem::default() }.into();
    for (kind, id, sample) in [("disk", "WD-1", disk), ("fs", "root", fs)] {
        let id = ObjectId::parse(id).unwrap();
        node.objects.insert((kind, id), Latest::new(&sample, seen, false).unwrap());
    }
    node
}

fn told(nodes: Vec<NodeState>, whose: &Customers) -> String {
    let nodes = nodes.into_iter().map(|node| (node.row.name.clone(), node)).collect();
    let seen = Seen { nodes, ..Seen::default() };
    let mut families = Families::default();
    fleet::of(&View::new(&seen, whose), NOW, &mut families);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(families));
    let mut encoded = String::new();
    encode(&mut encoded, &registry).unwrap();
    encoded
}

#[test]
fn a_node_that_is_silent_for_five_minutes_has_no_series_but_that_it_is() {
    let fresh = told(vec![node("nas", "Ana", NOW - 299)], &Customers::All);
    assert!(fresh.contains("atalaya_node_up{customer=\"Ana\",node=\"nas\"} 1"), "{fresh}");
    assert!(
        fresh.contains("atalaya_disk_temperature_celsius{customer=\"Ana\",node=\"nas\",id=\"WD-1\"} 34.5"),
        "{fresh}"
    );
    assert!(
        fresh.contains("atalaya_disk_health_state{customer=\"Ana\",node=\"nas\",id=\"WD-1\",state=\"ok\"} 1"),
        "{fresh}"
    );
    let silent = told(vec![node("nas", "Ana", NOW - 300)], &Customers::All);
    let lines: Vec<&str> = silent.lines().filter(|line| !line.starts_with('#')).collect();
    let seen = format!("atalaya_node_last_seen_timestamp_seconds{{customer=\"Ana\",node=\"nas\"}} {}.0", NOW - 300);
    assert_eq!(lines, [seen.as_str(), "atalaya_node_up{customer=\"Ana\",node=\"nas\"} 0.0"]);
}

#[test]
fn what_a_node_sent_and_was_not_taken_is_told_with_why() {
    let mut liar = node("nas", "Ana", NOW - 4000);
    for why in [Why::NotItself, Why::NotItself, Why::Garbled] {
        liar.refused.count(why, std::time::Duration::ZERO);
    }
    let told = told(vec![liar, node("other", "Ana", NOW)], &Customers::All);
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("atalaya_node_refused_messages")).collect();
    let line = |reason: &str, count: u32| {
        format!("atalaya_node_refused_messages_total{{customer=\"Ana\",node=\"nas\",reason=\"{reason}\"}} {count}.0")
    };
    assert_eq!(lines, [line("garbled", 1), line("not_itself", 2)], "and nothing of those that are in order");
}

#[test]
fn runs_are_told_of_jobs_that_there_are_on_nodes_that_are_heard() {
    let with = |name: &str, seen: i64, job: &str| {
        let mut node = node(name, "Ana", seen);
        let backup: Sample = Backup { job: Some(text(job)), ..Backup::default() }.into();
        let check: Sample = Upkeep { name: Some(text("nas")), task: Some(text("check")), ..Upkeep::default() }.into();
        for (kind, sample) in [("backup", backup), ("upkeep", check)] {
            node.objects.insert((kind, ObjectId::of("x")), Latest::new(&sample, seen, false).unwrap());
        }
        node
    };
    let nodes = [with("nas", NOW, "photos"), with("silent", NOW - 300, "photos")];
    let seen = Seen { nodes: nodes.into_iter().map(|node| (node.row.name.clone(), node)).collect(), ..Seen::default() };
    let jobs = backups::jobs(&View::new(&seen, &Customers::All), NOW);
    let is_told = |node: &str, job: &str| {
        let (node, job) = (node.to_owned(), job.to_owned());
        let one =
            Counted { customer: "Ana".into(), node, job, result: None, count: 1, good: 1, seconds: None, bytes: None };
        backups::is_there(&one, &jobs)
    };
    assert!(is_told("nas", "photos") && is_told("nas", "nas.check"));
    assert!(!is_told("nas", "music"), "a job that is not in the configuration any more");
    assert!(!is_told("silent", "photos") && !is_told("retired", "photos"));
    assert_eq!(backups::jobs(&View::new(&seen, &Customers::of(&["Eva".into()]).unwrap()), NOW), [].into());
}

#[test]
fn a_customer_sees_their_own_alone() {
    let nodes = vec![node("nas", "Ana", NOW), node("other", "Eva", NOW)];
    let told = told(nodes, &Customers::of(&["Ana".into()]).unwrap());
    assert!(told.contains("node=\"nas\"") && !told.contains("Eva") && !told.contains("other"), "{told}");
}

#[test]
fn where_there_is_too_much_minor_views_go_first_and_it_is_said() {
    let mut big = node("nas", "Ana", NOW);
    let probe: Sample = atalaya_wire::view::Probe { state: Some(text("ok")), ..Default::default() }.into();
    for at in 0..families::LINES_MAX {
        let id = ObjectId::parse(&format!("p{at}")).unwrap();
        big.objects.insert(("probe", id), Latest::new(&probe, NOW, false).unwrap());
    }
    let mut seen = Seen::default();
    seen.nodes.insert("nas".into(), big);
    let mut families = Families::default();
    fleet::of(&View::new(&seen, &Customers::All), NOW, &mut families);
    assert_eq!(families.left_out, ["probe"]);
    assert!(families.room() > families::LINES_MAX - 100);
}

#[test]
fn the_older_format_names_a_counter_as_its_lines_do() {
    let mut families = Families::default();
    families.count("backup", "Runs that ended", vec![("node", "nas".into())], 3.0);
    let mut registry = Registry::default();
    registry.register_collector(Box::new(families));
    let mut encoded = String::new();
    encode(&mut encoded, &registry).unwrap();
    let lines = "# HELP backup_total Runs that ended\n# TYPE backup_total counter\nbackup_total{node=\"nas\"} 3.0\n";
    assert_eq!(text::older(&encoded), lines);
    assert!(encoded.starts_with("# HELP backup ") && encoded.ends_with("# EOF\n"), "{encoded}");
}
