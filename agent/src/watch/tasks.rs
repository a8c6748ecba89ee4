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
    let jobs = config.jobs.iter().map(|job| (&job.plan, job.repo.clone(), job.plan.name.as_str()));
    let checks = checks(config).map(|(job, check)| (&check.plan, job.repo.clone(), check.plan.name.as_str()));
    // Tasks of one upkeep are late by the same, so that they stay in their order.
    let chores = config.chores.iter().map(|chore| (&chore.plan, chore.about(), chore.name.as_str()));
    let each = jobs.chain(checks).chain(chores).map(|(job, repo, spread)| {
        let mut plan = job.clone();
        plan.delay = share(plan.delay, &format!("{node} {spread}"));
        let mut history = history(&plan.name).unwrap_or_default();
        // What was done with another repository says nothing of this one.
        if !history.repo.is_empty() && history.repo != repo {
            history = History::default();
        }
        history.repo = repo;
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

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::schedule::{Action, Cause, Event, Outcome};

    const TEXT: &str = r#"
[node]
zone = "UTC"
[[job]]
name = "films"
repo = "/r"
key_file = "/k"
paths = ["/p"]
check_every = "30d"
time_max = "1h"
[[job]]
name = "photos"
repo = "/r"
key_file = "/k"
paths = ["/p"]
schedule = "manual"
[[upkeep]]
name = "nas"
repo = "/r"
key_file = "/k"
jitter = "2h"
window = "03:00-08:00"
time_max = "2h"
[upkeep.forget]
[upkeep.prune]
[upkeep.check]
"#;

    fn config() -> Config {
        Config::read(std::path::Path::new("agent.toml"), TEXT).unwrap()
    }

    #[test]
    fn each_task_is_found_by_its_place_and_by_its_name() {
        let config = config();
        let names = ["films", "photos", "films.check", "nas.forget", "nas.prune", "nas.check"];
        for (at, name) in names.iter().enumerate() {
            assert_eq!(task_at(&config, at, false).map(|task| task.name()), Some(*name));
            assert_eq!(Task::called(name, &config).map(|task| task.word()).as_deref(), Some(*name));
        }
        assert!(task_at(&config, names.len(), false).is_none() && Task::called("nas", &config).is_none());
        assert!(Task::called("nas.check.full", &config).is_none());
        let subjects = names.map(|name| subject(&config, name).unwrap());
        let (job, check, chore) = (Subject::Job, Subject::Check, Subject::Chore);
        assert_eq!(subjects, [job(0), job(1), check(0), chore(0), chore(1), chore(2)]);
        let hours = |name: &str| time_max(&config, name).map(|time| time.as_secs() / 3600);
        assert_eq!([hours("films.check"), hours("photos"), hours("nas.check")], [Some(1), None, Some(2)]);
        assert_eq!(object(&config, "nas.check"), ("upkeep", ObjectId::of("nas-check")));
        assert_eq!(object(&config, "films.check"), ("backup", ObjectId::of("films")));
    }

    /// Never two at once, in their order, at night, and once for all that was missed.
    #[test]
    fn forget_comes_before_prune_and_what_was_missed_is_done_once() {
        let config = config();
        let zone = TimeZone::UTC;
        let mut plan = plan(&config, "node", |_| None);
        let mut step = |event: Event, time: &str| {
            let mut actions = plan.step(event, time.parse().unwrap(), &zone);
            actions.retain(|action| matches!(action, Action::Begin(at, _) if *at > 2));
            actions
        };
        // Friday; Sunday is the 22nd, and all are late by less than two hours.
        assert_eq!(step(Event::Tick, "2026-11-20T12:00:00Z"), []);
        assert_eq!(step(Event::Tick, "2026-11-22T03:59:00Z"), []);
        assert_eq!(step(Event::Tick, "2026-11-22T06:00:00Z").len(), 0, "the backup of two o'clock runs");
        let after = |outcome| Event::Ended(outcome);
        let begun = step(after(Outcome::Ok), "2026-11-22T06:05:00Z");
        assert!(matches!(begun[..], [Action::Begin(3, _)]), "{begun:?}");
        assert_eq!(step(Event::Tick, "2026-11-22T06:10:00Z"), []);
        let begun = step(after(Outcome::Failed), "2026-11-22T06:11:00Z");
        assert!(matches!(begun[..], [Action::Begin(4, _)]), "{begun:?}");
        // It is tried again, but not while the other runs.
        assert_eq!(step(Event::Tick, "2026-11-22T06:30:00Z"), []);
        assert_eq!(step(after(Outcome::Ok), "2026-11-22T06:31:00Z"), [Action::Begin(3, Cause::Retry)]);
        assert_eq!(step(after(Outcome::Ok), "2026-11-22T06:32:00Z"), []);
        // Off for two Sundays and the first of the month: outside the window nothing begins, in it each once.
        assert_eq!(step(Event::Tick, "2026-12-07T02:50:00Z"), [], "the backup catches up");
        assert_eq!(step(after(Outcome::Ok), "2026-12-07T02:55:00Z"), []);
        let mut begun = Vec::new();
        for minute in 0..50 {
            begun.extend(step(Event::Tick, &format!("2026-12-07T03:{minute:02}:00Z")));
            begun.extend(step(after(Outcome::Ok), &format!("2026-12-07T03:{minute:02}:30Z")));
        }
        let mut places: Vec<Action> = begun.clone();
        places.sort_by_key(|action| if let Action::Begin(at, _) = action { *at } else { 0 });
        let caught = |at| Action::Begin(at, Cause::CatchUp);
        assert_eq!(places, [caught(3), caught(4), caught(5)], "{begun:?}");
    }
}
