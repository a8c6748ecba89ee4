//! Lines of systemd's journal, through `journalctl`.

use std::fs::File;
use std::io::ErrorKind;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::probe::run::OUTPUT_BYTES_MAX;
use crate::probe::runner::Runner;
use crate::probe::said::{at_boot, cut};
use crate::probe::{Fault, Moment, Result, Site};

/// Lines of one answer.
pub(crate) const LINES_MAX: usize = 1000;
/// What is kept of a line.
pub(crate) const LINE_BYTES_MAX: usize = 2048;
/// A reading asks twice at most, and has to end before its probe counts as stuck.
const DEADLINE: Duration = Duration::from_secs(7);

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) time: Timestamp,
    /// The program, as it named itself.
    pub(crate) tag: String,
    pub(crate) message: String,
}

/// What came since the last reading.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Oldest first.
    pub(crate) lines: Vec<Line>,
    /// More came than is read: whatever is counted here is at least that.
    pub(crate) skipped: bool,
}

/// Follows what `filter` (words for `journalctl`) lets through.
#[derive(Debug)]
pub(crate) struct Journal {
    filter: Vec<String>,
    begin: From,
    cursor: Option<String>,
    /// When to go on without a cursor, since the machine started: at the first reading until there is a line to have one
    /// of, then at the last. The wall clock may be set between two readings.
    since: Option<Duration>,
}

/// Where the first reading begins.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// So long before it.
    Ago(SignedDuration),
    /// At the last lines there are, however old.
    Last(usize),
}

/// What one question asks for.
enum Want<'a> {
    /// The first [`LINES_MAX`] lines after this cursor. `journalctl` means the oldest of them, whatever its manual says.
    After(&'a str),
    /// Lines from this second on. Where there are more than [`LINES_MAX`], the oldest until systemd 253, then the newest.
    Since(Timestamp),
    /// The last lines there are, which alone means the same everywhere.
    Last(usize),
}

impl Journal {
    pub(crate) fn new(filter: &[&str], begin: From) -> Self {
        Self { filter: filter.iter().map(|&word| word.to_owned()).collect(), begin, cursor: None, since: None }
    }

    /// From when on lines are new, where no cursor says it.
    fn start(&mut self, at: Moment) -> Option<Timestamp> {
        let since = at_boot(at, *self.since.get_or_insert(at.boot)).unwrap_or(at.wall);
        match self.begin {
            From::Ago(time) => Some(since.checked_sub(time).unwrap_or(since)),
            From::Last(_) => None,
        }
    }

    /// The lines since the last reading, or since the beginning.
    pub(crate) fn read(&mut self, site: &Site, runner: &mut Runner, at: Moment) -> Result<Seen> {
        let start = self.start(at);
        readable(site)?;
        let after = match &self.cursor {
            Some(cursor) => self.ask(site, runner, &Want::After(cursor))?,
            None => None,
        };
        let by_cursor = after.is_some();
        let answer = match after {
            Some(answer) => answer,
            // There was no line yet, or the journal of the cursor is gone.
            None => self.begun(site, runner, start)?,
        };
        let mut entries = answer.entries;
        let mut skipped = false;
        if answer.full && (by_cursor || start.is_some()) {
            let whole = self.catch_up(site, runner, start.filter(|_| !by_cursor), &mut entries);
            skipped = !whole || !by_cursor;
        }
        if let Some(last) = entries.last() {
            self.cursor.clone_from(&last.cursor);
        }
        if self.cursor.is_some() {
            (self.since, self.begin) = (Some(at.boot), From::Ago(SignedDuration::ZERO));
        }
        Ok(Seen { lines: entries.into_iter().filter_map(|entry| entry.line).collect(), skipped })
    }

    /// The first answer without a cursor.
    fn begun(&self, site: &Site, runner: &mut Runner, start: Option<Timestamp>) -> Result<Answer> {
        let want = match (start, self.begin) {
            (Some(start), _) => Want::Since(start),
            (None, From::Last(count)) => Want::Last(count),
            (None, From::Ago(_)) => Want::Last(LINES_MAX),
        };
        let answer = self.ask(site, runner, &want)?;
        let mut answer =
            answer.ok_or_else(|| Fault::Failed("journalctl failed; try the same as the agent's user".into()))?;
        // `journalctl` is asked by the second; a line must not come twice.
        answer.entries.retain(|entry| entry.is_since(start));
        Ok(answer)
    }

    /// Adds the newest lines to those of an answer that was full: who only went on where it ended would fall behind
    /// further with each reading while lines come faster. Says whether none is missing between them.
    fn catch_up(&self, site: &Site, runner: &mut Runner, start: Option<Timestamp>, entries: &mut Vec<Entry>) -> bool {
        // Where lines are so long that fewer were heard, the newest must be.
        let count = if entries.len() < LINES_MAX { entries.len() / 2 } else { LINES_MAX };
        let Ok(Some(newest)) = self.ask(site, runner, &Want::Last(count)) else { return false };
        let mut newest = newest.entries;
        let last = entries.last();
        let known = last.and_then(|last| newest.iter().rposition(|entry| entry.cursor == last.cursor));
        // What was cut short may end before the lines that are there already.
        let start =
            last.and_then(|last| last.line.as_ref()).map(|line| line.time).or(start).filter(|_| known.is_none());
        entries.extend(newest.drain(known.map_or(0, |at| at + 1)..).filter(|entry| entry.is_since(start)));
        known.is_some()
    }

    /// `None` where `journalctl` fails.
    fn ask(&self, site: &Site, runner: &mut Runner, want: &Want<'_>) -> Result<Option<Answer>> {
        let (start, count) = match want {
            Want::After(cursor) => (Some(format!("--after-cursor={cursor}")), LINES_MAX),
            Want::Since(time) => (Some(format!("--since=@{}", time.as_second())), LINES_MAX),
            Want::Last(count) => (None, (*count).min(LINES_MAX)),
        };
        let lines = format!("--lines={count}");
        let mut words = vec!["--output=json", "--no-pager", "--quiet", "--utc", &lines];
        words.push("--output-fields=MESSAGE,SYSLOG_IDENTIFIER");
        words.extend(start.as_deref());
        words.extend(self.filter.iter().map(String::as_str));
        let output = runner.ask(site, "journalctl", &words, DEADLINE)?;
        if output.code != Some(0) && output.text.is_empty() {
            return Ok(None);
        }
        let entries = parse(&output.text);
        // One that said more than is heard was full as well.
        let full = entries.len() >= count || output.text.len() >= OUTPUT_BYTES_MAX;
        Ok(Some(Answer { entries, full }))
    }
}

/// What `journalctl` said.
struct Answer {
    entries: Vec<Entry>,
    /// There may be more.
    full: bool,
}

/// A line and its place; no line where it could not be read.
struct Entry {
    cursor: Option<String>,
    line: Option<Line>,
}

impl Entry {
    fn is_since(&self, start: Option<Timestamp>) -> bool {
        start.is_none_or(|start| self.line.as_ref().is_none_or(|line| line.time >= start))
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

/// What `--output=json` says. What is none of that is left out.
fn parse(text: &str) -> Vec<Entry> {
    let read = |raw: Raw| {
        let micros = raw.micros.and_then(|micros| micros.parse().ok());
        let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let line = time.map(|time| Line { time, tag: words(&raw.tag), message: words(&raw.message) });
        Entry { cursor: raw.cursor, line }
    };
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).map(read).collect()
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
pub(crate) mod tests;
