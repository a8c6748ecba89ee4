//! The loop, and what it owns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use atalaya_wire::event::{Began, Event, RunBegan, RunEnded};
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::view::{Backup, Meta, Probe as ProbeView};
use atalaya_wire::{NodeId, ObjectId, Sample, StreamId, Topics, discovery, text};
use jiff::Timestamp;
use sd_notify::NotifyState;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::board::Board;
use super::eyes::{Eyes, Reading};
use super::jobs::{self, Ended, Run};
use super::links::Wire;
use super::{clock, control, node, probes, supervisor};
use crate::config::Config;
use crate::link::Heard;
use crate::outbox::{Records, Ring};
use crate::probe::{Fault, Moment, Site, boot_id};
use crate::schedule::{Action, Event as Due, Plan};

/// Frames kept for a sidecar that is not there: an hour at the usual interval, a day when thinned.
const RING_BYTES_MAX: usize = 256 << 10;
/// What may wait for the loop.
const WAITING_MAX: usize = 64;
/// The loop looks at everything at least so often.
const TURN_MAX: Duration = Duration::from_secs(30);
/// And so often while something waits for its time only.
const HELD: Duration = Duration::from_millis(100);
/// A clock before this program was written is wrong: 2026-11-01.
const BUILT: i64 = 1_793_491_200;

/// What the threads hand over.
enum Happened {
    Heard(usize, Heard),
    Read(Reading),
    Ended(Ended),
    Signal(i32),
    Asked(control::Asked),
    Time,
}

/// See the module.
pub(super) struct Daemon {
    pub(super) config: Config,
    path: PathBuf,
    pub(super) node: NodeId,
    pub(super) wires: Vec<Wire>,
    pub(super) board: Board,
    pub(super) eyes: Eyes,
    pub(super) records: Records,
    pub(super) ring: Ring,
    pub(super) frame_stream: StreamId,
    frame_seq: u64,
    frame_due: Duration,
    frame: Vec<(ObjectId, Sample)>,
    plan: Plan,
    pub(super) backups: Vec<Backup>,
    run: Option<Run>,
    pub(super) now: Moment,
    boot: [u8; 16],
    pub(super) commanded: BTreeMap<String, Duration>,
    pub(super) last_command: u64,
    pub(super) discovered: Vec<discovery::Component>,
    troubles: BTreeMap<&'static str, String>,
    heard: Receiver<(usize, Heard)>,
    read: Receiver<Reading>,
    ended: (Sender<Ended>, Receiver<Ended>),
    signals: Receiver<i32>,
    asked: Receiver<control::Asked>,
    _control: control::Socket,
}

impl Daemon {
    pub(super) fn start(config: Config, path: PathBuf) -> Result<Self, String> {
        let state = |what: &str, err: std::io::Error| {
            format!("cannot {what} in the state folder {}: {err}", config.state.display())
        };
        std::fs::create_dir_all(&config.state).map_err(|err| state("keep anything", err))?;
        let node = node::id(&config.state, config.node.as_ref()).map_err(|err| state("keep the node's id", err))?;
        let random = || node::random::<16>().map_err(|err| format!("cannot read /dev/urandom: {err}"));
        let records =
            Records::open(&config.state.join("records"), random()?).map_err(|err| state("keep records", err))?;
        let (ear, heard) = async_channel::bounded(WAITING_MAX);
        let (out, read) = async_channel::bounded(WAITING_MAX);
        let (asker, asked) = async_channel::bounded(WAITING_MAX);
        let control = control::Socket::listen(&config.socket, asker)?;
        let signals = signals()?;
        let spread = f64::from(random()?[0]) / 255.0;
        let mut wires = Vec::new();
        for (number, output) in config.outputs.iter().enumerate() {
            let topics = Topics::new(&output.prefix, node.clone())?;
            wires.push(Wire::start(number, output.clone(), topics, spread, ear.clone())?);
        }
        let histories = jobs::load(&config.state.join("jobs.json"));
        let planned = config.jobs.iter().map(|job| {
            let mut plan = job.plan.clone();
            plan.delay = share(plan.delay, &format!("{} {}", node.as_str(), plan.name));
            let history = histories.get(&plan.name).cloned().unwrap_or_default();
            (plan, history)
        });
        let built = Timestamp::from_second(BUILT).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok(Self {
            plan: Plan::new(planned.collect(), built),
            backups: config.jobs.iter().map(jobs::view).collect(),
            board: Board::new(wires.len(), config.heartbeat),
            eyes: Eyes::new(probes::resident(&config.probes, &path)?, Site::default(), out),
            ring: Ring::new(RING_BYTES_MAX),
            frame_stream: StreamId(random()?),
            frame_seq: 0,
            frame_due: Duration::ZERO,
            frame: Vec::new(),
            run: None,
            now: clock::moment(),
            boot: boot_id(&Site::default()),
            commanded: BTreeMap::new(),
            last_command: 0,
            discovered: Vec::new(),
            troubles: BTreeMap::new(),
            ended: async_channel::bounded(1),
            heard,
            read,
            signals,
            asked,
            _control: control,
            config,
            path,
            node,
            wires,
            records,
        })
    }

