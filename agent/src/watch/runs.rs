//! Jobs on time: lets the plan decide, does what it says, and tells what comes of it.

use std::path::PathBuf;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use atalaya_wire::event::{RunBegan, RunEnded};
use atalaya_wire::view::{Backup, System, Upkeep};
use atalaya_wire::{ObjectId, Sample, text};

use super::daemon::Daemon;
use super::heat::Heat;
use super::jobs::Standing;
use super::known::Known;
use super::limit::Motion;
use super::process::{About, Ended, News, Run};
use super::tasks::{Subject, first_chore, object, plan, subject, task_at, views};
use super::{chores, clock, jobs, node};
use crate::config::{Chore, Config};
use crate::probe::{Moment, Site, cpu_time};
use crate::schedule::{Action, Event as Due, History, Outcome, Plan};

/// What a job's process may have told that nobody has heard yet.
const NEWS_MAX: usize = 4;

/// Jobs, and the one that runs.
#[derive(Debug)]
pub(super) struct Runs {
    pub(super) plan: Plan,
    /// In the order of the configuration.
    pub(super) views: Vec<Backup>,
    /// Tasks of upkeep, in that order too.
    pub(super) chores: Vec<Upkeep>,
    pub(super) run: Option<Run>,
    /// The agent goes: nothing begins any more, and what it stops goes on when it is back.
    pub(super) stopping: bool,
    pub(super) memory: PathBuf,
    heat: Heat,
    /// Why heavy work waits.
    pub(super) wait: Option<String>,
    pub(super) motion: Motion,
    /// Processor time of the run, and when that was.
    worked: Option<(Duration, Duration)>,
    told: Sender<News>,
    pub(super) news: Receiver<News>,
}

impl Runs {
    /// Jobs of `config` on the node called `node`, with what is remembered of them.
    pub(super) fn new(config: &Config, node: &str, known: &Known) -> Self {
        let memory = config.state.join("jobs.json");
        let histories = jobs::load(&memory);
        let (told, news) = async_channel::bounded(NEWS_MAX);
        let plan = plan(config, node, |name| histories.get(name).cloned());
        Self {
            views: views(config, known, &plan),
            chores: chores::views(config, known, &plan),
            plan,
            run: None,
            stopping: false,
            memory,
            heat: Heat::new(config.pause),
            wait: None,
            motion: Motion::default(),
            worked: None,
            told,
            news,
        }
    }

    /// Takes another configuration; what runs goes on.
    pub(super) fn adopt(&mut self, config: &Config, node: &str, known: &Known) {
        let histories: Vec<(String, History)> =
            self.plan.histories().map(|(name, history)| (name.to_owned(), history.clone())).collect();
        let of = |name: &str| histories.iter().find(|(known, _)| known == name).map(|(_, history)| history.clone());
        let mut plan = plan(config, node, of);
        plan.carry_on(self.run.as_ref().map(|run| run.job.as_str()));
        self.plan = plan;
        self.views = views(config, known, &self.plan);
        self.chores = chores::views(config, known, &self.plan);
        self.heat = Heat::new(config.pause);
    }

    /// Takes what the machine feels.
    pub(super) fn feel(&mut self, system: &System, now: Moment) {
        let others = system.cpu_percent.map(|percent| percent - self.ours(now.boot));
        let why = self.heat.feel(system.temperature_celsius, others, now.boot);
        // Backups that are too old wait for nothing.
        let overdue = self.plan.running().is_some_and(|at| self.plan.overdue(at, now.wall));
        let why = why.filter(|_| !overdue);
        if why.is_some() != self.wait.is_some()
            && let Some(run) = &self.run
        {
            run.pause(why.is_some());
            match &why {
                Some(why) => tracing::info!(job = run.job, why, "pauses"),
                None => tracing::info!(job = run.job, "goes on"),
            }
        }
        self.wait = why;
    }

    /// Percent of all processor time that the run took since it was last looked at.
    fn ours(&mut self, now: Duration) -> f32 {
        let Some(run) = &self.run else {
            self.worked = None;
            return 0.0;
        };
        let Some(time) = run.process().and_then(|pid| cpu_time(&Site::default(), pid)) else { return 0.0 };
        let began = Duration::from_millis(run.began.boot_millis);
        let (worked, at) = self.worked.replace((time, now)).unwrap_or((Duration::ZERO, began));
        let cores = std::thread::available_parallelism().map_or(1.0, |cores| cores.get() as f32);
        let passed = now.saturating_sub(at).as_secs_f32().max(0.001) * cores;
        (time.saturating_sub(worked).as_secs_f32() * 100.0 / passed).clamp(0.0, 100.0)
    }

