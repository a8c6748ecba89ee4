//! What the configuration says of jobs, as the plan and the views have it.

use std::time::Duration;

use atalaya_wire::view::Backup;
use atalaya_wire::{ObjectId, Sample, fnv};
use jiff::Timestamp;

use super::known::Known;
use super::process::Task;
use super::{chores, jobs};
use crate::config::{Check, Config, Job};
use crate::schedule::{History, Plan};

/// A clock before this program was written is wrong: 2026-11-01.
const BUILT: i64 = 1_793_491_200;

/// Jobs, behind them the checks of those that have one, and behind those the tasks of upkeep.
pub(super) fn plan(config: &Config, node: &str, history: impl Fn(&str) -> Option<History>) -> Plan {
    let jobs = config.jobs.iter().map(|job| (&job.plan, job.repo.as_str(), job.plan.name.as_str()));
    let checks = checks(config).map(|(job, check)| (&check.plan, job.repo.as_str(), check.plan.name.as_str()));
    // Tasks of one upkeep are late by the same, so that they stay in their order.
    let chores = config.chores.iter().map(|chore| (&chore.plan, chore.repo.as_str(), chore.name.as_str()));
    let each = jobs.chain(checks).chain(chores).map(|(job, repo, spread)| {
        let mut plan = job.clone();
        plan.delay = share(plan.delay, &format!("{node} {spread}"));
        let mut history = history(&plan.name).unwrap_or_default();
        // What was done with another repository says nothing of this one.
        if !history.repo.is_empty() && history.repo != repo {
            history = History::default();
        }
        history.repo = repo.to_owned();
        (plan, history)
    });
    Plan::new(each.collect(), Timestamp::from_second(BUILT).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Checks, and their jobs.
fn checks(config: &Config) -> impl Iterator<Item = (&Job, &Check)> {
    config.jobs.iter().filter_map(|job| Some((job, job.check.as_ref()?)))
}

/// The position in the plan of the first task of upkeep.
pub(super) fn first_chore(config: &Config) -> usize {
    config.jobs.len() + checks(config).count()
}

/// What stands at this position of the plan; a backup is one of everything if `full`.
pub(super) fn task_at(config: &Config, at: usize, full: bool) -> Option<Task<'_>> {
    if let Some(job) = config.jobs.get(at) {
        return Some(Task::Backup(job, full));
    }
    let check = checks(config).nth(at - config.jobs.len()).map(|(_, check)| Task::Check(check));
    check.or_else(|| config.chores.get(at.checked_sub(first_chore(config))?).map(Task::Chore))
}

/// Whose view a task changes: its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A backup job's own run.
    Job(usize),
    /// The check of a backup job.
    Check(usize),
    /// A task of upkeep.
    Chore(usize),
}

/// What the task called `name` is about.
pub(super) fn subject(config: &Config, name: &str) -> Option<Subject> {
    if let Some(at) = config.chores.iter().position(|chore| chore.plan.name == name) {
        return Some(Subject::Chore(at));
    }
    let at = config.jobs.iter().position(|job| job.plan.name == job_of(name))?;
    Some(if job_of(name) == name { Subject::Job(at) } else { Subject::Check(at) })
}

/// Topic and id of the view that the task called `name` changes.
pub(super) fn object(config: &Config, name: &str) -> (&'static str, ObjectId) {
    match subject(config, name) {
        Some(Subject::Chore(at)) => ("upkeep", config.chores.get(at).map_or_else(ObjectId::only, chores::id)),
        _ => ("backup", ObjectId::of(job_of(name))),
    }
}

/// How long a run of the task called `name` may take.
pub(super) fn time_max(config: &Config, name: &str) -> Option<Duration> {
    match subject(config, name)? {
        Subject::Job(at) | Subject::Check(at) => config.jobs.get(at)?.time_max,
        Subject::Chore(at) => config.chores.get(at)?.time_max,
    }
}

/// The job that the task called `name` is about.
fn job_of(name: &str) -> &str {
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
