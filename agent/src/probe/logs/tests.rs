//! Files and a journal that grow.

use super::*;
use crate::probe::journal;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

fn read(probe: &mut Logs, root: &Path) -> Vec<view::Log> {
    read_at(probe, root, journal::tests::moment(0))
}

fn read_at(probe: &mut Logs, root: &Path, at: Moment) -> Vec<view::Log> {
    let mut seen = Vec::new();
    let out = &mut |_, sample| {
        let Sample::Log(view) = sample else { panic!("{sample:?}") };
        seen.push(view);
    };
    probe.read(&Site::below(root), at, out).unwrap();
    seen
}

fn probe(config: &str) -> Logs {
    Logs::new(toml::from_str(config).unwrap())
}

#[test]
fn what_is_found_is_counted_and_shown() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    fs::write(&log, "I/O error, before the agent\n").unwrap();
    let mut probe = probe(
        r#"pattern = [
            { name = "disk", pattern = "I/O error.* (sd[a-z])", file = "/log" },
            { name = "any case", pattern = "OOM", ignore_case = true, file = "/log" },
            { name = "elsewhere", pattern = "x", file = "/nowhere" },
        ]"#,
    );
    assert!(read(&mut probe, dir.path()).iter().all(|view| view.match_count == Some(0) && view.line.is_none()));
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    writeln!(file, "I/O error on sda\nquiet\noom-killer\nI/O error\x1b[2J on sdb{}", "!".repeat(500)).unwrap();
    let seen = read(&mut probe, dir.path());
    let counts: Vec<_> = seen.iter().map(|view| view.match_count.unwrap()).collect();
    assert_eq!(counts, [2, 1, 0]);
    let line = seen[0].line.as_ref().unwrap();
    assert!(line.starts_with("I/O error [2J on sdb!!!") && line.len() <= 128, "{line}");
    assert_eq!(seen[0].matched_at.as_deref(), Some("2026-11-20T10:00:00Z"));
    assert!(seen[2].problem.as_ref().unwrap().contains("No such file"));
    assert_eq!(read(&mut probe, dir.path())[0].match_count, Some(2), "no line is counted twice");
}

#[test]
fn the_journal_is_asked_once_for_each_source() {
    let dir = tempfile::tempdir().unwrap();
    journal::make(dir.path());
    let mut probe = probe(
        r#"pattern = [
            { name = "a", pattern = "^error", unit = "smbd.service" },
            { name = "b", pattern = "disk", unit = "smbd.service" },
            { name = "c", pattern = "disk", tag = "kernel" },
        ]"#,
    );
    let mut asked = 0;
    probe.runner = Runner::saying(move |_, words| {
        asked += 1;
        assert!(asked <= 2, "{words:?}");
        let line = json!({"__CURSOR": "s", "__REALTIME_TIMESTAMP": "1795168801000000", "MESSAGE": "error: disk"});
        Ok(if words.contains(&"--unit=smbd.service") { format!("{line}\n") } else { String::new() })
    });
    let counts: Vec<_> = read(&mut probe, dir.path()).iter().map(|view| view.match_count.unwrap()).collect();
    assert_eq!(counts, [1, 1, 0]);
}

#[test]
fn a_quiet_source_is_heard_when_it_speaks() {
    let dir = tempfile::tempdir().unwrap();
    journal::make(dir.path());
    let mut probe = probe("pattern = [{ name = 'disk', pattern = 'I/O error', tag = 'kernel' }]");
    let told = journal::tests::Told::default();
    probe.runner = told.runner();
    let mut count = |second| {
        let view = read_at(&mut probe, dir.path(), journal::tests::moment(second)).remove(0);
        (view.match_count.unwrap(), view.problem.is_some())
    };
    assert_eq!(count(0), (0, false));
    // Between two readings.
    told.say(30_000, "I/O error");
    assert_eq!(count(60), (1, false));
    for millis in 0..3000 {
        told.say(60_000 + millis, "I/O error");
    }
    assert_eq!([count(120), count(180)], [(2001, true), (2001, false)]);
}

#[test]
fn a_wrong_pattern_is_refused() {
    for (bad, why) in [
        ("pattern = '('", "closing"),
        ("pattern = ''", "1 to 1024 bytes"),
        ("pattern = '(((a{100}){100}){100})'", "size limit"),
        ("pattern = 'a', unit = 'x', tag = 'y'", "only one"),
        ("pattern = 'a', file = 'log'", "no absolute path"),
        ("pattern = 'a' }, { name = 'bad', pattern = 'b'", "one before it is called"),
        ("regex = 'x'", "unknown field"),
    ] {
        let read = toml::from_str::<LogsConfig>(&format!("pattern = [{{ name = 'bad', {bad} }}]"));
        let told = read.unwrap_err();
        assert!(told.message().contains(why), "{bad}: {}", told.message());
    }
    let at = Moment { boot: Duration::ZERO, wall: Timestamp::UNIX_EPOCH };
    assert!(matches!(probe("").read(&Site::default(), at, &mut |_, _| {}), Err(Fault::Absent(_))));
}

#[test]
fn openwrts_ring_stands_in_for_the_journal() {
    let dir = tempfile::tempdir().unwrap();
    let mut probe = probe(
        r#"pattern = [
            { name = "disk", pattern = "I/O error", tag = "kernel" },
            { name = "any", pattern = "I/O error" },
            { name = "unit", pattern = "I/O error", unit = "smbd" },
        ]"#,
    );
    let second = "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap().as_second();
    probe.runner = Runner::saying(move |program, _| {
        assert_eq!(program, "logread");
        let line = |at: i64, tag: &str| format!("Fri Nov 20 10:00:00 2026 [{at}.000] kern.err {tag}: I/O error\n");
        Ok(line(second - 5, "kernel") + &line(second, "kernel") + &line(second, "x[3]"))
    });
    for _ in 0..2 {
        let seen = read(&mut probe, dir.path());
        let counts: Vec<_> = seen.iter().map(|view| view.match_count.unwrap()).collect();
        assert_eq!(counts, [1, 2, 0]);
        assert!(seen[2].problem.as_ref().unwrap().contains("there is no journal"));
    }
}
