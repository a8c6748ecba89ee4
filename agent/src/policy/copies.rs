//! Which copies there are of what a job backs up, and of when they are: its repository, those of jobs that back up the
//! same, and the replicas of all of them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Copy, Lies, Standing};
use crate::config::{Config, Job, Work};

/// What is known of runs.
pub(crate) trait Seen {
    /// When the task called `name` last ended well.
    fn succeeded(&self, name: &str) -> Option<Timestamp>;

    /// What the last check of a task said, in the words of views: `verified`, `unverified`, `damaged`.
    fn checked(&self, name: &str) -> Option<&str>;
}

/// A copy, and how old it may be.
struct Found<'a> {
    repo: &'a str,
    lies: &'a Lies,
    made: Option<Timestamp>,
    rpo: Duration,
}

/// See the module.
pub(crate) fn copies(config: &Config, job: &Job, seen: &dyn Seen, now: Timestamp) -> Vec<Copy> {
    let mut found: Vec<Found<'_>> = Vec::new();
    for same in config.jobs.iter().filter(|other| other.what == job.what) {
        let made = seen.succeeded(&same.plan.name);
        add(&mut found, Found { repo: &same.repo, lies: &same.lies, made, rpo: same.plan.rpo });
    }
    // A replica of a replica is one of the first. Each is reached from what was found before it.
    let mut at = 0;
    while let Some(Found { repo, made, .. }) = found.get(at) {
        let (repo, made) = (*repo, *made);
        let copies =
            config.chores.iter().filter(|chore| chore.work == Work::Copy && chore.from.as_deref() == Some(repo));
        for copy in copies {
            // What it holds is no newer than what there was to be copied.
            let made = made.zip(seen.succeeded(&copy.plan.name)).map(|(stored, copied)| stored.min(copied));
            add(&mut found, Found { repo: &copy.repo, lies: &copy.lies, made, rpo: copy.plan.rpo });
        }
        at += 1;
    }
    found.into_iter().map(|found| found.judged(config, seen, now)).collect()
}

/// One place counts once, as the newest that was stored there.
fn add<'a>(all: &mut Vec<Found<'a>>, found: Found<'a>) {
    match all.iter_mut().find(|known| known.repo == found.repo) {
        Some(known) if known.made < found.made => (known.made, known.rpo) = (found.made, found.rpo),
        Some(_) => {}
        None => all.push(found),
    }
}

impl Found<'_> {
    fn judged(self, config: &Config, seen: &dyn Seen, now: Timestamp) -> Copy {
        let checks = checks(config, self.repo);
        let damaged = checks.iter().any(|(of, _)| seen.checked(of) == Some("damaged"));
        let verified = checks.iter().filter(|(of, _)| seen.checked(of) == Some("verified"));
        let old = |made: Timestamp| now.duration_since(made) > self.rpo.try_into().unwrap_or_default();
        let standing = match self.made {
            _ if damaged => Standing::Damaged,
            None => Standing::Never,
            Some(made) if old(made) => Standing::Stale,
            Some(_) => Standing::Counts,
        };
        Copy {
            repo: self.repo.to_owned(),
            lies: self.lies.clone(),
            standing,
            made: self.made,
            // Of a check whose time was lost it is only known that there was one.
            verified: verified.map(|(_, task)| seen.succeeded(task).unwrap_or(Timestamp::UNIX_EPOCH)).max(),
        }
    }
}

/// What checks a repository: whose view says what was found, and the task that does it.
fn checks<'a>(config: &'a Config, repo: &str) -> Vec<(&'a str, &'a str)> {
    let jobs = config.jobs.iter().filter(|job| job.repo == repo);
    let jobs = jobs.filter_map(|job| Some((job.plan.name.as_str(), job.check.as_ref()?.plan.name.as_str())));
    let chores = config.chores.iter().filter(|chore| chore.work == Work::Check && chore.repo == repo);
    jobs.chain(chores.map(|chore| (chore.plan.name.as_str(), chore.plan.name.as_str()))).collect()
}
