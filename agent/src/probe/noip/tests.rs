//! Machines with each client, in each state it gets into.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::probe::{Output, journal};
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::path::Path;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/probe/noip");

fn now() -> Moment {
    Moment { boot: Duration::from_secs(90_000), wall: "2026-11-21T10:00:00Z".parse().unwrap() }
}

fn runs(root: &Path, comm: &str) {
    fs::create_dir_all(root.join("proc/4")).unwrap();
    fs::write(root.join("proc/4/comm"), comm).unwrap();
}

fn read(probe: &mut NoIp, root: &Path) -> Result<Vec<(String, view::NoIp)>> {
    let mut seen = Vec::new();
    probe.read(&Site::below(root), now(), &mut |id, sample| {
        let Sample::NoIp(view) = sample else { panic!("{sample:?}") };
        seen.push((id.as_str().to_owned(), view));
    })?;
    Ok(seen)
}

/// The log of a fixture as `journalctl` tells it, a line a minute from ten o'clock of the day before.
fn told(log: &str) -> String {
    let start: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    let text = fs::read_to_string(format!("{FIXTURES}/{log}")).unwrap();
    let lines = text.lines().enumerate().map(|(at, line)| {
        let micros = start.as_microsecond() + i64::try_from(at).unwrap() * 60_000_000;
        json!({"__CURSOR": "s", "__REALTIME_TIMESTAMP": micros.to_string(), "MESSAGE": line}).to_string() + "\n"
    });
    lines.collect()
}

#[test]
fn each_journal_says_how_the_client_does() {
    for (comm, log, client, state, problem, believed, succeeded) in [
        ("noip-duc", "duc-3.3.log", "noip-duc", "ok", "", "203.0.113.7", "2026-11-20T10:03:00Z"),
        ("noip-duc", "duc-3.0.log", "noip-duc", "ok", "", "203.0.113.7", "2026-11-20T10:01:00Z"),
        ("noip-duc", "duc-asleep.log", "noip-duc", "asleep", "sleeps after: Incorrect", "203.0.113.7", ""),
        ("noip-duc", "duc-busy.log", "noip-duc", "failing", "server error", "", ""),
        (
            "noip-duc",
            "duc-offline.log",
            "noip-duc",
            "failing",
            "find out the address",
            "203.0.113.7",
            "2026-11-20T10:00:00Z",
        ),
        ("noip-duc", "duc-back.log", "noip-duc", "ok", "", "203.0.113.7", "2026-11-20T10:00:00Z"),
        ("noip2", "noip2.log", "noip2", "ok", "", "203.0.113.7", "2026-11-20T10:02:00Z"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        runs(dir.path(), comm);
        journal::make(dir.path());
        let text = told(log);
        let mut probe = NoIp::new(NoIpConfig { hosts: vec!["home.ddns.net".into()] });
        probe.runner = Runner::saying(move |_, _| Ok(text.clone()));
        let (id, view) = read(&mut probe, dir.path()).unwrap().remove(0);
        let or_nothing = |text: &Option<atalaya_wire::Text>| text.clone().unwrap_or_default();
        assert_eq!(id, atalaya_wire::ObjectId::of("home.ddns.net").as_str());
        assert_eq!((view.client.as_deref(), view.running), (Some(client), Some(true)), "{log}");
        assert_eq!((view.state.as_deref(), &*or_nothing(&view.believed_ipv4)), (Some(state), believed), "{log}");
        assert_eq!(or_nothing(&view.succeeded_at), succeeded, "{log}");
        let said = or_nothing(&view.problem);
        assert!(said.contains(problem) && said.is_empty() == problem.is_empty(), "{log}: {said}");
    }
}

#[test]
fn a_client_without_traces_is_never_well() {
    let dir = tempfile::tempdir().unwrap();
    runs(dir.path(), "noip-duc");
    let mut probe = NoIp::new(NoIpConfig::default());
    probe.runner = Runner::Fake(Box::new(|_, _: &[&str]| Ok(Output { code: Some(0), text: String::new() })));
    let (id, view) = read(&mut probe, dir.path()).unwrap().remove(0);
    assert_eq!((id.as_str(), view.state.as_deref()), ("noip-duc", Some("unknown")));
    assert!(view.problem.unwrap().contains("no journal"));
    journal::make(dir.path());
    let (_, view) = read(&mut probe, dir.path()).unwrap().remove(0);
    assert_eq!(view.state.as_deref(), Some("unknown"));
    assert!(view.problem.unwrap().contains("no trace"));
}

#[test]
fn a_success_is_remembered_while_nothing_changes() {
    let dir = tempfile::tempdir().unwrap();
    runs(dir.path(), "noip-duc");
    journal::make(dir.path());
    let told = journal::tests::Told::default();
    let mut probe = NoIp::new(NoIpConfig::default());
    probe.runner = told.runner();
    let mut state = |minute: i64| {
        let mut seen = None;
        let at = journal::tests::moment(60 * minute);
        let out = &mut |_, sample| seen = Some(sample);
        probe.read(&Site::below(dir.path()), at, out).unwrap();
        let Some(Sample::NoIp(view)) = seen else { panic!("{seen:?}") };
        (view.state.unwrap().to_string(), view.succeeded_at.map(|time| time.to_string()))
    };
    told.say(-60_000, "update successful; current=203.0.113.7, previous=0.0.0.0");
    let good = |time: &str| ("ok".to_owned(), Some(time.to_owned()));
    assert_eq!(state(0), good("2026-11-20T09:59:00Z"));
    for minute in 1..1500 {
        told.say(minute * 60_000 - 1000, "checking ip again in 5m");
        if minute % 5 == 0 {
            assert_eq!(state(minute), good("2026-11-20T09:59:00Z"), "{minute}");
        }
    }
    told.say(90_000_000, "update failed; server error");
    assert_eq!(state(1501).0, "failing");
    told.say(90_070_000, "update successful; current=203.0.113.8, previous=203.0.113.7");
    assert_eq!(state(1502), good("2026-11-21T11:01:10Z"));
}

#[test]
fn an_installed_client_that_does_not_run_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(read(&mut NoIp::new(NoIpConfig::default()), dir.path()), Err(Fault::Absent(_))));
    fs::create_dir_all(dir.path().join("usr/sbin")).unwrap();
    fs::write(dir.path().join("usr/sbin/inadyn"), "").unwrap();
    let config = NoIpConfig { hosts: vec!["home.ddns.net".into()] };
    let (_, view) = read(&mut NoIp::new(config), dir.path()).unwrap().remove(0);
    assert_eq!((view.client.as_deref(), view.state.as_deref()), (Some("inadyn"), Some("stopped")));
}

