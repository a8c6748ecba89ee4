//! Log-ins that failed: how many in the last ten minutes, and from where the last one came. Names are never told: people
//! type passwords in their place.

mod btmp;
mod lines;

use std::collections::VecDeque;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::config::place_names;
use crate::probe::follow::Follow;
use crate::probe::journal::{From, Journal, Line, Seen};
use crate::probe::logread::{Logread, Wanted};
use crate::probe::runner::Runner;
use crate::probe::said::when;
use crate::probe::{Fault, Moment, Probe, Result, Site};

/// What counts as recent.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// Failures are counted by so many seconds: that bounds what is kept.
const BUCKET_SECONDS: i64 = 10;

/// Where to look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthConfig {
    /// Files that are tried where there is no journal.
    #[serde(deserialize_with = "place_names")]
    pub files: Vec<String>,
}

impl Default for AuthConfig {
    fn default() -> Self {
        Self { files: vec!["/var/log/auth.log".into(), "/var/log/secure".into()] }
    }
}

/// A log-in that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    at: Timestamp,
    from: Option<String>,
}

/// Where failures are read.
enum Source {
    Journal(Journal),
    Logread(Logread),
    File(String, Follow),
    Btmp { seen: Timestamp },
}

/// See the module.
pub struct Auth {
    config: AuthConfig,
    runner: Runner,
    source: Option<Source>,
    recent: VecDeque<(i64, u64)>,
    total: u64,
    last: Option<Failure>,
    /// When more came than was read.
    skipped_at: Option<Timestamp>,
}

impl Auth {
    /// With where to look.
    #[must_use]
    pub fn new(config: AuthConfig) -> Self {
        Self {
            config,
            runner: Runner::default(),
            source: None,
            recent: VecDeque::new(),
            total: 0,
            last: None,
            skipped_at: None,
        }
    }

    /// The failures since the last reading, and whether there were more. The first source that can be read is kept.
    fn failures(&mut self, site: &Site, at: Moment) -> Result<(Vec<Failure>, bool)> {
        if let Some(source) = &mut self.source {
            return source.read(site, &mut self.runner, at);
        }
        let files = self.config.files.iter().map(|file| Source::File(file.clone(), Follow::new(file)));
        // Both of syslog's facilities for such things.
        let journal = Journal::new(&["SYSLOG_FACILITY=4", "SYSLOG_FACILITY=10"], From::Ago(RECENT));
        let btmp = Source::Btmp { seen: at.wall };
        let mut why = None;
        let ring = Source::Logread(Logread::new(Wanted::Auth));
        for mut source in [Source::Journal(journal)].into_iter().chain(files).chain([ring, btmp]) {
            match source.read(site, &mut self.runner, at) {
                Ok(found) => {
                    self.source = Some(source);
                    return Ok(found);
                }
                // What is there but may not be read says more than what is not there.
                Err(fault @ (Fault::Denied(_) | Fault::Failed(_))) => why = why.or(Some(fault)),
                Err(Fault::Absent(_)) => {}
            }
        }
        Err(why.unwrap_or_else(|| {
            Fault::Absent("there is neither a journal nor logread, auth.log, secure or btmp".into())
        }))
    }

    fn count(&mut self, failures: Vec<Failure>, first: bool, now: Timestamp) {
        for failure in failures {
            // A clock that was set back must not keep a failure for ever.
            let bucket = failure.at.min(now).as_second() / BUCKET_SECONDS;
            self.total += u64::from(!first);
            match self.recent.iter_mut().rev().find(|(known, _)| *known == bucket) {
                Some((_, count)) => *count += 1,
                None => self.recent.push_back((bucket, 1)),
            }
            self.last = Some(failure);
        }
        let oldest = now.checked_sub(RECENT).map_or(i64::MIN, |time| time.as_second() / BUCKET_SECONDS);
        let newest = now.as_second() / BUCKET_SECONDS;
        self.recent.retain(|(bucket, _)| (oldest..=newest).contains(bucket));
    }
}

impl Probe for Auth {
    fn name(&self) -> &'static str {
        "auth"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(15)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let first = self.source.is_none();
        let (failures, skipped) = self.failures(site, at)?;
        let in_window = |time: &Timestamp| (SignedDuration::ZERO..=RECENT).contains(&at.wall.duration_since(*time));
        self.skipped_at = if skipped { Some(at.wall) } else { self.skipped_at.filter(in_window) };
        self.count(failures, first, at.wall);
        let view = view::Auth {
            failed_count: Some(self.recent.iter().map(|(_, count)| count).sum()),
            failed_total_count: Some(self.total),
            failed_at: self.last.as_ref().map(|last| when(last.at)),
            failed_from: self.last.as_ref().and_then(|last| last.from.as_deref()).map(text),
            source: self.source.as_ref().map(|source| match self.skipped_at {
                Some(_) => text(&format!("{}, in part", source.name())),
                None => text(source.name()),
            }),
        };
        out(ObjectId::only(), view.into());
        Ok(())
    }
}

impl Source {
    fn name(&self) -> &str {
        match self {
            Self::Journal(_) => "journal",
            Self::Logread(_) => "logread",
            Self::File(path, _) => path,
            Self::Btmp { .. } => "btmp",
        }
    }

    fn read(&mut self, site: &Site, runner: &mut Runner, at: Moment) -> Result<(Vec<Failure>, bool)> {
        let start = at.wall.checked_sub(RECENT).unwrap_or(at.wall);
        let failures = match self {
            Self::Journal(journal) => {
                let Seen { lines, skipped } = journal.read(site, runner, at)?;
                return Ok((judged(&lines), skipped));
            }
            Self::Logread(ring) => judged(&ring.read(site, runner, start)?),
            Self::File(_, follow) => {
                let lines = follow.read(site)?;
                let mut judge = lines::Judge::default();
                let lines = lines.iter().filter_map(|line| lines::split(line));
                let failures = lines.filter_map(|(tag, message)| judge.failure(tag, message, at.wall)).collect();
                return Ok((failures, follow.is_behind()));
            }
            Self::Btmp { seen } => {
                let since = if *seen == at.wall { start } else { *seen };
                *seen = at.wall;
                let mut failures = btmp::read(site)?;
                failures.retain(|failure| failure.at > since && failure.at <= at.wall);
                failures
            }
        };
        Ok((failures, false))
    }
}

fn judged(lines: &[Line]) -> Vec<Failure> {
    let mut judge = lines::Judge::default();
    lines.iter().filter_map(|line| judge.failure(&line.tag, &line.message, line.time)).collect()
}

#[cfg(test)]
mod tests;
