//! The daemon copies, and says whether there are enough copies: real repositories, a real broker, a clock that runs fast.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::broker::Broker;
use super::ear::{Ear, Way};
use super::nas::{NODE, Nas};
use super::runs::{job, repository};
use super::until;

fn task(nas: &Nas, repo: &Path) -> Value {
    let status = nas.status();
    let all = status["upkeep"].as_array().cloned().unwrap_or_default();
    let is = |task: &Value| task["task"] == "copy" && task["repo"] == repo.display().to_string();
    all.into_iter().find(is).unwrap_or_default()
}

/// What the command says, and its exit code.
fn policy(nas: &Nas) -> (Option<i32>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
    let out = command.args(["policy", "--json", "--config"]).arg(nas.config()).output().unwrap();
    (out.status.code(), serde_json::from_slice(&out.stdout).unwrap_or_default())
}

#[track_caller]
fn judged(nas: &Nas, code: i32, verdict: &str, problem: &str) {
    let (exit, told) = policy(nas);
    let job = &told["jobs"][0];
    assert_eq!((exit, job["verdict"].as_str()), (Some(code), Some(verdict)), "{told}");
    assert!(job["problem"].as_str().unwrap_or_default().contains(problem), "{told}");
    assert_eq!(told["holds"], code == 0, "{told}");
}

/// What is restored of a replica alone.
fn restored(folder: &Path, replica: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya-agent"));
    command.args(["restore", "latest", "--target"]).arg(folder.join("out")).arg("--repo").arg(replica);
    command.arg("--state-dir").arg(folder.join("mine")).arg("--passphrase-file").arg(folder.join("passphrase"));
    let out = command.output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let letter = folder.join("out").join(folder.strip_prefix("/").unwrap()).join("source/letter");
    fs::read_to_string(letter).unwrap()
}

#[test]
fn copies_are_made_and_whether_they_are_enough_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (source, away, lost) =
        (folder.path().join("source"), folder.path().join("away"), folder.path().join("nowhere/at/all"));
    fs::create_dir(&source).unwrap();
    fs::write(source.join("letter"), "a letter").unwrap();
    let repository = repository(folder.path());
    let broker = Broker::open(folder.path());
    let ear = Ear::new(&Way::new(broker.port, &[]), &["atalaya/#", "homeassistant/#"]);
    let to = format!(
        "[[mqtt]]\nurl = \"mqtt://127.0.0.1:{}\"\n[policy]\nmedium = \"disk\"\nplace = \"home\"\n",
        broker.port
    );
    let config = to
        + &job("films", &repository, &source, "medium = \"usb\"\nplace = \"home\"\nrpo = \"1d\"")
        + &format!("[[upkeep]]\nname = \"nas\"\n{repository}[upkeep.check]\nschedule = \"manual\"\nshare = \"100%\"\n")
        + &format!(
            "[upkeep.copy]\nschedule = \"manual\"\nrpo = \"3d\"\nto = [{{ repo = {away:?}, name = \"away\", \
             medium = \"nas\", place = \"office\" }}, {{ repo = {lost:?}, name = \"lost\" }}]\n"
        );
    let mut nas = Nas::new(folder.path(), "nas", 20, &config);
    nas.start();
    judged(&nas, 4, "broken", "1 of 3 copies");
    nas.command(r#"{"backup":"films"}"#);
    until(|| nas.log(), || nas.log_count("ended job=\"films\"") == 1);
    judged(&nas, 4, "broken", "2 of 3 copies");
    // Both of them, one after the other; that one fails keeps nothing from the other.
    nas.command(r#"{"upkeep":"nas.copy"}"#);
    until(|| nas.log(), || task(&nas, &away)["result"] == "ok" && task(&nas, &lost)["result"] == "failed");
    let copied = task(&nas, &away);
    assert_eq!((&copied["verdict"], &copied["overdue"]), (&"fine".into(), &false.into()), "{copied}");
    assert!(copied["read_count"].as_u64() > Some(0), "{copied}");
    assert!(task(&nas, &lost)["problem"].as_str().is_some_and(|why| why.contains("is not there")), "{}", nas.status());
    assert_eq!(restored(folder.path(), &away), "a letter");
    judged(&nas, 4, "unverified", "no check has ever read back");
    nas.command(r#"{"upkeep":"nas.check"}"#);
    until(|| nas.log(), || policy(&nas).0 == Some(0));
    judged(&nas, 0, "holds", "");
    told_over_mqtt(&nas, &ear);
    // Copies get old: that of the backup after a day, the replica after three.
    nas.jump(2 * 86_400);
    until(|| nas.log(), || policy(&nas).0 == Some(4));
    judged(&nas, 4, "broken", "/repo is out of date");
    until(|| nas.log(), || last(&ear, "/policy/films").contains("\"verdict\":\"broken\",\"broken\":true"));
    // Where no daemon runs, by this clock, of what it left.
    nas.stop();
    judged(&nas, 0, "holds", "");
    nas.configure(&config.replace("[policy]", "[policy]\nenabled = false"));
    nas.start();
    until(|| nas.log(), || last(&ear, "/policy/films").is_empty());
    assert_eq!(policy(&nas).0, Some(2));
}

/// What was told last on a topic.
fn last(ear: &Ear, topic: &str) -> String {
    ear.all().iter().rfind(|said| said.topic.ends_with(topic)).map(super::ear::Said::text).unwrap_or_default()
}

fn told_over_mqtt(nas: &Nas, ear: &Ear) {
    let topic = format!("atalaya/{NODE}/policy/films");
    until(|| nas.log(), || last(ear, &topic).contains("\"verdict\":\"holds\",\"broken\":false"));
    assert!(last(ear, &topic).contains("\"copies_count\":3"), "{}", last(ear, &topic));
    assert!(last(ear, "/upkeep/nas-copy-away").contains("\"result\":\"ok\""));
    // Home Assistant's entities are told after the states, once all that is to be one is known.
    let home = || last(ear, "/config");
    until(|| nas.log(), || home().contains("\"Copies of films broken\"") && home().contains("copy to"));
}
