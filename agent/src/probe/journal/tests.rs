//! A journal that answers as `journalctl` does.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::probe::Output;
use serde_json::json;
use std::sync::{Arc, Mutex};

const LINES: &str = r#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795168800000001","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"one"}
not json
{"__CURSOR":"s=2","__REALTIME_TIMESTAMP":"1795168801000000","MESSAGE":[104,105,255]}
{"__CURSOR":"s=3","__REALTIME_TIMESTAMP":"soon","MESSAGE":"lost"}
{"__CURSOR":"s=4","__REALTIME_TIMESTAMP":"1795168802000000","MESSAGE":null}
"#;
const START: i64 = 1_795_168_800;

/// `second` after the first reading.
pub(crate) fn moment(second: i64) -> Moment {
    let boot = Duration::from_secs(1000).saturating_add(Duration::from_secs(second.unsigned_abs()));
    Moment { boot, wall: Timestamp::from_second(START + second).unwrap() }
}

/// Lines by the millisecond after the first reading, and what was asked.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    lines: Vec<(i64, String)>,
    asked: Vec<String>,
}

impl Told {
    pub(crate) fn say(&self, millis: i64, message: &str) {
        self.0.lock().unwrap().lines.push((millis, message.to_owned()));
    }

    /// What was asked since this was last called: how each question began.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// As until systemd 253: a start, and the oldest lines from there; without one the newest.
    pub(crate) fn runner(&self) -> Runner {
        let told = self.clone();
        Runner::saying(move |_, words| {
            let mut told = told.0.lock().unwrap();
            let value = |key: &str| words.iter().find_map(|word| word.strip_prefix(key));
            let count: usize = value("--lines=").unwrap().parse().unwrap();
            let all = told.lines.clone().into_iter().enumerate();
            let (how, found): (&str, Vec<_>) = if let Some(cursor) = value("--after-cursor=s=") {
                ("after", all.skip(cursor.parse::<usize>().unwrap() + 1).take(count).collect())
            } else if let Some(since) = value("--since=@") {
                let since = (since.parse::<i64>().unwrap() - START) * 1000;
                ("since", all.filter(|(_, (millis, _))| *millis >= since).take(count).collect())
            } else {
                let skip = told.lines.len().saturating_sub(count);
                ("last", all.skip(skip).collect())
            };
            told.asked.push(how.to_owned());
            let line = |(at, (millis, message)): (usize, (i64, String))| {
                let micros = (START * 1000 + millis) * 1000;
                let (cursor, micros) = (format!("s={at}"), micros.to_string());
                json!({"__CURSOR": cursor, "__REALTIME_TIMESTAMP": micros, "SYSLOG_IDENTIFIER": "sshd", "MESSAGE": message})
                    .to_string() + "\n"
            };
            let mut text: String = found.into_iter().map(line).collect();
            text.truncate(OUTPUT_BYTES_MAX);
            Ok(text)
        })
    }
}

fn follow(begin: From) -> (tempfile::TempDir, Told, impl FnMut(i64) -> (Vec<String>, bool)) {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let (site, told, mut journal) = (Site::below(dir.path()), Told::default(), Journal::new(&[], begin));
    let mut runner = told.runner();
    let read = move |second| {
        let seen = journal.read(&site, &mut runner, moment(second)).unwrap();
        (seen.lines.into_iter().map(|line| line.message).collect(), seen.skipped)
    };
    (dir, told, read)
}

const NOW: From = From::Ago(SignedDuration::ZERO);

fn words_of(lines: &[&str]) -> (Vec<String>, bool) {
    (lines.iter().map(|&line| line.to_owned()).collect(), false)
}

#[test]
fn lines_are_parsed_and_others_left_out() {
    let lines = |text: &str| -> Vec<Line> { parse(text).into_iter().filter_map(|entry| entry.line).collect() };
    let seen: Vec<_> = lines(LINES).into_iter().map(|line| (line.tag, line.message)).collect();
    assert_eq!(seen, [("sshd".into(), "one".into()), (String::new(), "hi\u{fffd}".into()), Default::default()]);
    assert_eq!(lines(LINES)[0].time.as_second(), START);
    assert_eq!(parse(LINES).last().unwrap().cursor.as_deref(), Some("s=4"));
    let long = lines(&LINES.replace("one", &"ñ".repeat(LINE_BYTES_MAX)));
    assert!(long[0].message.len() <= LINE_BYTES_MAX);
}

#[test]
fn what_comes_after_a_first_reading_that_was_empty_is_seen() {
    let (_dir, told, mut read) = follow(NOW);
    told.say(-5000, "before");
    assert_eq!([read(0), read(60)], [words_of(&[]), words_of(&[])]);
    told.say(90_000, "one");
    assert_eq!(read(120), words_of(&["one"]));
    told.say(121_000, "two");
    assert_eq!([read(180), read(240)], [words_of(&["two"]), words_of(&[])]);
    assert_eq!(told.asked(), ["since", "since", "since", "after", "after"]);
}

