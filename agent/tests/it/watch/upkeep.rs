//! The daemon forgets, prunes and checks: a real repository, a real broker, a clock that runs fast.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::broker::Broker;
use super::desk::listen;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::runs::{job, repository};
use super::sidecar::Sidecar;
use super::until;

/// Twenty small files, and one of two megabytes that nothing squeezes.
fn source(folder: &Path) -> PathBuf {
    let source = folder.join("source");
    fs::create_dir(&source).unwrap();
    for number in 0..20 {
        fs::write(source.join(format!("note-{number}")), format!("note {number}")).unwrap();
    }
    noise(&source.join("film"), 2 << 20);
    source
}

fn noise(path: &Path, bytes: usize) {
    let mut noise = vec![0; bytes];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut noise).unwrap();
    fs::write(path, noise).unwrap();
}

fn upkeep(repository: &str, sections: &str) -> String {
    format!("[[upkeep]]\nname = \"nas\"\n{repository}{sections}")
}

/// A task as `status` tells it.
fn task(nas: &Nas, name: &str) -> Value {
    let status = nas.status();
    let all = status["upkeep"].as_array().cloned().unwrap_or_default();
    all.into_iter().find(|task| task["task"] == name).unwrap_or_default()
}

fn back_up(nas: &Nas) {
    let ended = nas.log_count("ended job=\"films\"");
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || nas.log_count("ended job=\"films\"") > ended);
}

/// The command of a person, in the repository that [`repository`] made.
fn by_hand(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
    command.args(words).arg("--repo").arg(folder.join("repo")).arg("--state-dir").arg(folder.join("mine"));
    command.arg("--passphrase-file").arg(folder.join("passphrase"));
    command
}

fn back_up_by_hand(folder: &Path, source: &Path) {
    let out = by_hand(folder, &["backup", "--job", "films"]).arg(source).output().unwrap();
    assert!(out.status.success(), "{out:?}");
}

/// What people see of the repository.
fn snapshots(folder: &Path) -> usize {
    let out = by_hand(folder, &["snapshots", "--json"]).output().unwrap();
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    told["snapshots"].as_array().unwrap().len()
}

#[test]
fn the_daemon_forgets_prunes_and_checks_at_their_times_and_tells() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path()), repository(folder.path()));
    let broker = Broker::open(folder.path());
    let way = Way::new(broker.port, &[]);
    let ear = Ear::new(&way, &["atalaya/#", "homeassistant/#"]);
    let mut sidecar = Sidecar::new(&way);
    for version in 0..3 {
        noise(&source.join("letter"), 300_000 + version);
        back_up_by_hand(folder.path(), &source);
    }
    let sections = "[upkeep.forget]\nschedule = \"every 30h\"\nkeep_last = 1\n\
                    [upkeep.prune]\nschedule = \"every 32h\"\ndrop_max = \"100%\"\n\
                    [upkeep.check]\nschedule = \"every 34h\"\nshare = \"100%\"\n";
    // Records are kept for a sidecar.
    let to =
        format!("[sidecar]\nkey = \"{}\"\n[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\n", "11".repeat(32), broker.port);
    let config = to.clone() + &upkeep(&repository, sections);
    // A day is 36 seconds.
    let mut nas = Nas::new(folder.path(), "nas", 2400, &config);
    nas.start();
    assert_eq!((snapshots(folder.path()), task(&nas, "forget")["result"].as_str()), (3, Some("never")));
    until(|| nas.log(), || task(&nas, "forget")["result"] == "ok");
    let forgotten = task(&nas, "forget");
    assert_eq!((&forgotten["forgotten_count"], &forgotten["snapshots_count"]), (&2.into(), &1.into()), "{forgotten}");
    assert_eq!((&forgotten["verdict"], &forgotten["overdue"]), (&"fine".into(), &false.into()));
    assert_eq!(snapshots(folder.path()), 1);
    until(|| nas.log(), || task(&nas, "prune")["result"] == "ok");
    let pruned = task(&nas, "prune");
    // The letter of the first backup may lie in a pack with the film, which stays.
    assert!(pruned["freed_bytes"].as_u64() > Some(250_000), "{pruned}");
    until(|| nas.log(), || task(&nas, "check")["verdict"] == "verified");
    assert!(task(&nas, "check")["read_bytes"].as_u64() > Some(2_000_000), "{}", nas.status());
    told_over_mqtt(&nas, &ear, &mut sidecar);
    // What was found is known after a restart.
    nas.stop();
    nas.start();
    assert_eq!(task(&nas, "check")["verdict"], "verified");
    nas.configure(&to);
    nas.stop();
    nas.start();
    let gone = |topic: &str| {
        ear.all().iter().rfind(|said| said.topic.ends_with(topic)).is_some_and(|said| said.payload.is_empty())
    };
    until(|| nas.log(), || gone("/upkeep/nas-forget") && gone("/upkeep/nas-check"));
}

fn told_over_mqtt(nas: &Nas, ear: &Ear, sidecar: &mut Sidecar) {
    let topic = |name: &str| format!("atalaya/{NODE}/upkeep/nas-{name}");
    for name in ["forget", "prune", "check"] {
        until(
            || nas.log(),
            || ear.all().iter().any(|said| said.topic == topic(name) && said.text().contains("\"ok\"")),
        );
    }
    let heard = |on: &dyn Fn(&str) -> bool, words: &[&str]| {
        ear.all().iter().any(|said| on(&said.topic) && words.iter().all(|word| said.text().contains(word)))
    };
    // Told a moment after the views: events, Home Assistant's entities once all that is to be one is known, the disk.
    until(|| nas.log(), || heard(&|topic| topic.ends_with("/event/upkeep"), &["\"nas.prune\"", "ended"]));
    let entities = ["\"Upkeep nas check finding\"", "free share"];
    until(|| nas.log(), || heard(&|topic| topic.starts_with("homeassistant"), &entities));
    until(|| nas.log(), || heard(&|topic| topic.contains("/store/"), &["\"free_percent\":"]));
    sidecar.come();
    let tasks = |sidecar: &Sidecar| sidecar.records.iter().filter(|(_, _, kinds)| *kinds == [0x8003, 17]).count();
    until(
        || nas.log(),
        || {
            sidecar.work();
            tasks(sidecar) >= 3
        },
    );
}

