//! The loop, and what it owns.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use atalaya_wire::event::Began;
use atalaya_wire::message::{Builder, Head, Stream};
use atalaya_wire::{NodeId, ObjectId, StreamId, Topics, text};
use sd_notify::NotifyState;
use signal_hook::consts::SIGHUP;

use super::board::Board;
use super::eyes::{Eyes, Reading};
use super::known::Known;
use super::links::Wire;
use super::process::News;
use super::record::Unwritten;
use super::runs::Runs;
use super::{clock, control, node, probes, supervisor};
use crate::config::Config;
use crate::link::{Ear, Heard};
use crate::outbox::{Records, Ring};
use crate::probe::{Moment, Site, boot_id};
use crate::schedule::Event as Due;

/// Frames kept for a sidecar that is not there: an hour at the usual interval, a day when thinned.
const RING_BYTES_MAX: usize = 256 << 10;
/// What may wait for the loop.
const WAITING_MAX: usize = 64;
/// The loop looks at everything at least so often.
const TURN_MAX: Duration = Duration::from_secs(30);
/// And so often while something waits for its time only.
const HELD: Duration = Duration::from_millis(100);
/// Between two readings of the configuration.
const RELOAD_PAUSE: Duration = Duration::from_secs(10);
/// How long a stopped run may take to end.
const STOP_MAX: Duration = Duration::from_secs(15);

/// What the threads hand over.
enum Happened {
    Heard(usize, Heard),
    Read(Reading),
    News(News),
    Signal(i32),
    Asked(control::Asked),
    Time,
}

/// See the module.
pub(super) struct Daemon {
    pub(super) config: Config,
    pub(super) path: PathBuf,
    /// Where the job service listens, if jobs are not processes of ours.
    pub(super) desk: Option<PathBuf>,
    pub(super) node: NodeId,
    pub(super) wires: Vec<Wire>,
    pub(super) board: Board,
    pub(super) eyes: Eyes,
    pub(super) records: Records,
    pub(super) ring: Ring,
    pub(super) frame_stream: StreamId,
    pub(super) frame_seq: u64,
    pub(super) frame_due: Duration,
    /// What was seen since the last one.
    pub(super) frame: Builder,
    pub(super) runs: Runs,
    pub(super) known: Known,
    /// Another configuration waits until the run has stopped.
    pub(super) reload_later: bool,
    /// Another configuration may be there.
    reload_wanted: bool,
    /// When it was last read: a storm of signals is two readings.
    reloaded: Option<Duration>,
    pub(super) now: Moment,
    /// When this was started.
    pub(super) began: Duration,
    pub(super) boot: [u8; 16],
    pub(super) commanded: BTreeMap<String, Duration>,
    pub(super) last_command: u64,
    /// What the sidecar was asked for.
    pub(super) requests: super::certificates::Told,
    pub(super) troubles: BTreeMap<&'static str, String>,
    /// Of the waits of this node, so that many do not come at once.
    pub(super) spread: f64,
    /// Connections made so far: each has its number.
    pub(super) links_made: usize,
    pub(super) ear: Ear,
    heard: Receiver<(usize, Heard)>,
    pub(super) read_out: Sender<Reading>,
    read: Receiver<Reading>,
    signals: Receiver<i32>,
    asked: Receiver<control::Asked>,
    /// Hands over what is asked on the control socket.
    pub(super) asker: Sender<control::Asked>,
    pub(super) control: Option<control::Socket>,
    /// Nobody else uses the state folder while this is open.
    pub(super) lock: std::fs::File,
    pub(super) unwritten: Unwritten,
}