    /// Until a signal ends it.
    pub(super) fn run(mut self) -> Result<(), String> {
        let clean = self.config.state.join("stopped");
        let began = Began { version: text(env!("CARGO_PKG_VERSION")), clean: std::fs::remove_file(&clean).is_ok() };
        self.record(&began, &ObjectId::only());
        self.meta();
        self.plan_step(Due::Tick);
        supervisor::tell(&[NotifyState::Ready]);
        tracing::info!(node = self.node.as_str(), jobs = self.config.jobs.len(), "watching");
        loop {
            let happened = smol::block_on(self.next());
            self.now = clock::moment();
            if self.take(happened) {
                break;
            }
            self.turn();
        }
        supervisor::tell(&[NotifyState::Stopping]);
        self.stop();
        let _ = std::fs::write(&clean, "");
        Ok(())
    }

    /// Whatever happens first; time, if nothing does.
    async fn next(&self) -> Happened {
        use smol::future::or;
        let time = async {
            smol::Timer::after(crate::clock::wait(self.pause())).await;
            Happened::Time
        };
        let heard =
            async { self.heard.recv().await.map_or(Happened::Time, |(number, heard)| Happened::Heard(number, heard)) };
        let read = async { self.read.recv().await.map_or(Happened::Time, Happened::Read) };
        let ended = async { self.ended.1.recv().await.map_or(Happened::Time, Happened::Ended) };
        let signal = async { self.signals.recv().await.map_or(Happened::Time, Happened::Signal) };
        let asked = async { self.asked.recv().await.map_or(Happened::Time, Happened::Asked) };
        or(signal, or(asked, or(ended, or(heard, or(read, time))))).await
    }

    /// How long nothing is to be done.
    fn pause(&self) -> Duration {
        let next = self.eyes.wake().into_iter().chain([self.frame_due]).min().unwrap_or(Duration::MAX);
        let held = self.wires.iter().any(|wire| wire.up && wire.held).then_some(HELD);
        let limit = supervisor::watchdog().unwrap_or(TURN_MAX).min(held.unwrap_or(TURN_MAX));
        next.saturating_sub(self.now.boot).clamp(Duration::from_millis(20), limit)
    }

    /// Takes what happened; `true` when it is the end.
    fn take(&mut self, happened: Happened) -> bool {
        match happened {
            Happened::Heard(number, heard) => self.heard(number, heard),
            Happened::Read(reading) => self.see(reading),
            Happened::Ended(ended) => self.job_ended(&ended),
            Happened::Signal(SIGHUP) => self.reload(),
            Happened::Signal(_) => return true,
            Happened::Asked(asked) => self.answer(asked),
            Happened::Time => {}
        }
        false
    }

    /// What is to be done whatever happened.
    fn turn(&mut self) {
        for number in self.eyes.step(self.now) {
            let name = self.eyes.name(number);
            self.probe_view(name, Some(&Fault::Failed("it does not answer".into())), "stuck", None);
        }
        self.plan_step(Due::Tick);
        if self.now.boot >= self.frame_due {
            self.frame_due = self.now.boot + self.config.interval;
            self.send_frame();
        }
        self.pump();
        if supervisor::watchdog().is_some() {
            supervisor::tell(&[NotifyState::Watchdog]);
        }
    }

    fn see(&mut self, reading: Reading) {
        let name = self.eyes.name(reading.number);
        let fresh = self.eyes.back(reading.number, reading.turn, reading.probe);
        if !fresh {
            return;
        }
        let state = reading.result.as_ref().map_or_else(Fault::state, |()| "ok");
        self.probe_view(name, reading.result.as_ref().err(), state, Some(reading.took));
        for (id, sample) in reading.samples {
            self.show(id, sample);
        }
    }

    /// How a probe does, as a view; a line in the log when that turns.
    fn probe_view(&mut self, name: &'static str, fault: Option<&Fault>, state: &'static str, took: Option<Duration>) {
        let problem = fault.map(ToString::to_string);
        let key = ObjectId::of(name);
        let before = match self.board.get("probe", &key) {
            Some(Sample::Probe(view)) => view.state.clone(),
            _ => None,
        };
        if before.as_deref() != Some(state) && matches!(state, "denied" | "failed" | "stuck") {
            tracing::warn!(probe = name, state, why = problem.as_deref().unwrap_or_default(), "cannot see");
        }
        let view = ProbeView {
            state: Some(text(state)),
            problem: problem.as_deref().map(text),
            duration_seconds: took.map(|took| took.as_secs_f32()),
        };
        self.show(key, view.into());
    }

