//! Lines of systemd's journal, through `journalctl`.

use std::fs::File;
use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::probe::runner::Runner;
use crate::probe::said::cut;
use crate::probe::{Fault, Result, Site};

/// Lines of one reading; where more came, the newest are read.
pub(crate) const LINES_MAX: usize = 1000;
/// What is kept of a line.
pub(crate) const LINE_BYTES_MAX: usize = 2048;
const DEADLINE: Duration = Duration::from_secs(8);

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    /// The program, as it named itself.
    pub(crate) tag: String,
    pub(crate) message: String,
}

/// Follows what `filter` (words for `journalctl`) lets through.
#[derive(Debug)]
pub(crate) struct Journal {
    filter: Vec<String>,
    cursor: Option<String>,
}

/// Where the first reading begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// At this time.
    Time(Timestamp),
    /// At the last lines there are, however old.
    Last(usize),
}

impl Journal {
    pub(crate) fn new(filter: &[&str]) -> Self {
        Self { filter: filter.iter().map(|&word| word.to_owned()).collect(), cursor: None }
    }

    /// The lines since the last reading, or since `from`, oldest first.
    pub(crate) fn read(&mut self, site: &Site, runner: &mut Runner, from: From) -> Result<Vec<Line>> {
        readable(site)?;
        let (start, count) = match (&self.cursor, from) {
            (Some(cursor), _) => (Some(format!("--after-cursor={cursor}")), LINES_MAX),
            (None, From::Time(time)) => (Some(format!("--since=@{}", time.as_second())), LINES_MAX),
            (None, From::Last(count)) => (None, count.min(LINES_MAX)),
        };
        let count = format!("--lines={count}");
        let mut words = vec!["--output=json", "--no-pager", "--quiet", "--utc", &count];
        words.push("--output-fields=MESSAGE,SYSLOG_IDENTIFIER");
        words.extend(start.as_deref());
        words.extend(self.filter.iter().map(String::as_str));
        let output = runner.ask(site, "journalctl", &words, DEADLINE)?;
        // With a cursor of a journal that is gone it fails: the next reading begins anew.
        if output.code != Some(0) && output.text.is_empty() {
            if self.cursor.take().is_some() {
                return Ok(Vec::new());
            }
            return Err(Fault::Failed("journalctl failed; try the same as the agent's user".into()));
        }
        let (lines, cursor) = parse(&output.text);
        self.cursor = cursor.or(self.cursor.take());
        Ok(lines)
    }
}

/// Whether the system's journal may be read; `journalctl` shows nothing rather than say so.
pub(crate) fn readable(site: &Site) -> Result<()> {
    let mut denied = None;
    for folder in ["/var/log/journal", "/run/log/journal"] {
        for machine in site.names(folder) {
            let path = format!("{folder}/{machine}/system.journal");
            match File::open(site.path(&path)) {
                Ok(_) => return Ok(()),
                Err(err) if err.kind() == ErrorKind::PermissionDenied => denied = Some(path),
                Err(_) => {}
            }
        }
    }
    Err(match denied {
        Some(path) => Fault::Denied(format!("may not read {path}: needs group systemd-journal or adm")),
        None => Fault::Absent("there is no journal in /var/log/journal or /run/log/journal".into()),
    })
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "__CURSOR", default)]
    cursor: Option<String>,
    #[serde(rename = "__REALTIME_TIMESTAMP", default)]
    micros: Option<String>,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    tag: Value,
    #[serde(rename = "MESSAGE", default)]
    message: Value,
}

/// What `--output=json` says, and its last cursor. Lines that are none of that are left out.
fn parse(text: &str) -> (Vec<Line>, Option<String>) {
    let (mut lines, mut last) = (Vec::new(), None);
    for raw in text.lines().filter_map(|line| serde_json::from_str::<Raw>(line).ok()) {
        let micros = raw.micros.and_then(|micros| micros.parse().ok());
        if let Some(time) = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok()) {
            lines.push(Line { time, tag: words(&raw.tag), message: words(&raw.message) });
        }
        last = raw.cursor.or(last);
    }
    (lines, last)
}

/// A field is text, an array of bytes where it is no UTF-8, an array of fields where there are several, or nothing
/// where it is too large.
fn words(value: &Value) -> String {
    let mut text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => match items.first() {
            Some(Value::Number(_)) => {
                let bytes: Vec<u8> =
                    items.iter().filter_map(|item| item.as_u64().and_then(|byte| u8::try_from(byte).ok())).collect();
                String::from_utf8_lossy(&bytes).into_owned()
            }
            Some(Value::String(text)) => text.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    cut(&mut text, LINE_BYTES_MAX);
    text
}

/// A site with a journal that may be read, for tests.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) fn make(root: &std::path::Path) {
    let folder = root.join("var/log/journal/0123");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("system.journal"), "").unwrap();
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::probe::Output;
    use std::sync::{Arc, Mutex};

    const LINES: &str = r#"{"__CURSOR":"s=1","__REALTIME_TIMESTAMP":"1795168800000001","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"one"}
not json
{"__CURSOR":"s=2","__REALTIME_TIMESTAMP":"1795168801000000","MESSAGE":[104,105,255]}
{"__CURSOR":"s=3","__REALTIME_TIMESTAMP":"soon","MESSAGE":"lost"}
{"__CURSOR":"s=4","__REALTIME_TIMESTAMP":"1795168802000000","MESSAGE":null}
"#;

    #[test]
    fn lines_are_parsed_and_others_left_out() {
        let (lines, cursor) = parse(LINES);
        let seen: Vec<_> = lines.iter().map(|line| (line.tag.as_str(), line.message.as_str())).collect();
        assert_eq!(seen, [("sshd", "one"), ("", "hi\u{fffd}"), ("", "")]);
        assert_eq!((lines[0].time.as_second(), cursor.as_deref()), (1_795_168_800, Some("s=4")));
        let long = parse(&LINES.replace("one", &"ñ".repeat(LINE_BYTES_MAX))).0;
        assert!(long[0].message.len() <= LINE_BYTES_MAX);
    }

    #[test]
    fn the_second_reading_goes_on_and_a_lost_cursor_begins_anew() {
        let dir = tempfile::tempdir().unwrap();
        let site = Site::below(dir.path());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        let mut runner = Runner::Fake(Box::new(move |_, words: &[&str]| {
            let start = words.iter().find(|w| w.starts_with("--after") || w.starts_with("--since"));
            note.lock().unwrap().push(start.unwrap().to_string());
            let fails = note.lock().unwrap().len() == 3;
            Ok(Output { code: Some(i32::from(fails)), text: if fails { String::new() } else { LINES.into() } })
        }));
        let mut journal = Journal::new(&["--identifier=sshd"]);
        let from = From::Time(Timestamp::from_second(5).unwrap());
        assert!(matches!(journal.read(&site, &mut runner, from), Err(Fault::Absent(_))));
        make(dir.path());
        for expected in [3, 3, 0, 3] {
            assert_eq!(journal.read(&site, &mut runner, from).unwrap().len(), expected);
        }
        let words = ["--since=@5", "--after-cursor=s=4", "--after-cursor=s=4", "--since=@5"];
        assert_eq!(*asked.lock().unwrap(), words);
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
}
