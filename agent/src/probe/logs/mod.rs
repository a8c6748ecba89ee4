//! Patterns that are looked for in files and in the journal, from the agent's start on.
//!
//! Patterns are `regex-lite`'s: its time is bounded as `regex`' is, and it brings none of the tables of Unicode, which
//! would be larger than all probes together.

mod config;

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::{SignedDuration, Timestamp};

use crate::probe::follow::Follow;
use crate::probe::journal::{From, Journal, Seen};
use crate::probe::logread::{Logread, Wanted};
use crate::probe::runner::Runner;
use crate::probe::said::when;
use crate::probe::{Fault, Moment, Probe, Result, Site};
use config::Source;

pub use config::{LogsConfig, Pattern};

/// Said as long as it is so.
const SKIPPED: &str = "more lines come than are read at a time; it was found at least so often";

enum Reader {
    File(Follow),
    /// Where there is no journal, OpenWrt's ring may have it; it knows no units.
    Journal(Journal, Option<Logread>),
}

impl Reader {
    fn new(source: &Source) -> Self {
        let journal = |filter: &[&str]| Journal::new(filter, From::Ago(SignedDuration::ZERO));
        match source {
            Source::File(file) => Self::File(Follow::new(file)),
            Source::Unit(unit) => Self::Journal(journal(&[&format!("--unit={unit}")]), None),
            Source::Tag(tag) => {
                let ring = Logread::new(Wanted::Tag(tag.clone()));
                Self::Journal(journal(&[&format!("--identifier={tag}")]), Some(ring))
            }
            Source::Journal => Self::Journal(journal(&[]), Some(Logread::new(Wanted::All))),
        }
    }

    /// The new lines, and whether there were more.
    fn read(&mut self, site: &Site, runner: &mut Runner, at: Moment) -> Result<(Vec<(Timestamp, String)>, bool)> {
        Ok(match self {
            Self::File(follow) => {
                let lines = follow.read(site)?.into_iter().map(|line| (at.wall, line)).collect();
                (lines, follow.is_behind())
            }
            Self::Journal(journal, ring) => {
                let Seen { lines, skipped } = match (journal.read(site, runner, at), ring) {
                    (Err(Fault::Absent(why)), Some(ring)) => {
                        let lines = ring.read(site, runner, at.wall).map_err(|fault| match fault {
                            Fault::Absent(_) => Fault::Absent(why),
                            fault => fault,
                        })?;
                        Seen { lines, skipped: false }
                    }
                    (read, _) => read?,
                };
                (lines.into_iter().map(|line| (line.time, line.message)).collect(), skipped)
            }
        })
    }
}

/// A pattern, and what was found.
struct Watched {
    pattern: Pattern,
    count: u64,
    last: Option<(Timestamp, String)>,
}

/// See the module.
pub struct Logs {
    watched: Vec<Watched>,
    readers: BTreeMap<Source, Reader>,
    runner: Runner,
}

impl Logs {
    /// With what to look for.
    #[must_use]
    pub fn new(config: LogsConfig) -> Self {
        let readers = config.pattern.iter().map(|pattern| (pattern.source.clone(), Reader::new(&pattern.source)));
        let readers = readers.collect();
        let watched = config.pattern.into_iter().map(|pattern| Watched { pattern, count: 0, last: None }).collect();
        Self { watched, readers, runner: Runner::default() }
    }
}

impl Probe for Logs {
    fn name(&self) -> &'static str {
        "logs"
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
                Ok((lines, skipped)) => {
                    if skipped {
                        problems.insert(source.clone(), SKIPPED.to_owned());
                    }
                    lines
                }
                Err(fault) => {
                    problems.insert(source.clone(), fault.to_string());
                    continue;
                }
            };
            for watched in self.watched.iter_mut().filter(|watched| watched.pattern.source == *source) {
                for (time, line) in lines.iter().filter(|(_, line)| watched.pattern.regex.is_match(line)) {
                    watched.count += 1;
                    watched.last = Some((*time, line.clone()));
                }
            }
        }
        for Watched { pattern, count, last } in &self.watched {
            let view = view::Log {
                name: Some(text(&pattern.name)),
                source: Some(text(&pattern.source.shown())),
                match_count: Some(*count),
                matched_at: last.as_ref().map(|(time, _)| when(*time)),
                line: last.as_ref().map(|(_, line)| text(line)),
                problem: problems.get(&pattern.source).map(|problem| text(problem)),
            };
            out(ObjectId::of(&pattern.name), view.into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