    /// A sample: on the board, into the next frame, and a record if something turned.
    fn show(&mut self, id: ObjectId, sample: Sample) {
        self.frame.push((id.clone(), sample.clone()));
        let changed = self.board.see(id.clone(), sample, self.now.boot, self.now.wall.as_second());
        if let Some(changed) = changed {
            self.record(&changed, &id);
        }
    }

    fn send_frame(&mut self) {
        let samples = std::mem::take(&mut self.frame);
        if samples.is_empty() {
            return;
        }
        self.frame_seq += 1;
        let stamp = clock::stamp(self.now, self.boot);
        let head = Head { stream: Stream::Frame, id: self.frame_stream, seq: self.frame_seq, stamp };
        let mut builder = Builder::new(&head);
        for (id, sample) in &samples {
            let _ = builder.sample(id, sample);
        }
        self.ring.push(self.frame_seq, builder.finish());
    }

    /// Something that must not be lost.
    pub(super) fn record<E: Event>(&mut self, told: &E, id: &ObjectId) {
        self.record_with(told, id, None);
    }

    fn record_with<E: Event>(&mut self, told: &E, id: &ObjectId, beside: Option<&Sample>) {
        let stamp = clock::stamp(self.now, self.boot);
        let body = postcard::to_allocvec(told).unwrap_or_default();
        let appended = self.records.append(stamp, |builder| {
            let _ = builder.part(E::KIND, id, &body);
            if let Some(sample) = beside {
                let _ = builder.sample(id, sample);
            }
        });
        match appended {
            Ok(_) => {
                self.troubles.remove("records");
            }
            Err(err) => self.trouble("records", &format!("cannot keep a record: {err}")),
        }
    }

    /// Something of ours that does not work: told once until it changes.
    pub(super) fn trouble(&mut self, what: &'static str, why: &str) {
        if self.troubles.insert(what, why.to_owned()).as_deref() != Some(why) {
            tracing::error!(what, why);
        }
    }

    fn meta(&mut self) {
        let kernel = rustix::system::uname();
        let meta = Meta {
            name: Some(text(&self.config.name)),
            version: Some(text(env!("CARGO_PKG_VERSION"))),
            wire: Some(u64::from(atalaya_wire::message::VERSION)),
            kernel: Some(text(&kernel.release().to_string_lossy())),
            architecture: Some(text(std::env::consts::ARCH)),
            interval_seconds: Some(self.config.interval.as_secs()),
            heartbeat_seconds: Some(self.config.heartbeat.as_secs()),
            record_stream: Some(text(&self.records.id().to_string())),
            frame_stream: Some(text(&self.frame_stream.to_string())),
            ..Meta::default()
        };
        self.show(ObjectId::only(), meta.into());
    }

    /// Lets the plan decide and does what it says.
    pub(super) fn plan_step(&mut self, due: Due) {
        let zone = self.config.zone.clone();
        for action in self.plan.step(due, self.now.wall, &zone) {
            match action {
                Action::Save => {
                    if let Err(err) = jobs::save(&self.config.state.join("jobs.json"), &self.plan) {
                        self.trouble("jobs", &format!("cannot remember when jobs ran: {err}"));
                    }
                }
                Action::Begin(job, cause) => self.begin(job, cause.name()),
            }
        }
        self.show_jobs();
    }

    fn show_jobs(&mut self) {
        let histories: Vec<_> = self.plan.histories().map(|(_, history)| history.clone()).collect();
        for (at, history) in histories.iter().enumerate() {
            let mut view = self.backups[at].clone();
            jobs::refresh(&mut view, at, &self.plan, history, self.now.wall, &self.config.zone);
            if view != self.backups[at] || self.board.get("backup", &self.job_id(at)).is_none() {
                self.backups[at] = view.clone();
                self.show(self.job_id(at), view.into());
            }
        }
    }

    fn job_id(&self, at: usize) -> ObjectId {
        self.config.jobs.get(at).map_or_else(ObjectId::only, |job| ObjectId::of(&job.plan.name))
    }