#[test]
fn inadyns_cache_is_read_and_grows_old() {
    let dir = tempfile::tempdir().unwrap();
    runs(dir.path(), "inadyn\n");
    let folder = dir.path().join("var/cache/inadyn");
    fs::create_dir_all(&folder).unwrap();
    for (host, address, day) in [("a.ddns.net", "203.0.113.7", "2026-11-01"), ("b.ddns.net", "::1", "2026-10-01")] {
        let file = fs::File::create(folder.join(format!("{host}.cache"))).unwrap();
        fs::write(folder.join(format!("{host}.cache")), address).unwrap();
        let time: Timestamp = format!("{day}T00:00:00Z").parse().unwrap();
        file.set_modified(time.into()).unwrap();
    }
    let seen = read(&mut NoIp::new(NoIpConfig::default()), dir.path()).unwrap();
    let states: Vec<_> = seen.iter().map(|(_, view)| (view.host.as_deref(), view.state.as_deref())).collect();
    assert_eq!(states, [(Some("a.ddns.net"), Some("ok")), (Some("b.ddns.net"), Some("failing"))]);
    assert_eq!(seen[0].1.believed_ipv4.as_deref(), Some("203.0.113.7"));
    // A name that nobody keeps is told as such.
    let config = NoIpConfig { hosts: vec!["c.ddns.net".into()] };
    let (_, view) = read(&mut NoIp::new(config), dir.path()).unwrap().remove(0);
    assert_eq!((view.client.as_deref(), view.state.as_deref()), (Some("none"), Some("unknown")));
}

#[test]
fn openwrt_tells_each_section() {
    let seen = read(&mut NoIp::new(NoIpConfig::default()), &Path::new(FIXTURES).join("openwrt")).unwrap();
    let states: Vec<_> = seen
        .iter()
        .map(|(_, view)| (view.host.as_deref().unwrap(), view.state.as_deref().unwrap(), view.believed_ipv4.as_deref()))
        .collect();
    // A fixture is as old as its checkout, so the first may be long ago.
    assert_eq!((states[0].0, states[0].2), ("home.ddns.net", Some("203.0.113.7")));
    assert_eq!(states[1], ("other.ddns.net", "latched", None));
}

#[test]
fn names_that_the_agent_keeps_are_left_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let own = ["home.ddns.net".to_owned()];
    let probe = || NoIp::new(NoIpConfig { hosts: vec!["Home.ddns.net".into(), "b.ddns.net".into()] }).beside(&own);
    fs::create_dir_all(dir.path().join("usr/bin")).unwrap();
    fs::write(dir.path().join("usr/bin/noip-duc"), "").unwrap();
    // Installed and not running, as it should be.
    let Err(Fault::Absent(why)) = read(&mut probe(), dir.path()) else { panic!("not absent") };
    assert!(why.contains("no other No-IP client"), "{why}");
    runs(dir.path(), "noip-duc");
    let seen = read(&mut probe(), dir.path()).unwrap();
    let hosts: Vec<_> = seen.iter().map(|(_, view)| view.host.as_deref()).collect();
    assert_eq!(hosts, [Some("b.ddns.net")]);
}