impl Daemon {
    pub(super) fn start(
        config: Config,
        path: PathBuf,
        desk: Option<PathBuf>,
        signals: Receiver<i32>,
    ) -> Result<Self, String> {
        let state = |what: &str, err: std::io::Error| {
            format!("cannot {what} in the state folder {}: {err}", config.state.display())
        };
        node::make_state(&config.state).map_err(|err| state("keep anything", err))?;
        let lock = node::lock(&config.state)?;
        let node = node::id(&config.state, config.node.as_ref()).map_err(|err| state("keep the node's id", err))?;
        let random = || node::random::<16>().map_err(|err| format!("cannot read /dev/urandom: {err}"));
        let records =
            Records::open(&config.state.join("records"), random()?).map_err(|err| state("keep records", err))?;
        let (ear, heard) = async_channel::bounded(WAITING_MAX);
        let (out, read) = async_channel::bounded(WAITING_MAX);
        let (asker, asked) = async_channel::bounded(WAITING_MAX);
        let control = control::Socket::listen(&config.socket, asker.clone())?;
        let spread = f64::from(random()?[0]) / 255.0;
        let mut wires = Vec::new();
        for (number, output) in config.outputs.iter().enumerate() {
            let topics = Topics::new(&output.prefix, node.clone())?;
            wires.push(Wire::start(number, output.clone(), topics, spread, ear.clone())?);
        }
        let now = clock::moment();
        let (boot, frame_stream) = (boot_id(&Site::default()), StreamId(random()?));
        let head = Head { stream: Stream::Frame, id: frame_stream, seq: 0, stamp: clock::stamp(now, boot) };
        let known = Known::load(&config.state);
        let last_command = std::fs::read_to_string(config.state.join("commanded")).unwrap_or_default();
        Ok(Self {
            runs: Runs::new(&config, node.as_str(), &known),
            known,
            reload_later: false,
            reload_wanted: false,
            reloaded: None,
            board: Board::new(wires.len(), config.heartbeat),
            eyes: Eyes::new(probes::resident(&config, &path, desk.is_none())?, Site::default(), out.clone()),
            ring: Ring::new(RING_BYTES_MAX),
            frame_stream,
            frame_seq: 0,
            frame_due: Duration::ZERO,
            frame: Builder::new(&head),
            now,
            began: now.boot,
            boot,
            commanded: BTreeMap::new(),
            last_command: last_command.trim().parse().unwrap_or_default(),
            requests: super::certificates::Told::default(),
            troubles: BTreeMap::new(),
            spread,
            links_made: wires.len(),
            ear,
            heard,
            read_out: out,
            read,
            signals,
            asked,
            asker,
            control: Some(control),
            lock,
            unwritten: Unwritten::default(),
            config,
            path,
            desk,
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
        self.see_policies();
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
        let news = async { self.runs.news.recv().await.map_or(Happened::Time, Happened::News) };
        let signal = async { self.signals.recv().await.map_or(Happened::Time, Happened::Signal) };
        let asked = async { self.asked.recv().await.map_or(Happened::Time, Happened::Asked) };
        or(signal, or(asked, or(news, or(heard, or(read, time))))).await
    }

    /// How long nothing is to be done.
    fn pause(&self) -> Duration {
        let reload = self.reload_wanted.then(|| self.reload_due());
        let next = self.eyes.wake().into_iter().chain([self.frame_due]).chain(reload).min().unwrap_or(Duration::MAX);
        let held = self.wires.iter().any(|wire| wire.line.held).then_some(HELD);
        let limit = supervisor::watchdog().unwrap_or(TURN_MAX).min(held.unwrap_or(TURN_MAX));
        next.saturating_sub(self.now.boot).clamp(Duration::from_millis(20), limit)
    }

    /// Takes what happened; `true` when it is the end.
    fn take(&mut self, happened: Happened) -> bool {
        match happened {
            Happened::Heard(number, heard) => self.heard(number, heard),
            Happened::Read(reading) => self.see(reading),
            Happened::News(news) => self.news(news),
            Happened::Signal(SIGHUP) => self.reload_wanted = true,
            Happened::Signal(_) => return true,
            Happened::Asked(asked) => self.answer(asked),
            Happened::Time => {}
        }
        false
    }

    fn reload_due(&self) -> Duration {
        self.reloaded.map_or(Duration::ZERO, |last| last + RELOAD_PAUSE)
    }

    /// What is to be done whatever happened.
    fn turn(&mut self) {
        if self.reload_wanted && self.now.boot >= self.reload_due() {
            (self.reload_wanted, self.reloaded) = (false, Some(self.now.boot));
            self.reload();
        }
        for number in self.eyes.step(self.now) {
            let name = self.eyes.name(number);
            self.probe_view(name, Some("it does not answer".into()), "stuck", None);
        }
        self.limit_run();
        self.plan_step(Due::Tick);
        if self.now.boot >= self.frame_due {
            self.frame_due = self.now.boot + self.config.interval;
            self.keep_state();
            self.write_records();
            self.see_policies();
            for (id, sample) in self.board.silent(self.now.boot) {
                self.show(id, sample);
            }
            self.send_frame();
        }
        self.pump();
        if supervisor::watchdog().is_some() {
            supervisor::tell(&[NotifyState::Watchdog]);
        }
    }

    fn stop(&mut self) {
        self.reload_later = false;
        self.runs.stopping = true;
        if self.stop_run(None) {
            // It ends its pack; what it cannot end in this time is there for the next run all the same.
            let until = std::time::Instant::now() + STOP_MAX;
            while let Some(news) = self.last_news(until) {
                self.now = clock::moment();
                self.news(news);
            }
        }
        self.pump();
        self.farewell();
    }

    /// What the stopped run still tells; nothing once it has ended, or its time is over.
    fn last_news(&self, until: std::time::Instant) -> Option<News> {
        self.runs.run.as_ref()?;
        smol::block_on(smol::future::or(async { self.runs.news.recv().await.ok() }, async {
            smol::Timer::at(until).await;
            None
        }))
    }
}
