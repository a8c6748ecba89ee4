//! What runs next: one heavy job at a time, retries, one run to catch up, and never by a clock that cannot be right.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Calendar, Window};

/// Waits before the first, second, … retry; the last one repeats.
const BACK_OFF: [Duration; 4] =
    [Duration::from_secs(300), Duration::from_secs(900), Duration::from_secs(2700), Duration::from_secs(7200)];

/// What the configuration says of a job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub calendar: Calendar,
    /// A fixed delay of this job on this node, so that a fleet does not begin at once.
    pub delay: Duration,
    /// When it may begin.
    pub window: Option<Window>,
    /// How often a failed run is tried again.
    pub retries: u32,
    /// How old the last good backup may be; then nothing makes it wait.
    pub rpo: Duration,
}

/// What is remembered of a job over restarts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// When it was last due and began, or was asked for.
    pub began: Option<Timestamp>,
    /// When the last run ended.
    pub ended: Option<Timestamp>,
    /// When the last good run ended.
    pub succeeded: Option<Timestamp>,
    /// How that went.
    pub outcome: Option<Outcome>,
    /// Runs in a row that failed.
    pub failures: u32,
    /// Those of them since it was last due or asked for: each time has its own retries.
    pub tries: u32,
    /// When it is tried again.
    pub retry: Option<Timestamp>,
    /// When this job was first seen: a new one is due at its next time, not at once.
    pub known: Option<Timestamp>,
    /// When a good run that read everything ended.
    pub full: Option<Timestamp>,
    /// The repository that all this is about; empty where that was never noted.
    pub repo: String,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Everything was backed up.
    Ok,
    /// Some files could not be read.
    Warnings,
    /// There is no backup.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

impl Outcome {
    /// As it stands in the view `backup`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warnings => "warnings",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    const fn good(self) -> bool {
        matches!(self, Self::Ok | Self::Warnings)
    }
}

/// Why a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is its time.
    Calendar,
    /// It should have run while the machine was off.
    CatchUp,
    /// The last one failed.
    Retry,
    /// Somebody asked.
    Asked,
}

impl Cause {
    /// As it stands in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::CatchUp => "catch_up",
            Self::Retry => "retry",
            Self::Asked => "asked",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Time passed.
    Tick,
    /// Somebody wants a job; asking twice is asking once.
    Asked(usize),
    /// The running job ended.
    Ended(Outcome),
    /// The machine is too busy or too hot for heavy work, and why; or no longer.
    Busy(Option<String>),
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Begin this job.
    Begin(usize, Cause),
    /// What is remembered changed.
    Save,
}

/// What a job does now, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not due.
    Idle,
    /// Due, and waiting for this.
    Waiting(String),
    /// At it.
    Running,
    /// Failed, and to be tried again.
    Retrying,
}

/// All jobs of a node.
#[derive(Debug)]
pub struct Plan {
    jobs: Vec<(Job, History, bool)>,
    running: Option<usize>,
    busy: Option<String>,
    /// Nothing was ever built later than this program: a clock before it is wrong.
    built: Timestamp,
}

/// A clock that is put right may go back by so much.
const SKEW_MAX: Duration = Duration::from_secs(3600);
/// Later than its time by so much, a run is one that catches up.
const LATE: Duration = Duration::from_secs(600);

impl Plan {
    /// Jobs and what is remembered of them, in the same order.
    #[must_use]
    pub fn new(jobs: Vec<(Job, History)>, built: Timestamp) -> Self {
        let resumed = |(job, mut history): (Job, History)| {
            // It began and never ended: the agent was killed, or the power went. It goes on where it stopped.
            if history.began.is_some() && history.ended < history.began && history.retry.is_none() {
                history.retry = history.began;
            }
            (job, history, false)
        };
        Self { jobs: jobs.into_iter().map(resumed).collect(), running: None, busy: None, built }
    }

    /// Another plan for the same jobs, while `job` runs.
    pub fn carry_on(&mut self, job: Option<&str>) {
        self.running = job.and_then(|job| self.jobs.iter().position(|(known, _, _)| known.name == job));
        if let Some((_, history, _)) = self.running.and_then(|at| self.jobs.get_mut(at)) {
            history.retry = None;
        }
    }

    /// The running job was stopped because the agent goes: it has not ended, and the next start begins it again.
    pub fn put_off(&mut self) {
        if let Some((_, history, _)) = self.running.take().and_then(|at| self.jobs.get_mut(at)) {
            history.outcome = Some(Outcome::Stopped);
        }
    }

    /// Whether a job has ever begun.
    #[must_use]
    pub fn knows(&self, job: &str) -> bool {
        self.jobs.iter().any(|(known, history, _)| known.name == job && history.began.is_some())
    }

    /// Whether the next run of job `at` is to read everything, which is wanted so often.
    #[must_use]
    pub fn wants_full(&self, at: usize, every: Option<Duration>, now: Timestamp) -> bool {
        let (Some((_, history, _)), Some(every)) = (self.jobs.get(at), every) else { return false };
        // The first backup of all reads everything anyway.
        let since = history.full.or(history.known);
        since.is_some_and(|since| now.duration_since(since) >= every.try_into().unwrap_or_default())
    }

    /// A good run of `job` read everything.
    pub fn was_full(&mut self, job: &str, now: Timestamp) {
        if let Some((_, history, _)) = self.jobs.iter_mut().find(|(known, _, _)| known.name == job) {
            history.full = Some(now);
        }
    }

