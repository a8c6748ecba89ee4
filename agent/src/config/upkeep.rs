//! `[[upkeep]]`: what a repository needs over years. Each task has a section; one that is not there is not done.

use std::iter;
use std::path::Path;
use std::time::Duration;

use atalaya_base::config::{DAY, Length, Mistake, Named, Place, Spanned, Whole, Written, YEARS, section};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};

use super::access::{Access, Keys};
use super::copying::{Aim, RawCopy};
use super::job::RawJob;
use super::names::{JobName, Percent, Share};
use super::paths::Repo;
use super::size::Memory;
use super::{Chore, KeyNeed, Work};
use crate::policy::Lies;
use crate::schedule::{self, Calendar, Window};

/// More repositories than anybody has.
const UPKEEPS_MAX: usize = 16;
const KEYS: Keys = Keys {
    repo: "upkeep.repo",
    ssh: "upkeep.ssh_*",
    files: [
        "upkeep.key_file",
        "upkeep.passphrase_file",
        "upkeep.ssh_key_file",
        "upkeep.ssh_password_file",
        "upkeep.ssh_known_hosts",
        "upkeep.bucket_credentials_file",
    ],
    without: "this upkeep fails",
};
/// Any time will do to see how far the times of a calendar are apart: 2026.
const BEFORE: Timestamp = Timestamp::constant(1_767_225_600, 0);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawUpkeep {
    name: Spanned<JobName>,
    repo: Spanned<Repo>,
    key_file: Option<Spanned<Place>>,
    passphrase_file: Option<Spanned<Place>>,
    ssh_key_file: Option<Spanned<Place>>,
    ssh_password_file: Option<Spanned<Place>>,
    ssh_known_hosts: Option<Spanned<Place>>,
    bucket_credentials_file: Option<Spanned<Place>>,
    memory_max: Option<Memory>,
    jitter: Option<Length<0, { 7 * DAY }>>,
    window: Option<Window>,
    time_max: Option<Length<60, YEARS>>,
    #[serde(default, deserialize_with = "some")]
    forget: Option<RawForget>,
    #[serde(default, deserialize_with = "some")]
    prune: Option<RawPrune>,
    #[serde(default, deserialize_with = "some")]
    check: Option<RawCheck>,
    #[serde(default, deserialize_with = "some")]
    copy: Option<RawCopy>,
}

/// Which snapshots stay: as `forget` has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawForget {
    schedule: Option<Spanned<String>>,
    job: Option<JobName>,
    keep_last: Option<Whole<0, 100_000>>,
    keep_hourly: Option<Whole<0, 100_000>>,
    keep_daily: Option<Whole<0, 100_000>>,
    keep_weekly: Option<Whole<0, 100_000>>,
    keep_monthly: Option<Whole<0, 100_000>>,
    keep_yearly: Option<Whole<0, 100_000>>,
    keep_within: Option<Length<3600, YEARS>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrune {
    schedule: Option<Spanned<String>>,
    grace: Option<Length<DAY, YEARS>>,
    drop_max: Option<Percent>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    schedule: Option<Spanned<String>>,
    share: Option<Share>,
    compare: Option<Share>,
}

fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    section(from).map(Some)
}

/// The tasks of all of them, each called otherwise than the others and than any job.
pub(super) fn check(
    all: &[RawUpkeep],
    jobs: &[RawJob],
    state: &Path,
    zone: &TimeZone,
    written: &Written,
) -> Result<Vec<Chore>, Mistake> {
    if let Some(one) = all.get(UPKEEPS_MAX) {
        return Err(Mistake::at("upkeep", &one.name, format!("this is one too many; at most {UPKEEPS_MAX}")));
    }
    for (number, one) in all.iter().enumerate() {
        let others = all[..number].iter().map(|other| &other.name).chain(jobs.iter().map(|job| &job.name));
        if let Some(other) = others.into_iter().find(|other| other.get_ref() == one.name.get_ref()) {
            let (name, line) = (&one.name.get_ref().0, written.line(other.span().start));
            let what = format!("{name:?} is the name of what stands on line {line}; call one otherwise");
            return Err(Mistake::at("upkeep.name", &one.name, what));
        }
    }
    let mut out = Vec::new();
    for one in all {
        one.check(state, zone, &mut out)?;
    }
    Ok(out)
}

