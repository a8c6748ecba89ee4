//! Tasks of upkeep as they are told: a view, made of the plan and of what the last run said.

use std::time::Duration;

use atalaya_wire::view::Upkeep;
use atalaya_wire::{ObjectId, Sample, text};
use jiff::Timestamp;

use super::jobs::whole;
use super::known::Known;
use super::process::Ended;
use super::said::{Said, Target};
use crate::config::{Chore, Config, Work};
use crate::schedule::{Outcome, Plan};

/// Of what is damaged, lines that are logged.
pub(super) const DAMAGED_LOGGED_MAX: usize = 20;

/// As it stands in the topic.
pub(super) fn id(chore: &Chore) -> ObjectId {
    ObjectId::of(&format!("{}-{}", chore.name, chore.task))
}

/// What the last runs were like is known over restarts; what the configuration says is new.
pub(super) fn views(config: &Config, known: &Known, plan: &Plan) -> Vec<Upkeep> {
    let each = config.chores.iter().map(|chore| {
        let fresh = view(chore);
        match known.recall("upkeep", &id(chore)) {
            Some(Sample::Upkeep(old)) if plan.knows(&chore.plan.name) => old,
            _ => fresh,
        }
    });
    each.collect()
}

fn view(chore: &Chore) -> Upkeep {
    Upkeep {
        name: Some(text(&chore.name)),
        task: Some(text(chore.work.name())),
        repo: Some(text(&chore.repo)),
        result: Some(text("never")),
        ..Upkeep::default()
    }
}

/// A run has begun: what is said of the last one's problem is over.
pub(super) fn began(view: &mut Upkeep, at: Timestamp) {
    (view.started_at, view.problem, view.duration_seconds) = (Some(text(&whole(at))), None, None);
}

/// What a run came to, as it is told.
pub(super) struct Told<'a> {
    pub(super) outcome: Outcome,
    pub(super) said: &'a Said,
    pub(super) problem: &'a str,
    pub(super) ended: &'a Ended,
    pub(super) took: Duration,
}

/// Puts what a run came to into the view. One that did not come to its end says nothing of the repository.
pub(super) fn told(view: &mut Upkeep, work: Work, told: &Told<'_>) {
    let (said, problem) = (told.said, told.problem);
    view.duration_seconds = Some(told.took.as_secs_f32());
    view.problem = (!problem.is_empty()).then(|| text(problem));
    let done = matches!(told.outcome, Outcome::Ok | Outcome::Warnings);
    match work {
        Work::Forget if done => {
            view.verdict = Some(text(if said.frozen.is_empty() { "fine" } else { "frozen" }));
            view.forgotten_count = said.forgotten;
            view.frozen_count = Some(said.frozen.len() as u64);
            view.snapshots_count = said.kept;
        }
        Work::Prune if done => {
            view.verdict = Some(text(if said.waiting_for.is_empty() { "fine" } else { "waiting" }));
            view.snapshots_count = said.snapshots;
            (view.deleted_count, view.freed_bytes) = (said.deleted_packs, said.deleted_bytes);
            (view.locked_bytes, view.stored_bytes) = (said.locked_bytes, said.bytes);
            view.packs_count = said.packs;
        }
        Work::Copy if done || said.damaged() > 0 => copied(view, told),
        Work::Check if done || said.findings.is_some_and(|count| count > 0) => checked(view, told),
        _ => {}
    }
}

fn copied(view: &mut Upkeep, told: &Told<'_>) {
    let all = &told.said.targets;
    let sum = |of: fn(&Target) -> u64| Some(all.iter().map(of).sum());
    let damaged = told.said.damaged();
    view.verdict = Some(text(if damaged == 0 { "fine" } else { "damaged" }));
    view.findings_count = Some(damaged);
    view.damaged = (damaged > 0).then(|| text(&told.ended.damaged().take(4).collect::<Vec<_>>().join("; ")));
    (view.read_count, view.read_bytes) = (sum(|target| target.copied_packs), sum(|target| target.copied_bytes));
    (view.deleted_count, view.freed_bytes) = (sum(|target| target.deleted_packs), sum(|target| target.deleted_bytes));
}

fn checked(view: &mut Upkeep, told: &Told<'_>) {
    let said = told.said;
    let damaged = said.findings.is_some_and(|count| count > 0);
    let verified = said.content_verified == Some(true);
    let verdict = if damaged {
        "damaged"
    } else if verified {
        "verified"
    } else {
        "unverified"
    };
    view.verdict = Some(text(verdict));
    if !damaged && !verified {
        // Checksums alone show that nothing rotted, not that anything can be restored.
        view.problem = Some(text("its key cannot read what is stored: that needs a passphrase, or an owner's key"));
    }
    view.findings_count = said.findings;
    view.affected_count = said.files_affected;
    view.damaged = damaged.then(|| text(&told.ended.damaged().take(4).collect::<Vec<_>>().join("; ")));
    (view.snapshots_count, view.packs_count) = (said.snapshots, said.packs);
    (view.read_count, view.read_bytes) = (said.packs_read, said.bytes_read);
}