#[test]
fn damage_is_named_and_the_job_service_does_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path()), repository(folder.path()));
    let sections = "[upkeep.check]\nschedule = \"manual\"\nshare = \"100%\"\n";
    let config = job("films", &repository, &source, "") + &upkeep(&repository, sections);
    let mut nas = Nas::new(folder.path(), "nas", 20, &config);
    nas.ask_for_jobs_at(&listen(folder.path(), nas.config()));
    nas.start();
    back_up(&nas);
    nas.command(r#"{"upkeep":"nas"}"#);
    until(|| nas.log(), || task(&nas, "check")["verdict"] == "verified");
    flip(&folder.path().join("repo"));
    nas.command(r#"{"upkeep":"nas.check"}"#);
    until(|| nas.log(), || task(&nas, "check")["verdict"] == "damaged");
    let damaged = task(&nas, "check");
    assert!(damaged["damaged"].as_str().is_some_and(|what| what.starts_with("pack: ")), "{damaged}");
    assert!(damaged["problem"].as_str().is_some_and(|why| why.contains("the check found")), "{damaged}");
    assert!(damaged["findings_count"].as_u64() > Some(0) && damaged["affected_count"].as_u64() > Some(0), "{damaged}");
    assert!(nas.log_count("damaged job=\"nas.check\"") > 0, "{}", nas.log());
    // A check that cannot be made says nothing else of what is stored.
    fs::rename(folder.path().join("repo"), folder.path().join("away")).unwrap();
    let ended = nas.log_count("job=\"nas.check\" problem=");
    nas.command(r#"{"upkeep":"nas.check"}"#);
    until(|| nas.log(), || nas.log_count("job=\"nas.check\" problem=") > ended);
    assert_eq!(task(&nas, "check")["verdict"], "damaged", "{}", nas.status());
}

/// A byte in the middle of the largest pack is another one.
fn flip(repo: &Path) {
    let mut folders = vec![repo.to_owned()];
    let mut largest = (0, PathBuf::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let meta = entry.metadata().unwrap();
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                largest = largest.max((meta.len(), entry.path()));
            }
        }
    }
    let mut bytes = fs::read(&largest.1).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let mut rights = fs::metadata(&largest.1).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o600);
    fs::set_permissions(&largest.1, rights).unwrap();
    fs::write(&largest.1, bytes).unwrap();
}

#[test]
fn after_a_sudden_change_nothing_is_forgotten_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path()), repository(folder.path()));
    let sections = "[upkeep.forget]\nschedule = \"manual\"\nkeep_last = 1\n";
    let config = job("films", &repository, &source, "") + &upkeep(&repository, sections);
    let mut nas = Nas::new(folder.path(), "nas", 20, &config);
    nas.start();
    for version in 0..3 {
        fs::write(source.join("letter"), format!("letter {version}")).unwrap();
        back_up(&nas);
    }
    (0..18).for_each(|number| fs::remove_file(source.join(format!("note-{number}"))).unwrap());
    back_up(&nas);
    nas.jump(3 * 86_400);
    nas.command(r#"{"upkeep":"nas"}"#);
    until(|| nas.log(), || task(&nas, "forget")["result"] == "warnings");
    let frozen = task(&nas, "forget");
    assert_eq!((&frozen["verdict"], &frozen["frozen_count"]), (&"frozen".into(), &1.into()), "{frozen}");
    assert!(
        frozen["problem"].as_str().is_some_and(|why| why.starts_with("nothing of films is forgotten: ")),
        "{frozen}"
    );
    assert_eq!(snapshots(folder.path()), 4);
}

#[test]
fn a_writer_s_key_is_refused_by_config_check_and_keeps_nothing_from_running() {
    let folder = tempfile::tempdir().unwrap();
    let (source, repository) = (source(folder.path()), repository(folder.path()));
    let writer = folder.path().join("writer.key");
    let mut add = by_hand(folder.path(), &["key", "add", "--role", "writer", "--label", "nas"]);
    assert!(add.arg("--out").arg(&writer).status().unwrap().success());
    let with = format!("repo = {:?}\nkey_file = {writer:?}\n", folder.path().join("repo"));
    let config = job("films", &repository, &source, "") + &upkeep(&with, "[upkeep.prune]\nschedule = \"manual\"\n");
    let mut nas = Nas::new(folder.path(), "nas", 20, &config);
    let checked = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"))
        .args(["config", "check", "--config"])
        .arg(nas.config())
        .output()
        .unwrap();
    let err = String::from_utf8(checked.stderr).unwrap();
    assert_eq!((checked.status.code(), err.lines().count()), (Some(2), 1), "{err}");
    assert!(err.contains("upkeep.key_file: ") && err.contains("is a writer's key, which may neither"), "{err}");
    nas.start();
    assert_eq!(nas.log_count("is a writer's key"), 1, "{}", nas.log());
    back_up(&nas);
    assert_eq!(nas.status()["jobs"][0]["result"], "ok");
    nas.command(r#"{"upkeep":"nas.prune"}"#);
    until(|| nas.log(), || task(&nas, "prune")["result"] == "failed");
    assert!(task(&nas, "prune")["verdict"].is_null(), "{}", nas.status());
}
