//! What the configuration says of jobs, as the plan and the views have it.

use std::time::Duration;

use atalaya_wire::view::Backup;
use atalaya_wire::{ObjectId, Sample, fnv};
use jiff::Timestamp;

use super::jobs;
use super::known::Known;
use crate::config::{Check, Config};
use crate::schedule::{History, Plan};

/// A clock before this program was written is wrong: 2026-11-01.
const BUILT: i64 = 1_793_491_200;

/// Jobs, and behind them the checks of those that have one.
pub(super) fn plan(config: &Config, node: &str, history: impl Fn(&str) -> Option<History>) -> Plan {
    let all = config.jobs.iter().map(|job| &job.plan).chain(checks(config).map(|(_, check)| &check.plan));
    let each = all.map(|job| {
        let mut plan = job.clone();
        plan.delay = share(plan.delay, &format!("{node} {}", plan.name));
        let repo = config.jobs.iter().find(|known| known.plan.name == job_of(&job.name)).map(|job| job.repo.clone());
        let mut history = history(&plan.name).unwrap_or_default();
        // What was done with another repository says nothing of this one.
        let repo = repo.unwrap_or_default();
        if !history.repo.is_empty() && history.repo != repo {
            history = History::default();
        }
        history.repo = repo;
        (plan, history)
    });
    Plan::new(each.collect(), Timestamp::from_second(BUILT).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Checks, and the positions of their jobs.
pub(super) fn checks(config: &Config) -> impl Iterator<Item = (usize, &Check)> {
    config.jobs.iter().enumerate().filter_map(|(at, job)| Some((at, job.check.as_ref()?)))
}

/// The job that the task called `name` is about.
pub(super) fn job_of(name: &str) -> &str {
    name.strip_suffix(".check").unwrap_or(name)
}

/// What the last runs were like is known over restarts; what the configuration says is new.
pub(super) fn views(config: &Config, known: &Known, plan: &Plan) -> Vec<Backup> {
    let each = config.jobs.iter().map(|job| {
        let fresh = jobs::view(job);
        match known.recall("backup", &ObjectId::of(&job.plan.name)) {
            Some(Sample::Backup(old)) if plan.knows(&job.plan.name) => {
                Backup { tier: fresh.tier, rpo_seconds: fresh.rpo_seconds, ..old }
            }
            _ => fresh,
        }
    });
    each.collect()
}

/// The same part of `whole` for the same words, always.
fn share(whole: Duration, words: &str) -> Duration {
    whole.mul_f64(f64::from(fnv(words)) / f64::from(u32::MAX))
}
