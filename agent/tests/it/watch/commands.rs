//! Commands from anybody who may write to the topic, and a broker that goes away while they flow.

use std::fs;
use std::time::Duration;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::sidecar::Sidecar;
use super::{let_pass, until};

fn job(schedule: &str) -> String {
    format!(
        "[[job]]\nname = \"all\"\nrepo = \"/nowhere/repo\"\npassphrase_file = \"/nowhere/passphrase\"\n\
         paths = [\"/nowhere/source\"]\nschedule = \"{schedule}\"\nretries = 0\n"
    )
}

fn broker_at(port: u16) -> String {
    format!("[[mqtt]]\nurl = \"mqtt://127.0.0.1:{port}\"\n")
}

fn command(name: &str) -> String {
    format!("atalaya/{NODE}/cmd/{name}")
}

fn results(ear: &Ear, name: &str, words: &str) -> usize {
    ear.on(&format!("/cmd/{name}/result")).iter().filter(|said| said.text().contains(words)).count()
}

#[test]
fn a_retained_command_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let ear = Ear::new(&way, &["atalaya/#"]);
    way.say(&command("backup"), b"all", true);
    let mut nas = Nas::new(folder.path(), "nas", 1, &(broker_at(broker.port) + &job("manual")));
    nas.start();
    until(|| nas.log(), || nas.connected() && ear.count("/backup/all") > 0);
    // One that it finds is not even heard of; one that comes retained is refused.
    assert_eq!(results(&ear, "backup", ""), 0);
    way.say(&command("backup"), b"all", true);
    until(|| nas.log(), || results(&ear, "backup", "it was retained") == 1);
    assert_eq!(nas.log_count("begins job"), 0, "{}", nas.log());
}

#[test]
fn a_repeated_command_counts_once_and_a_flood_fills_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let ear = Ear::new(&way, &["atalaya/#"]);
    let mut nas = Nas::new(folder.path(), "nas", 1, &(broker_at(broker.port) + &job("manual")));
    nas.start();
    until(|| nas.log(), || nas.connected());
    for _ in 0..20 {
        way.say(&command("backup"), b"all", false);
    }
    until(|| nas.log(), || results(&ear, "backup", "") == 20);
    assert_eq!((results(&ear, "backup", "\"done\""), nas.log_count("begins job")), (1, 1));

    let before = ear.count("/record");
    let huge = vec![b'x'; 10 << 20];
    way.say(&command("backup"), &huge, false);
    way.say(&command("restore"), &huge, false);
    for number in 0..100_u8 {
        way.say(&command(&format!("garbage{number}")), &[number, 0xff, 0, b'"', b'\n'], false);
    }
    // Of a flood some may be dropped; what comes behind it is heard.
    until(
        || nas.log(),
        || {
            way.say(&command("behind"), b"x", false);
            ear.all().iter().any(|said| said.topic.ends_with("/cmd/behind/result"))
        },
    );
    assert!(ear.count("/record") - before <= 70, "{} records of a flood", ear.count("/record") - before);
    assert!(nas.connected() && nas.kib("RssAnon") < 6 << 10, "{} KiB", nas.kib("RssAnon"));
    assert!(!nas.log().contains("panicked"), "{}", nas.log());
    // And it still listens.
    way.say(&command("refresh"), b"PRESS", false);
    until(|| nas.log(), || results(&ear, "refresh", "\"done\"") == 1);
}

#[test]
fn a_broker_that_restarts_under_load_costs_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let key = format!("[sidecar]\nkey = \"{}\"\n", "11".repeat(32));
    let mut nas = Nas::new(folder.path(), "nas", 1000, &(key + &broker_at(broker.port) + &job("every 10m")));
    let mut sidecar = Sidecar::new(&way);
    sidecar.come();
    nas.start();
    for round in 0..3 {
        let want = sidecar.records.len() + 8;
        until(
            || format!("{want} records: {} {}", nas.status(), nas.log()),
            || {
                way.say(&command("refresh"), b"", false);
                way.say(&command(&format!("no{round}")), b"", false);
                sidecar.work();
                sidecar.records.len() >= want
            },
        );
        broker.stop();
        sidecar.go();
        let_pass(Duration::from_millis(500));
        broker.start();
        sidecar.come();
    }
    nas.configure(&broker_at(broker.port));
    let last = sidecar.records.len() + 8;
    until(
        || format!("{} {}", nas.status(), nas.log()),
        || {
            sidecar.work();
            sidecar.records.len() >= last
        },
    );
    let numbers: Vec<u64> = sidecar.records.iter().map(|(_, seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn two_agents_with_one_id_are_told_apart_and_do_not_fight() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::open(folder.path());
    // A minute, the first wait, is one or two seconds.
    let nas = |name| Nas::new(folder.path(), name, 40, &broker_at(broker.port));
    let (mut one, mut other) = (nas("one"), nas("other"));
    one.start();
    until(|| one.log(), || one.connected());
    other.start();
    until(|| format!("{}{}", one.log(), other.log()), || one.log_count("two agents have the id") > 0);
    let said = || one.log_count("two agents have the id") + other.log_count("two agents have the id");
    until(|| format!("{}{}", one.log(), other.log()), || said() == 2);
    let_pass(Duration::from_secs(8));
    assert_eq!(said(), 2, "each says it once: {}{}", one.log(), other.log());
    // Without ever longer waits it is hundreds.
    let came = broker.log().matches("New client connected").count();
    assert!(came <= 16, "{came} connections");
    let identity = fs::read_to_string(one.state().join("node")).unwrap();
    assert!(one.log().contains(identity.trim()));
}