    fn begin(&mut self, at: usize, cause: &str) {
        let Some(job) = self.config.jobs.get(at) else { return };
        let (name, words) = (text(&job.plan.name), job.words.clone());
        let id = node::random::<16>().unwrap_or_default();
        let began = clock::stamp(self.now, self.boot);
        tracing::info!(job = name.as_str(), cause, "backup begins");
        self.record(&RunBegan { run: id, job: name, cause: text(cause) }, &self.job_id(at));
        match Run::start(at, &words, false, id, began, self.now.wall, self.ended.0.clone()) {
            Ok(run) => self.run = Some(run),
            Err(err) => {
                tracing::error!(job = job_name(&self.config, at), %err, "backup cannot be started");
                self.plan_step(Due::Ended(crate::schedule::Outcome::Failed));
            }
        }
    }

    fn job_ended(&mut self, ended: &Ended) {
        let Some(run) = self.run.take() else { return };
        let (outcome, exit, problem, said) = ended.judge(run.stopped);
        let took = self.now.boot.saturating_sub(Duration::from_millis(run.began.boot_millis));
        let job = job_name(&self.config, run.job).to_owned();
        match outcome {
            crate::schedule::Outcome::Failed => tracing::error!(job, problem, "backup failed"),
            _ => tracing::info!(job, result = outcome.name(), problem, seconds = took.as_secs(), "backup ended"),
        }
        jobs::told(&mut self.backups[run.job], &said, &problem, run.wall, took);
        self.plan_step(Due::Ended(outcome));
        let told = RunEnded {
            run: run.id,
            job: text(&job),
            began: run.began,
            result: text(outcome.name()),
            exit,
            problem: text(&problem),
        };
        let view = Sample::from(self.backups[run.job].clone());
        self.record_with(&told, &self.job_id(run.job), Some(&view));
    }

    fn reload(&mut self) {
        supervisor::tell(&[NotifyState::Reloading]);
        match Config::load(&self.path) {
            Ok(_) => tracing::info!("the configuration is in order; it counts from the next start"),
            Err(why) => tracing::error!(why, "kept the old configuration"),
        }
        supervisor::tell(&[NotifyState::Ready]);
    }

    fn stop(&mut self) {
        if let Some(mut run) = self.run.take() {
            run.stop();
            // It ends its pack; what it cannot end in this time is there for the next run all the same.
            let ended = smol::block_on(smol::future::or(async { self.ended.1.recv().await.ok() }, async {
                smol::Timer::after(Duration::from_secs(20)).await;
                None
            }));
            self.run = Some(run);
            if let Some(ended) = ended {
                self.job_ended(&ended);
            }
        }
        self.pump();
        self.farewell();
    }

    fn answer(&mut self, asked: control::Asked) {
        let reply = match &asked.request {
            control::Request::Status => Ok(self.status()),
            control::Request::Backup(job) => self
                .back_up(job.as_deref())
                .map(|()| serde_json::json!({ "begun": true }))
                .map_err(|why| why.why().to_owned()),
        };
        asked.reply(&reply);
    }

    fn status(&self) -> serde_json::Value {
        let links: Vec<_> = self
            .wires
            .iter()
            .map(|wire| {
                serde_json::json!({
                    "broker": wire.output.url.to_string(),
                    "connected": wire.up,
                    "problem": (!wire.up).then_some(wire.why.as_str()),
                })
            })
            .collect();
        let jobs: Vec<serde_json::Value> = self
            .backups
            .iter()
            .map(|view| {
                let sample = Sample::from(view.clone());
                serde_json::from_slice(&sample.json(self.now.wall.as_second(), 0)).unwrap_or_default()
            })
            .collect();
        serde_json::json!({
            "node": self.node.as_str(),
            "name": self.config.name,
            "version": env!("CARGO_PKG_VERSION"),
            "brokers": links,
            "jobs": jobs,
            "records_waiting": self.records.last() - self.records.acked(),
            "frames_waiting": self.ring.waiting(),
            "memory_bytes": crate::cli::memory_now(),
            "troubles": self.troubles.values().collect::<Vec<_>>(),
        })
    }
}

fn job_name(config: &Config, at: usize) -> &str {
    config.jobs.get(at).map_or("", |job| job.plan.name.as_str())
}

/// The same part of `whole` for the same words, always.
fn share(whole: Duration, words: &str) -> Duration {
    let hash = words.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    whole.mul_f64(f64::from(hash) / f64::from(u32::MAX))
}

/// Signals, in a thread that does nothing else.
fn signals() -> Result<Receiver<i32>, String> {
    let (sender, receiver) = async_channel::bounded(8);
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])
        .map_err(|err| format!("cannot listen for signals: {err}"))?;
    let listen = move || {
        for signal in signals.forever() {
            if sender.send_blocking(signal).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("signals".into())
        .stack_size(64 << 10)
        .spawn(listen)
        .map_err(|err| format!("cannot start a thread for signals: {err}"))?;
    Ok(receiver)
}