impl RawUpkeep {
    /// Where its repository is and what opens it.
    pub(super) fn access(&self) -> Access<'_> {
        Access {
            keys: &KEYS,
            repo: &self.repo,
            files: [
                &self.key_file,
                &self.passphrase_file,
                &self.ssh_key_file,
                &self.ssh_password_file,
                &self.ssh_known_hosts,
                &self.bucket_credentials_file,
            ],
            memory_max: self.memory_max,
        }
    }

    /// The files that only its copies read.
    pub(super) fn named(&self) -> impl Iterator<Item = Named> + use<'_> {
        self.copy.iter().flat_map(RawCopy::named)
    }

    /// Its key file, and what has to be allowed to it.
    pub(super) fn key(&self) -> Option<KeyNeed> {
        let file = self.key_file.clone()?;
        Some(KeyNeed { file, deletes: self.forget.is_some() || self.prune.is_some() })
    }

    fn check(&self, state: &Path, zone: &TimeZone, out: &mut Vec<Chore>) -> Result<(), Mistake> {
        let access = self.access().words(state)?;
        let before = out.len();
        let mut add = |work: Work, schedule: &Option<Spanned<String>>, mut words: Vec<String>| {
            words.splice(0..0, access.iter().cloned());
            let plan = self.plan(work, work.name(), schedule.as_ref(), zone)?;
            out.push(self.chore(plan, work, words));
            Ok::<(), Mistake>(())
        };
        if let Some(forget) = &self.forget {
            add(Work::Forget, &forget.schedule, forget.words().map_err(|what| self.wrong("upkeep.forget", &what))?)?;
        }
        if let Some(prune) = &self.prune {
            add(Work::Prune, &prune.schedule, prune.words())?;
        }
        if let Some(check) = &self.check {
            let share = check.share.as_ref().map_or("5%", |share| &share.0);
            let compare = check.compare.as_ref().map(|share| format!("--compare={}", share.0));
            add(Work::Check, &check.schedule, iter::once(format!("--read-data={share}")).chain(compare).collect())?;
        }
        if let Some(copy) = &self.copy {
            for aim in copy.aims(self.repo.get_ref(), self.memory_max, state)? {
                out.push(self.copying(copy, aim, &access, zone)?);
            }
        }
        if out.len() == before {
            let what = "nothing is to be done; add [upkeep.forget], [upkeep.prune], [upkeep.check] or [upkeep.copy]";
            return Err(self.wrong("upkeep", what));
        }
        Ok(())
    }

    /// A task on the repository itself.
    fn chore(&self, plan: schedule::Job, work: Work, words: Vec<String>) -> Chore {
        let repo = &self.repo.get_ref().0;
        Chore {
            plan,
            name: self.name.get_ref().0.clone(),
            work,
            task: work.name().into(),
            repo: repo.to_string(),
            from: None,
            lies: Lies::default(),
            words,
            time_max: self.time_max.map(|time| time.0),
        }
    }

    /// One that brings a replica up to date.
    fn copying(&self, copy: &RawCopy, aim: Aim, access: &[String], zone: &TimeZone) -> Result<Chore, Mistake> {
        let mut plan = self.plan(Work::Copy, &aim.task, copy.schedule.as_ref(), zone)?;
        plan.rpo = copy.rpo().unwrap_or(plan.rpo);
        let chore = self.chore(plan, Work::Copy, access.iter().cloned().chain(aim.words).collect());
        Ok(Chore {
            task: aim.task,
            from: Some(chore.repo.clone()),
            repo: aim.repo.0.to_string(),
            lies: aim.lies,
            ..chore
        })
    }

    fn wrong(&self, key: &str, what: &str) -> Mistake {
        Mistake::at(key, &self.name, what)
    }

    /// As the schedule sees a task of it.
    fn plan(
        &self,
        work: Work,
        task: &str,
        text: Option<&Spanned<String>>,
        zone: &TimeZone,
    ) -> Result<schedule::Job, Mistake> {
        let key = format!("upkeep.{}.schedule", work.name());
        let calendar = match text {
            Some(text) => Calendar::parse(text.get_ref(), zone).map_err(|why| Mistake::at(&key, text, why))?,
            None => Calendar::parse(work.schedule(), zone).map_err(|why| Mistake::whole(&key, why))?,
        };
        // One that is never due by itself is never late.
        let years = Duration::from_secs(YEARS);
        let rpo = calendar.longest(BEFORE).map_or(years, |gap| (gap * 2 + Duration::from_secs(DAY)).min(years));
        Ok(schedule::Job {
            // No job is called so: their names have no dots.
            name: format!("{}.{task}", self.name.get_ref().0),
            calendar,
            delay: self.jitter.map_or(Duration::ZERO, |jitter| jitter.0),
            window: self.window,
            retries: if work == Work::Check { 1 } else { 3 },
            rpo,
        })
    }
}

impl RawForget {
    fn words(&self) -> Result<Vec<String>, String> {
        let counts = [
            ("last", self.keep_last),
            ("hourly", self.keep_hourly),
            ("daily", self.keep_daily),
            ("weekly", self.keep_weekly),
            ("monthly", self.keep_monthly),
            ("yearly", self.keep_yearly),
        ];
        let asked = counts.iter().any(|(_, count)| count.is_some());
        if asked && self.keep_within.is_none() && counts.iter().all(|(_, count)| count.is_none_or(|n| n.0 == 0)) {
            return Err("these rules keep nothing; give one that does, such as keep_daily = 7".into());
        }
        let mut words = vec!["--no-list".to_owned()];
        words.extend(self.job.as_ref().map(|job| format!("--job={}", job.0)));
        words.extend(counts.iter().filter_map(|(rule, count)| Some(format!("--keep-{rule}={}", (*count)?.0))));
        words.extend(self.keep_within.map(|span| format!("--keep-within={}h", span.0.as_secs().div_ceil(3600))));
        Ok(words)
    }
}

impl RawPrune {
    fn words(&self) -> Vec<String> {
        let grace = self.grace.map(|grace| format!("--grace={}h", grace.0.as_secs().div_ceil(3600)));
        grace.into_iter().chain(self.drop_max.map(|percent| format!("--drop-max={}", percent.0))).collect()
    }
}
