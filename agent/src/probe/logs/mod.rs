//! Patterns that are looked for in files and in the journal, from the agent's start on.
//!
//! Patterns are `regex-lite`'s: its time is bounded as `regex`' is, and it brings none of the tables of Unicode, which
//! would be larger than all probes together.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;
use regex_lite::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::probe::follow::Follow;
use crate::probe::journal::{From, Journal};
use crate::probe::logread::{Logread, Wanted};
use crate::probe::runner::Runner;
use crate::probe::said::when;
use crate::probe::{Fault, Moment, Probe, Result, Site};

/// Of a pattern as it is written, and compiled.
const PATTERN_BYTES_MAX: usize = 1024;
const COMPILED_BYTES_MAX: usize = 256 << 10;
const PATTERNS_MAX: usize = 64;

/// What to look for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogsConfig {
    /// The patterns; 64 at most are looked for.
    pub pattern: Vec<Pattern>,
}

/// One of them. Without `file`, `unit` and `tag` it is looked for in the whole journal.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pattern {
    /// What people call it.
    pub name: String,
    /// A regular expression.
    pub pattern: String,
    /// Whether capitals are as good as small letters.
    pub ignore_case: bool,
    /// A file.
    pub file: Option<String>,
    /// A unit of systemd.
    pub unit: Option<String>,
    /// What a program calls itself in the journal.
    pub tag: Option<String>,
}

/// Where lines come from; each is read once, however many patterns look at it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    File(String),
    Unit(String),
    Tag(String),
    Journal,
}

impl Source {
    fn of(pattern: &Pattern) -> std::result::Result<Self, String> {
        match (&pattern.file, &pattern.unit, &pattern.tag) {
            (Some(file), None, None) => Ok(Self::File(file.clone())),
            (None, Some(unit), None) => Ok(Self::Unit(unit.clone())),
            (None, None, Some(tag)) => Ok(Self::Tag(tag.clone())),
            (None, None, None) => Ok(Self::Journal),
            _ => Err("needs only one of file, unit and tag in the configuration".into()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::File(file) => file.clone(),
            Self::Unit(unit) => format!("journal, unit {unit}"),
            Self::Tag(tag) => format!("journal, {tag}"),
            Self::Journal => "journal".into(),
        }
    }
}

enum Reader {
    File(Follow),
    /// Where there is no journal, OpenWrt's ring may have it; it knows no units.
    Journal(Journal, Option<Logread>),
}

impl Reader {
    fn new(source: &Source) -> Self {
        match source {
            Source::File(file) => Self::File(Follow::new(file)),
            Source::Unit(unit) => Self::Journal(Journal::new(&[&format!("--unit={unit}")]), None),
            Source::Tag(tag) => {
                let ring = Logread::new(Wanted::Tag(tag.clone()));
                Self::Journal(Journal::new(&[&format!("--identifier={tag}")]), Some(ring))
            }
            Source::Journal => Self::Journal(Journal::new(&[]), Some(Logread::new(Wanted::All))),
        }
    }

    fn read(&mut self, site: &Site, runner: &mut Runner, at: Moment) -> Result<Vec<(Timestamp, String)>> {
        Ok(match self {
            Self::File(follow) => follow.read(site)?.into_iter().map(|line| (at.wall, line)).collect(),
            Self::Journal(journal, ring) => {
                let lines = match (journal.read(site, runner, From::Time(at.wall)), ring) {
                    (Err(Fault::Absent(why)), Some(ring)) => {
                        ring.read(site, runner, at.wall).map_err(|fault| match fault {
                            Fault::Absent(_) => Fault::Absent(why),
                            fault => fault,
                        })?
                    }
                    (read, _) => read?,
                };
                lines.into_iter().map(|line| (line.time, line.message)).collect()
            }
        })
    }
}

/// A pattern, and what was found.
struct Watched {
    name: String,
    /// Why it cannot be looked for.
    what: std::result::Result<(Source, Regex), String>,
    count: u64,
    last: Option<(Timestamp, String)>,
}

impl Watched {
    fn new(pattern: &Pattern) -> Self {
        let compiled = || {
            if pattern.pattern.is_empty() || pattern.pattern.len() > PATTERN_BYTES_MAX {
                return Err(format!("the pattern has no or more than {PATTERN_BYTES_MAX} bytes"));
            }
            let mut builder = RegexBuilder::new(&pattern.pattern);
            builder.case_insensitive(pattern.ignore_case).size_limit(COMPILED_BYTES_MAX);
            let regex = builder.build().map_err(|err| format!("the pattern is wrong: {err}"))?;
            Ok((Source::of(pattern)?, regex))
        };
        Self { name: pattern.name.clone(), what: compiled(), count: 0, last: None }
    }
}

/// See the module.
pub struct Logs {
    watched: Vec<Watched>,
    readers: BTreeMap<Source, Reader>,
    runner: Runner,
    left_out: usize,
}

impl Logs {
    /// A pattern that is wrong is told in its view, and keeps nobody else from being looked for.
    #[must_use]
    pub fn new(config: &LogsConfig) -> Self {
        let watched: Vec<_> = config.pattern.iter().take(PATTERNS_MAX).map(Watched::new).collect();
        let sources = watched.iter().filter_map(|watched| watched.what.as_ref().ok());
        let readers = sources.map(|(source, _)| (source.clone(), Reader::new(source))).collect();
        let left_out = config.pattern.len().saturating_sub(PATTERNS_MAX);
        Self { watched, readers, runner: Runner::default(), left_out }
    }
}

impl Probe for Logs {
    fn name(&self) -> &'static str {
        "logs"
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.logs.pattern"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.watched.is_empty() {
            return Err(Fault::Absent("no pattern is configured".into()));
        }
        let mut problems = BTreeMap::new();
        for (source, reader) in &mut self.readers {
            let lines = match reader.read(site, &mut self.runner, at) {
                Ok(lines) => lines,
                Err(fault) => {
                    problems.insert(source.clone(), fault.to_string());
                    continue;
                }
            };
            for watched in &mut self.watched {
                let Ok((own, regex)) = &watched.what else { continue };
                for (time, line) in lines.iter().filter(|(_, line)| own == source && regex.is_match(line)) {
                    watched.count += 1;
                    watched.last = Some((*time, line.clone()));
                }
            }
        }
        for watched in &self.watched {
            let problem = match &watched.what {
                Ok((source, _)) => problems.get(source),
                Err(why) => Some(why),
            };
            let view = view::Log {
                name: Some(text(&watched.name)),
                source: watched.what.as_ref().ok().map(|(source, _)| text(&source.shown())),
                match_count: Some(watched.count),
                matched_at: watched.last.as_ref().map(|(time, _)| when(*time)),
                line: watched.last.as_ref().map(|(_, line)| text(line)),
                problem: problem.map(|problem| text(problem)),
            };
            out(ObjectId::of(&watched.name), view.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
