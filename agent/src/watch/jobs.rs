//! Backup jobs as they are told: a view, made of the plan, of how far a run is, and of what the last one said.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::view::{Backup, Upkeep};
use atalaya_wire::{Text, text};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::process::Progress;
use super::said::Said;
use crate::config::Job;
use crate::schedule::{History, Outcome, Plan, State};

/// What is remembered of jobs, by name.
pub(super) fn load(path: &std::path::Path) -> BTreeMap<String, History> {
    super::node::memory(path, "jobs are taken for new ones")
}

/// Writes it.
pub(super) fn save(path: &std::path::Path, plan: &Plan) -> std::io::Result<()> {
    let all: BTreeMap<&str, &History> = plan.histories().collect();
    crate::durable::replace(path, &serde_json::to_vec_pretty(&all)?)
}

/// A job's view before anything is known of its runs.
pub(super) fn view(job: &Job) -> Backup {
    Backup {
        job: Some(text(&job.plan.name)),
        tier: Some(u64::from(job.tier)),
        rpo_seconds: Some(job.plan.rpo.as_secs()),
        result: Some(text("never")),
        checked: Some(text("unverified")),
        ..Backup::default()
    }
}

/// What the plan says of a task, in the words of views.
pub(super) struct Standing {
    pub(super) state: &'static str,
    pub(super) reason: String,
    result: &'static str,
    failures: u32,
    overdue: bool,
    ended: Option<Timestamp>,
    succeeded: Option<Timestamp>,
    next: Option<Timestamp>,
}

impl Standing {
    /// Of the task at this position of the plan.
    pub(super) fn new(at: usize, plan: &Plan, history: &History, now: Timestamp, zone: &TimeZone) -> Self {
        let (state, reason) = match plan.state(at, now, zone) {
            State::Idle => ("idle", String::new()),
            State::Running => ("running", String::new()),
            State::Retrying => ("retrying", "the last run failed".into()),
            State::Waiting(why) => ("waiting", why),
        };
        Self {
            state,
            reason,
            result: history.outcome.map_or("never", Outcome::name),
            failures: history.failures,
            overdue: plan.overdue(at, now),
            ended: history.ended,
            succeeded: history.succeeded,
            // What is due and waits has no time: it begins when it can.
            next: plan.due(at).map(|(due, _)| due).filter(|due| *due > now && state != "running"),
        }
    }
}

/// Both kinds of views have these keys.
macro_rules! stands {
    ($standing:ident, $view:ident) => {{
        $view.state = Some(text($standing.state));
        $view.reason = (!$standing.reason.is_empty()).then(|| text(&$standing.reason));
        $view.result = Some(text($standing.result));
        $view.failures_count = Some(u64::from($standing.failures));
        $view.overdue = Some($standing.overdue);
        $view.succeeded_at = told_time($standing.succeeded);
        $view.next_at = told_time($standing.next);
    }};
}

/// Brings a view up to what the plan says.
pub(super) fn refresh(view: &mut Backup, standing: &Standing) {
    stands!(standing, view);
    view.ended_at = told_time(standing.ended);
}

/// The same for a task of upkeep.
pub(super) fn refresh_chore(view: &mut Upkeep, standing: &Standing) {
    stands!(standing, view);
}

fn told_time(time: Option<Timestamp>) -> Option<Text> {
    time.map(|time| text(&whole(time)))
}

/// To the second.
pub(super) fn whole(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// A run has begun: what is said of the last one's problem is over.
pub(super) fn began(view: &mut Backup, at: Timestamp) {
    (view.started_at, view.problem, view.duration_seconds) = (Some(text(&whole(at))), None, None);
}

/// Puts what a run said into the view.
pub(super) fn told(view: &mut Backup, said: &Said, problem: &str, began: Timestamp, took: Duration) {
    view.started_at = Some(text(&whole(began)));
    view.duration_seconds = Some(took.as_secs_f32());
    view.problem = (!problem.is_empty()).then(|| text(problem));
    if said.snapshot.is_some() {
        view.snapshot = said.snapshot.as_deref().map(|id| text(&id[..id.len().min(16)]));
        view.source_bytes = said.bytes;
        view.read_bytes = said.read_bytes;
        view.added_bytes = said.new_bytes;
        view.stored_bytes = said.added_bytes;
        view.files_count = said.files_read.zip(said.files_unchanged).map(|(read, same)| read + same);
        view.files_new_count = said.files_new;
        view.files_changed_count = said.files_read.zip(said.files_new).map(|(read, new)| read.saturating_sub(new));
        view.files_unchanged_count = said.files_unchanged;
        view.files_failed_count = said.problems;
    }
}

/// Puts into the view how far a run is.
pub(super) fn moved(view: &mut Backup, progress: &Progress) {
    view.read_bytes_per_second = Some(progress.bytes_per_second as f32);
    let total = progress.total_bytes.filter(|total| *total > 0);
    // The total may be that of last time: a run that found more is not beyond its end.
    view.progress_percent = total.map(|total| (progress.bytes as f32 * 100.0 / total as f32).min(99.9));
    let left = total.map(|total| total.saturating_sub(progress.bytes));
    view.left_seconds = left.and_then(|left| left.checked_div(progress.bytes_per_second));
}

/// Nothing is under way any more.
pub(super) fn settled(view: &mut Backup) {
    (view.progress_percent, view.left_seconds, view.read_bytes_per_second) = (None, None, None);
}

/// Puts into the view what a check of its repository came to. One that could not be made says nothing of what is stored.
pub(super) fn checked(view: &mut Backup, outcome: Outcome, said: &Said, problem: &str) {
    let damaged = said.findings.is_some_and(|count| count > 0);
    match outcome {
        Outcome::Ok | Outcome::Warnings if said.content_verified == Some(true) => view.checked = Some(text("verified")),
        // Checksums alone show that nothing rotted, not that anything can be restored.
        Outcome::Ok | Outcome::Warnings => {
            view.checked = Some(text("unverified"));
            view.problem =
                Some(text("its key cannot check what is stored: that needs a passphrase, or an owner's key"));
        }
        Outcome::Failed if damaged => {
            view.checked = Some(text("damaged"));
            view.problem = Some(text(problem));
        }
        _ => {}
    }
}