#[test]
fn a_clock_that_is_set_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let (site, told, mut journal) = (Site::below(dir.path()), Told::default(), Journal::new(&[], NOW));
    let mut runner = told.runner();
    let mut read = |boot, second| {
        let at = Moment { boot: Duration::from_secs(boot), wall: moment(second).wall };
        journal.read(&site, &mut runner, at).unwrap().lines.len()
    };
    assert_eq!(read(10, 0), 0);
    // A machine without a clock of its own learns the time late: what is dated in between was there before.
    told.say(50_000, "before");
    assert_eq!(read(20, 3600), 0);
    told.0.lock().unwrap().lines.clear();
    told.say(-7_195_000, "after it was set back");
    assert_eq!(read(30, -7200), 1);
}

#[test]
fn a_lost_cursor_begins_where_the_last_reading_was() {
    let dir = tempfile::tempdir().unwrap();
    let site = Site::below(dir.path());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&asked);
    let mut runner = Runner::Fake(Box::new(move |_, words: &[&str]| {
        let start = words.iter().find(|w| w.starts_with("--after") || w.starts_with("--since")).unwrap().to_string();
        let mut asked = note.lock().unwrap();
        let fails = start.starts_with("--after") && asked.len() == 2;
        asked.push(start);
        Ok(Output { code: Some(i32::from(fails)), text: if fails { String::new() } else { LINES.into() } })
    }));
    let mut journal = Journal::new(&["--identifier=sshd"], NOW);
    assert!(matches!(journal.read(&site, &mut runner, moment(0)), Err(Fault::Absent(_))));
    make(dir.path());
    for (second, expected) in [(1, 3), (2, 3), (3, 1), (4, 3)] {
        let seen = journal.read(&site, &mut runner, moment(second)).unwrap();
        assert_eq!(seen.lines.len(), expected, "{second}");
    }
    let (since, after) = (|second| format!("--since=@{}", START + second), || "--after-cursor=s=4".to_owned());
    assert_eq!(*asked.lock().unwrap(), [since(0), after(), after(), since(2), after()]);
}

#[test]
fn whoever_writes_faster_than_is_read_is_not_followed_into_the_past() {
    let (_dir, told, mut read) = follow(NOW);
    told.say(1001, "first");
    assert_eq!(read(1), words_of(&["first"]));
    let mut number = 0;
    let mut flood = |from: i64, lines: i64| {
        for at in 0..lines {
            number += 1;
            told.say(from * 1000 + at, &number.to_string());
        }
    };
    flood(2, 1500);
    let (lines, skipped) = read(60);
    assert_eq!((lines.len(), skipped), (1500, false), "nothing is missing between what is read");
    for minute in 1..30 {
        flood(60 * minute + 1, 5000);
        let (lines, skipped) = read(60 * minute + 60);
        assert_eq!((lines.len(), skipped), (2000, true));
        assert_eq!(*lines.last().unwrap(), (1500 + 5000 * minute).to_string(), "the newest are there");
    }
    assert_eq!(read(1860), words_of(&[]));
    // Long lines: fewer of them are heard at a time.
    for at in 0..900_i64 {
        told.say(1_861_000 + at, &format!("{at} {}", "x".repeat(4000)));
    }
    let (lines, skipped) = read(1920);
    assert!(skipped && lines.len() < 500 && lines.last().unwrap().starts_with("899 "), "{}", lines.len());
    assert_eq!(read(1980), words_of(&[]));
}

#[test]
fn a_beginning_that_is_crowded_is_read_from_its_end() {
    let (_dir, told, mut read) = follow(From::Ago(SignedDuration::from_mins(10)));
    for second in -5000..0 {
        told.say(second * 100, &second.to_string());
    }
    let (lines, skipped) = read(0);
    assert_eq!((lines.len(), skipped, lines.last().unwrap().as_str()), (2000, true, "-1"));
    assert_eq!(read(60), words_of(&[]));
}

#[test]
fn the_last_lines_are_a_beginning_once() {
    let (_dir, told, mut read) = follow(From::Last(2));
    assert_eq!(read(0), words_of(&[]));
    for second in [-3, -2, -1] {
        told.say(second * 1000, &second.to_string());
    }
    assert_eq!([read(60), read(120)], [words_of(&["-2", "-1"]), words_of(&[])]);
    told.say(130_000, "new");
    assert_eq!(read(180), words_of(&["new"]));
    assert_eq!(told.asked(), ["last", "last", "after", "after"]);
}

#[test]
fn a_journal_that_may_not_be_read_names_the_groups() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let site = Site::below(dir.path());
    assert_eq!(readable(&site).unwrap_err().state(), "absent");
    make(dir.path());
    assert_eq!(readable(&site), Ok(()));
    if nix::unistd::geteuid().is_root() {
        return; // Root may read everything.
    }
    let path = dir.path().join("var/log/journal/0123/system.journal");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o000)).unwrap();
    let fault = readable(&site).unwrap_err();
    assert!(fault.state() == "denied" && fault.to_string().contains("systemd-journal or adm"));
}