    pub(super) fn position(&self, job: &str) -> Option<usize> {
        self.plan.histories().position(|(name, _)| name == job)
    }
}

impl Daemon {
    /// Lets the plan decide and does what it says.
    pub(super) fn plan_step(&mut self, due: Due) {
        let actions = self.decide(due);
        self.act(actions);
        self.show_jobs();
    }

    fn decide(&mut self, due: Due) -> Vec<Action> {
        let zone = self.config.zone.clone();
        let busy = if self.runs.run.is_none() { self.runs.wait.clone() } else { None };
        let mut actions = self.runs.plan.step(Due::Busy(busy), self.now.wall, &zone);
        actions.extend(self.runs.plan.step(due, self.now.wall, &zone));
        actions
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Save => match jobs::save(&self.runs.memory, &self.runs.plan) {
                    Ok(()) => self.no_trouble("jobs"),
                    Err(err) => self.trouble("jobs", &format!("cannot remember when jobs ran: {err}")),
                },
                Action::Begin(..) if self.runs.stopping => {}
                Action::Begin(job, cause) => self.begin(job, cause.name()),
            }
        }
    }

    fn show_jobs(&mut self) {
        let histories: Vec<History> = self.runs.plan.histories().map(|(_, history)| history.clone()).collect();
        let chores = first_chore(&self.config);
        for (at, history) in histories.iter().enumerate() {
            let standing = self.standing(at, history);
            let (id, sample) = if let Some(view) = self.runs.views.get_mut(at) {
                jobs::refresh(view, &standing);
                (ObjectId::of(view.job.as_deref().unwrap_or_default()), Sample::from(view.clone()))
            } else {
                let Some(at) = at.checked_sub(chores) else { continue };
                let Some((view, chore)) = self.runs.chores.get_mut(at).zip(self.config.chores.get(at)) else {
                    continue;
                };
                jobs::refresh_chore(view, &standing);
                (chores::id(chore), Sample::from(view.clone()))
            };
            if self.board.get(sample.name(), &id) != Some(&sample) {
                self.show(id, sample);
            }
        }
    }

    /// How the task at this position of the plan stands, with what the machine does to it.
    fn standing(&self, at: usize, history: &History) -> Standing {
        let mut standing = Standing::new(at, &self.runs.plan, history, self.now.wall, &self.config.zone);
        let running = self.runs.plan.running() == Some(at);
        if let (true, Some(why)) = (running, &self.runs.wait) {
            (standing.state, standing.reason) = ("paused", why.clone());
        } else if let (true, Some(since)) = (running, self.runs.motion.still(self.now.boot)) {
            let since = self.now.wall.checked_sub(self.now.boot.saturating_sub(since)).unwrap_or(self.now.wall);
            standing.reason = format!("it has read nothing since {}", jobs::whole(since));
        }
        standing
    }

    fn begin(&mut self, at: usize, cause: &str) {
        let config = &self.config;
        let every = config.jobs.get(at).and_then(|job| job.full_every);
        let full = self.runs.plan.wants_full(at, every, self.now.wall);
        let Some(task) = task_at(config, at, full) else { return };
        let id = node::random::<16>().unwrap_or_default();
        let about = About { id, began: clock::stamp(self.now, self.boot), wall: self.now.wall, full };
        let begun = Run::start(task, about, (&config.state, self.desk.as_deref()), self.runs.told.clone());
        let name = task.name().to_owned();
        tracing::info!(job = name, cause, full, "begins");
        if begun.is_ok() {
            match subject(&self.config, &name) {
                Some(Subject::Job(at)) => self.runs.views.get_mut(at).map(|view| jobs::began(view, about.wall)),
                Some(Subject::Chore(at)) => self.runs.chores.get_mut(at).map(|view| chores::began(view, about.wall)),
                _ => None,
            };
        }
        let (topic, object) = object(&self.config, &name);
        self.record(&RunBegan { run: id, job: text(&name), cause: text(cause) }, &object);
        let event = serde_json::json!({
            "job": name, "event": "began", "cause": cause, "result": null, "problem": null,
        });
        self.tell_event(topic, &event);
        match begun {
            Ok(run) => self.runs.run = Some(run),
            Err(err) => {
                let ended = Ended { status: Err(err), said: String::new(), complaint: String::new() };
                self.ended(&Run::never(name, about), &ended);
            }
        }
    }

    /// Takes what the job's process tells.
    pub(super) fn news(&mut self, news: News) {
        match news {
            News::Progress(progress) => {
                self.runs.motion.moved(progress.bytes, self.now.boot);
                let at = self.runs.run.as_ref().and_then(|run| self.runs.position(&run.job));
                let Some(view) = at.and_then(|at| self.runs.views.get_mut(at)) else { return };
                jobs::moved(view, &progress);
                let (id, view) = (ObjectId::of(view.job.as_deref().unwrap_or_default()), view.clone());
                self.show(id, view.into());
            }
            News::Ended(ended) => self.job_ended(&ended),
        }
    }

    fn job_ended(&mut self, ended: &Ended) {
        let Some(run) = self.runs.run.take() else { return };
        self.runs.motion.forget();
        self.ended(&run, ended);
        if std::mem::take(&mut self.reload_later) {
            self.reload();
        }
    }

    fn ended(&mut self, run: &Run, ended: &Ended) {
        let (outcome, exit, mut problem, said) = ended.judge(run.stopped.is_some());
        if self.runs.stopping && outcome == Outcome::Stopped {
            problem = "the agent was stopped; it goes on when that is back".into();
        }
        if run.late && outcome == Outcome::Stopped {
            problem = "it took longer than its time_max, and goes on at its next time".into();
        }
        let took = self.now.boot.saturating_sub(Duration::from_millis(run.began.boot_millis));
        let job = run.job.as_str();
        match outcome {
            Outcome::Failed => tracing::error!(job, problem, "failed"),
            _ => tracing::info!(job, result = outcome.name(), problem, seconds = took.as_secs(), "ended"),
        }
        let about = About { id: run.id, began: run.began, wall: run.wall, full: run.full };
        match subject(&self.config, job) {
            Some(Subject::Job(at)) => {
                if let Some(view) = self.runs.views.get_mut(at) {
                    jobs::told(view, &said, &problem, run.wall, took);
                    jobs::settled(view);
                }
            }
            Some(Subject::Check(at)) => {
                if let Some(view) = self.runs.views.get_mut(at) {
                    jobs::checked(view, outcome, &said, &problem);
                }
            }
            Some(Subject::Chore(at)) => {
                let work = self.config.chores.get(at).map(|chore: &Chore| chore.work);
                if let Some((view, work)) = self.runs.chores.get_mut(at).zip(work) {
                    let told = chores::Told { outcome, said: &said, problem: &problem, ended, took };
                    chores::told(view, work, &told);
                }
            }
            None => {}
        }
        if said.damaged() > 0 {
            let damaged = ended.damaged().take(chores::DAMAGED_LOGGED_MAX);
            damaged.for_each(|what| tracing::error!(job, what, "damaged"));
        }
        if matches!(outcome, Outcome::Ok | Outcome::Warnings) {
            self.reached_store(job);
        }
        self.over(job, about, outcome, exit, &problem);
    }

    /// A run is over: the plan hears of it, and so does everybody else.
    fn over(&mut self, job: &str, about: About, outcome: Outcome, exit: Option<i32>, problem: &str) {
        if about.full && matches!(outcome, Outcome::Ok | Outcome::Warnings) {
            self.runs.plan.was_full(job, self.now.wall);
        }
        let (topic, id) = object(&self.config, job);
        let told = RunEnded {
            run: about.id,
            job: text(job),
            began: about.began,
            result: text(outcome.name()),
            exit,
            problem: text(problem),
        };
        // The next one may begin at once; what is told of this one comes first. A run that the agent stopped because it
        // goes has not ended for the plan: it is begun again by the next start.
        let put_off = self.runs.stopping && outcome == Outcome::Stopped;
        let actions = if put_off {
            self.runs.plan.put_off();
            Vec::new()
        } else {
            self.decide(Due::Ended(outcome))
        };
        self.show_jobs();
        let view = match subject(&self.config, job) {
            Some(Subject::Job(at) | Subject::Check(at)) => self.runs.views.get(at).cloned().map(Sample::from),
            Some(Subject::Chore(at)) => self.runs.chores.get(at).cloned().map(Sample::from),
            None => None,
        };
        self.record_with(&told, &id, view.as_ref());
        if let Some(view) = &view {
            self.known.keep(&id, view);
        }
        let event = serde_json::json!({
            "job": job, "event": "ended", "cause": null, "result": outcome.name(), "problem": problem,
        });
        self.tell_event(topic, &event);
        self.see_policies();
        self.act(actions);
        self.show_jobs();
    }

    /// Stops the run; `false` if none runs, or another than `job`.
    pub(super) fn stop_run(&mut self, job: Option<&str>) -> bool {
        let run = self.runs.run.as_mut().filter(|run| job.is_none_or(|job| run.job == job));
        run.map(|run| run.stop(self.now.boot)).is_some()
    }
}
