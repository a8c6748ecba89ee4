//! Who goes, who is gone, and who is only away for a moment.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::{let_pass, until};

fn broker_at(port: u16) -> String {
    format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n")
}

fn words(ear: &Ear) -> Vec<String> {
    ear.on("/status").iter().map(super::ear::Said::text).collect()
}

#[test]
fn who_is_back_in_time_was_never_gone_and_who_is_not_is() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/+/status"]);
    // A minute is fifteen seconds here.
    let mut nas = Nas::new(folder.path(), "nas", 4, &broker_at(broker.port));
    nas.start();
    until(|| nas.log(), || words(&ear) == ["online"]);
    nas.kill();
    nas.start();
    until(|| nas.log(), || words(&ear).len() == 2);
    let_pass(Duration::from_secs(20));
    assert_eq!(words(&ear), ["online", "online"]);
    nas.kill();
    until(|| broker.log(), || words(&ear) == ["online", "online", "offline"]);
}

#[test]
fn who_is_stopped_says_so_and_does_not_leave_it_to_the_broker() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/+/status"]);
    let mut nas = Nas::new(folder.path(), "nas", 1, &broker_at(broker.port));
    nas.start();
    until(|| nas.log(), || words(&ear) == ["online"]);
    assert_eq!(nas.stop(), Some(0));
    let stopped = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    until(|| broker.log(), || words(&ear) == ["online", "offline"]);
    // A will would come a minute later.
    assert!(ear.on("/status")[1].at < stopped + 30.0);
}

#[test]
fn a_state_folder_that_is_removed_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#"]);
    let mut nas = Nas::new(folder.path(), "nas", 20, &broker_at(broker.port));
    nas.start();
    until(|| nas.log(), || nas.connected());
    fs::rename(nas.state(), folder.path().join("away")).unwrap();
    until(|| nas.log(), || nas.connected());
    assert_eq!(nas.log_count("is made again"), 1, "{}", nas.log());
    assert_eq!(fs::read_to_string(nas.state().join("node")).unwrap().trim(), NODE);
    assert!(nas.status()["troubles"].as_array().unwrap().is_empty(), "{}", nas.status());
    // It keeps others out as before, and what it tells goes on.
    assert_eq!(nas.start_and_fail(), Some(1));
    let records = ear.count("/record");
    assert_eq!(nas.stop(), Some(0));
    nas.start();
    until(|| nas.log(), || ear.count("/record") > records);
}
