//! `[[job]]`: backups.

use std::path::Path;
use std::time::Duration;

use atalaya_base::config::{DAY, Length, Limit, Mistake, Place, Spanned, Whole, Written, YEARS};
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::access::{Access, Keys};
use super::names::{Exclude, JobName, Label, Share, lies};
use super::paths::{Repo, Sources};
use super::size::Memory;
use super::{Check, Job};
use crate::schedule::{self, Calendar, Window};

/// More jobs than anybody has, and few enough to keep in memory.
const JOBS_MAX: usize = 64;
const DEFAULT_SCHEDULE: &str = "daily 02:00";
const KEYS: Keys = Keys {
    repo: "job.repo",
    ssh: "job.ssh_*",
    files: [
        "job.key_file",
        "job.passphrase_file",
        "job.ssh_key_file",
        "job.ssh_password_file",
        "job.ssh_known_hosts",
        "job.bucket_credentials_file",
    ],
    without: "backups of this job fail",
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawJob {
    pub(super) name: Spanned<JobName>,
    repo: Spanned<Repo>,
    key_file: Option<Spanned<Place>>,
    passphrase_file: Option<Spanned<Place>>,
    ssh_key_file: Option<Spanned<Place>>,
    ssh_password_file: Option<Spanned<Place>>,
    ssh_known_hosts: Option<Spanned<Place>>,
    bucket_credentials_file: Option<Spanned<Place>>,
    paths: Sources,
    #[serde(default)]
    exclude: Vec<Exclude>,
    #[serde(default)]
    exclude_caches: bool,
    exclude_larger_than: Option<Limit>,
    #[serde(default)]
    one_file_system: bool,
    memory_max: Option<Memory>,
    limit_upload: Option<Limit>,
    /// What it means depends on the zone, and so it is understood when that is known.
    schedule: Option<Spanned<String>>,
    jitter: Option<Length<0, { 7 * DAY }>>,
    window: Option<Window>,
    full_every: Option<Length<1, YEARS>>,
    time_max: Option<Length<60, YEARS>>,
    check_every: Option<Length<1, YEARS>>,
    check_share: Option<Share>,
    tier: Option<Whole<1, 3>>,
    rpo: Option<Length<1, YEARS>>,
    retries: Option<Whole<0, 100>>,
    medium: Option<Label>,
    place: Option<Label>,
}

/// All jobs, each called otherwise.
pub(super) fn check(jobs: &[RawJob], state: &Path, zone: &TimeZone, written: &Written) -> Result<Vec<Job>, Mistake> {
    if let Some(job) = jobs.get(JOBS_MAX) {
        return Err(Mistake::at("job", &job.name, format!("this is one too many; at most {JOBS_MAX} jobs")));
    }
    for (number, job) in jobs.iter().enumerate() {
        if let Some(other) = jobs[..number].iter().find(|other| other.name.get_ref() == job.name.get_ref()) {
            let (name, line) = (&job.name.get_ref().0, written.line(other.name.span().start));
            let what = format!("two jobs are called {name:?}, the other one on line {line}; call one otherwise");
            return Err(Mistake::at("job.name", &job.name, what));
        }
    }
    jobs.iter().map(|job| job.check(state, zone)).collect()
}

impl RawJob {
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

    fn check(&self, state: &Path, zone: &TimeZone) -> Result<Job, Mistake> {
        let access = self.access().words(state)?;
        let repo = self.repo.get_ref();
        if let Some(path) = self.paths.0.iter().find(|path| repo.holds(&path.0)) {
            let what = format!("{} lies in it, and is to be backed up into it; name another", path.0.display());
            return Err(Mistake::at("job.repo", &self.repo, what));
        }
        let mut words = access.clone();
        // Joined, because a value may begin with a hyphen.
        words.push(format!("--job={}", self.name.get_ref().0));
        words.extend(self.limit_upload.map(|limit| format!("--limit-upload={}", limit.0)));
        let what = self.what();
        words.extend(what.iter().cloned());
        let paths: Vec<String> = self.paths.0.iter().map(|path| path.0.display().to_string()).collect();
        let plan = self.plan(zone)?;
        Ok(Job {
            check: self.check_every.map(|every| self.check_of(&plan, every.0, access)),
            plan,
            repo: repo.0.to_string(),
            lies: lies(self.medium.as_ref(), self.place.as_ref()),
            what,
            tier: self.tier() as u8,
            words,
            paths,
            time_max: self.time_max.map(|time| time.0),
            full_every: self.full_every.map(|every| every.0),
        })
    }

    /// What is backed up, as its process is told.
    fn what(&self) -> Vec<String> {
        let mut words: Vec<String> = self.exclude.iter().map(|pattern| format!("--exclude={}", pattern.0)).collect();
        words.extend(self.exclude_larger_than.map(|limit| format!("--exclude-larger-than={}", limit.0)));
        words.extend(self.exclude_caches.then(|| "--exclude-caches".into()));
        words.extend(self.one_file_system.then(|| "--one-file-system".into()));
        words.push("--".into());
        words.extend(self.paths.0.iter().map(|path| path.0.display().to_string()));
        words
    }

    fn tier(&self) -> u32 {
        self.tier.map_or(2, |tier| tier.0)
    }

    /// As the schedule sees it.
    fn plan(&self, zone: &TimeZone) -> Result<schedule::Job, Mistake> {
        let calendar = match &self.schedule {
            Some(text) => {
                Calendar::parse(text.get_ref(), zone).map_err(|why| Mistake::at("job.schedule", text, why))?
            }
            None => Calendar::parse(DEFAULT_SCHEDULE, zone).map_err(|why| Mistake::whole("job.schedule", why))?,
        };
        let days = match self.tier() {
            1 => Duration::from_secs(3600),
            2 => Duration::from_secs(DAY),
            _ => Duration::from_secs(7 * DAY),
        };
        Ok(schedule::Job {
            name: self.name.get_ref().0.clone(),
            calendar,
            // Spread over the node's jobs too; the node's own part is added when its id is known.
            delay: self.jitter.map_or(Duration::ZERO, |jitter| jitter.0),
            window: self.window,
            retries: self.retries.map_or(3, |retries| retries.0),
            rpo: self.rpo.map_or(days, |rpo| rpo.0),
        })
    }

    /// Its check: as often as wanted, at the times of the job.
    fn check_of(&self, job: &schedule::Job, every: Duration, mut words: Vec<String>) -> Check {
        words.push(format!("--read-data={}", self.check_share.as_ref().map_or("5%", |share| &share.0)));
        let plan = schedule::Job {
            // No job is called so: theirs have no dots.
            name: format!("{}.check", job.name),
            calendar: Calendar::Every(every),
            delay: Duration::ZERO,
            window: job.window,
            retries: 1,
            rpo: every.saturating_mul(4),
        };
        Check { plan, words }
    }
}