    /// What to do after `event`. Deterministic.
    pub fn step(&mut self, event: Event, now: Timestamp, zone: &TimeZone) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Tick => {}
            Event::Asked(job) => {
                if let Some((_, _, asked)) = self.jobs.get_mut(job) {
                    *asked = self.running != Some(job);
                }
            }
            Event::Busy(why) => self.busy = why,
            Event::Ended(outcome) => {
                if let Some(job) = self.running.take() {
                    self.ended(job, outcome, now);
                    actions.push(Action::Save);
                }
            }
        }
        if now < self.built {
            return actions;
        }
        for (_, history, _) in &mut self.jobs {
            if history.known.is_none_or(|known| known > now) {
                history.known = Some(now);
                actions.push(Action::Save);
            }
            // A clock that was set back: what it said before is no time to wait for.
            history.began = history.began.map(|began| began.min(now));
            history.retry = history.retry.map(|retry| retry.min(now + BACK_OFF[BACK_OFF.len() - 1]));
            // A backup that was made in the future by a clock that was wrong says nothing of how old backups are.
            let believed = |time: &Timestamp| *time <= now + SKEW_MAX;
            history.succeeded = history.succeeded.filter(believed);
            history.full = history.full.filter(believed);
            history.ended = history.ended.filter(believed);
        }
        if self.running.is_none()
            && let Some((job, cause)) = self.first(now, zone)
        {
            let (_, history, asked) = &mut self.jobs[job];
            history.began = Some(now);
            history.retry = None;
            if cause != Cause::Retry {
                history.tries = 0;
            }
            *asked = false;
            self.running = Some(job);
            actions.extend([Action::Save, Action::Begin(job, cause)]);
        }
        actions.dedup();
        actions
    }

    fn ended(&mut self, job: usize, outcome: Outcome, now: Timestamp) {
        let (job, history, _) = &mut self.jobs[job];
        history.ended = Some(now);
        history.outcome = Some(outcome);
        match outcome {
            _ if outcome.good() => (history.failures, history.succeeded) = (0, Some(now)),
            Outcome::Failed => {
                history.failures += 1;
                let wait = BACK_OFF[(history.tries as usize).min(BACK_OFF.len() - 1)];
                history.tries += 1;
                history.retry = (history.tries <= job.retries).then(|| now + wait);
            }
            _ => {}
        }
    }

    /// The job that waited longest among those that may begin.
    fn first(&self, now: Timestamp, zone: &TimeZone) -> Option<(usize, Cause)> {
        let ready = (0..self.jobs.len()).filter_map(|at| {
            let (due, cause) = self.due(at)?;
            (due <= now && self.hindrance(at, cause, now, zone).is_none()).then_some((due, at, cause))
        });
        let (due, at, cause) = ready.min_by_key(|(due, at, _)| (*due, *at))?;
        let late = cause == Cause::Calendar && now.duration_since(due) > LATE.try_into().unwrap_or_default();
        Some((at, if late { Cause::CatchUp } else { cause }))
    }

    /// When job `at` is to run next, and why; `None` for never.
    #[must_use]
    pub fn due(&self, at: usize) -> Option<(Timestamp, Cause)> {
        let (job, history, asked) = self.jobs.get(at)?;
        if *asked {
            return Some((Timestamp::MIN, Cause::Asked));
        }
        let since = history.began.max(history.known)?;
        let calendar =
            job.calendar.next(since, history.began.or(history.known)).map(|due| (due + job.delay, Cause::Calendar));
        let retry = history.retry.map(|retry| (retry, Cause::Retry));
        [calendar, retry].into_iter().flatten().min_by_key(|(due, _)| *due)
    }

    /// What keeps a due job from beginning. Nothing does when somebody asked, or its backups are too old.
    fn hindrance(&self, at: usize, cause: Cause, now: Timestamp, zone: &TimeZone) -> Option<String> {
        let (job, _, _) = self.jobs.get(at)?;
        if cause == Cause::Asked || self.overdue(at, now) {
            return None;
        }
        if job.window.is_some_and(|window| !window.holds(now.to_zoned(zone.clone()).time())) {
            return Some("outside its window".into());
        }
        self.busy.clone()
    }

    /// Whether the last good backup is older than it may be.
    #[must_use]
    pub fn overdue(&self, at: usize, now: Timestamp) -> bool {
        let Some((job, history, _)) = self.jobs.get(at) else { return false };
        let since = history.succeeded.or(history.known);
        since.is_some_and(|since| now.duration_since(since) > job.rpo.try_into().unwrap_or_default())
    }

    /// What job `at` does now.
    #[must_use]
    pub fn state(&self, at: usize, now: Timestamp, zone: &TimeZone) -> State {
        if self.running == Some(at) {
            return State::Running;
        }
        if now < self.built {
            return State::Waiting("the clock is wrong".into());
        }
        match self.due(at) {
            Some((due, cause)) if due <= now => {
                let hindrance = self.hindrance(at, cause, now, zone);
                State::Waiting(hindrance.unwrap_or_else(|| "another job is running".into()))
            }
            Some((_, Cause::Retry)) => State::Retrying,
            _ => State::Idle,
        }
    }

    /// What is remembered of all jobs, by name.
    pub fn histories(&self) -> impl Iterator<Item = (&str, &History)> {
        self.jobs.iter().map(|(job, history, _)| (job.name.as_str(), history))
    }

    /// Which job runs.
    #[must_use]
    pub const fn running(&self) -> Option<usize> {
        self.running
    }
}

#[cfg(test)]
mod tests;
