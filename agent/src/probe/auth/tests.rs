//! Machines with each source.

use super::*;
use crate::probe::journal;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;

const START: i64 = 1_795_168_800;

fn read(probe: &mut Auth, root: &Path, seconds: i64) -> Result<view::Auth> {
    let at = journal::tests::moment(seconds);
    let mut seen = None;
    probe.read(&Site::below(root), at, &mut |_, sample| {
        let Sample::Auth(view) = sample else { panic!("{sample:?}") };
        seen = Some(view);
    })?;
    Ok(seen.unwrap())
}

fn counts(view: &view::Auth) -> (u64, u64, Option<&str>, Option<&str>) {
    (view.failed_count.unwrap(), view.failed_total_count.unwrap(), view.failed_from.as_deref(), view.source.as_deref())
}

#[test]
fn the_journal_is_counted_and_forgotten_after_ten_minutes() {
    let dir = tempfile::tempdir().unwrap();
    journal::make(dir.path());
    let mut probe = Auth::new(AuthConfig::default());
    let mut round = 0;
    probe.runner = Runner::saying(move |_, _| {
        round += 1;
        let line = |seconds: i64, port: u16| {
            let micros = (START + seconds) * 1_000_000;
            json!({
                "__CURSOR": "s", "__REALTIME_TIMESTAMP": micros.to_string(), "SYSLOG_IDENTIFIER": "sshd",
                "MESSAGE": format!("Failed password for root from 192.0.2.{port} port {port} ssh2"),
            })
            .to_string()
                + "\n"
        };
        Ok(match round {
            1 => line(-300, 1) + &line(-200, 2),
            2 => line(10, 3),
            _ => String::new(),
        })
    });
    // What was before the agent is recent, but not of its time.
    assert_eq!(counts(&read(&mut probe, dir.path(), 0).unwrap()), (2, 0, Some("192.0.2.2"), Some("journal")));
    assert_eq!(counts(&read(&mut probe, dir.path(), 60).unwrap()), (3, 1, Some("192.0.2.3"), Some("journal")));
    assert_eq!(counts(&read(&mut probe, dir.path(), 450).unwrap()), (1, 1, Some("192.0.2.3"), Some("journal")));
    let view = read(&mut probe, dir.path(), 700).unwrap();
    assert_eq!(counts(&view), (0, 1, Some("192.0.2.3"), Some("journal")));
    assert_eq!(view.failed_at.as_deref(), Some("2026-11-20T10:00:10Z"));
}

#[test]
fn a_flood_is_counted_as_long_as_it_lasts() {
    let dir = tempfile::tempdir().unwrap();
    journal::make(dir.path());
    let mut probe = Auth::new(AuthConfig::default());
    let told = journal::tests::Told::default();
    probe.runner = told.runner();
    let mut counted = |minute: i64| {
        let view = read(&mut probe, dir.path(), minute * 60).unwrap();
        (view.failed_count.unwrap(), view.source.unwrap().to_string())
    };
    told.say(-1, "quiet");
    assert_eq!(counted(0), (0, "journal".into()));
    for minute in 0..40 {
        for at in 0..3000 {
            told.say(minute * 60_000 + at * 20, "Failed password for root from 192.0.2.1 port 5 ssh2");
        }
        let (count, source) = counted(minute + 1);
        assert!(count >= 1000, "{minute}: {count}");
        assert_eq!(source, "journal, in part");
    }
    assert_eq!([counted(49).1, counted(51).1], ["journal, in part", "journal"]);
    assert_eq!(counted(52).0, 0);
}

#[test]
fn a_file_is_followed_where_there_is_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("var/log/secure");
    fs::create_dir_all(dir.path().join("var/log")).unwrap();
    fs::write(&log, include_str!("../../../tests/fixtures/probe/auth/auth.log")).unwrap();
    let mut probe = Auth::new(AuthConfig::default());
    assert_eq!(counts(&read(&mut probe, dir.path(), 0).unwrap()), (0, 0, None, Some("/var/log/secure")));
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    for _ in 0..5000 {
        writeln!(file, "Nov 20 10:00:00 nas sshd[1]: Failed password for x from 192.0.2.1 port 5 ssh2").unwrap();
    }
    let mut found = 0;
    for seconds in [1, 2, 3] {
        found = read(&mut probe, dir.path(), seconds).unwrap().failed_count.unwrap();
    }
    assert_eq!((found, probe.recent.len()), (5000, 1));
}

#[test]
fn btmp_is_the_last_resort() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read(&mut Auth::new(AuthConfig::default()), dir.path(), 0).unwrap_err().state(), "absent");
    fs::create_dir_all(dir.path().join("var/log")).unwrap();
    let path = dir.path().join("var/log/btmp");
    let mut bytes = btmp::tests::record(true, START - 5000, [192, 0, 2, 1]);
    bytes.extend(btmp::tests::record(true, START - 60, [192, 0, 2, 2]));
    fs::write(&path, &bytes).unwrap();
    let mut probe = Auth::new(AuthConfig::default());
    assert_eq!(counts(&read(&mut probe, dir.path(), 0).unwrap()), (1, 0, Some("192.0.2.2"), Some("btmp")));
    bytes.extend(btmp::tests::record(true, START + 30, [192, 0, 2, 3]));
    fs::write(&path, &bytes).unwrap();
    assert_eq!(counts(&read(&mut probe, dir.path(), 60).unwrap()), (2, 1, Some("192.0.2.3"), Some("btmp")));
    assert_eq!(counts(&read(&mut probe, dir.path(), 61).unwrap()), (2, 1, Some("192.0.2.3"), Some("btmp")));
}

#[test]
fn openwrts_ring_is_read_where_there_is_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut probe = Auth::new(AuthConfig::default());
    let mut round = 0;
    probe.runner = Runner::saying(move |program, _| {
        assert_eq!(program, "logread");
        round += 1;
        let line = |number: i64| {
            let time = START - 700 + 200 * number;
            format!(
                "Fri Nov 20 10:00:00 2026 [{time}.000] authpriv.warn dropbear[1]: Bad password attempt for 'root' from 192.0.2.{number}:5\n\
                 Fri Nov 20 10:00:00 2026 [{time}.001] daemon.err dropbear[1]: Bad password attempt for 'no' from 192.0.2.99:5\n"
            )
        };
        Ok((0..round + 2).map(line).collect())
    });
    // The first is more than ten minutes old.
    assert_eq!(counts(&read(&mut probe, dir.path(), 0).unwrap()), (2, 0, Some("192.0.2.2"), Some("logread")));
    assert_eq!(counts(&read(&mut probe, dir.path(), 60).unwrap()), (3, 1, Some("192.0.2.3"), Some("logread")));
}
