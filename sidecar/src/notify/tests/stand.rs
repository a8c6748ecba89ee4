//! An outbox with its database, and what it is told to send.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use atalaya_alert::rule::Words;
use atalaya_alert::{AlertKey, IncidentId, Kind, Notification, Severity, Told, Wall};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use super::service::Service;
use crate::clock::{Clock, Simulated, System};
use crate::config::Config;
use crate::db::read::notifications::{Delivery, deliveries};
use crate::db::{self, Batch, Effect, Readers, Row, Writer};
use crate::link::Out;
use crate::notify::channels::ways;
use crate::notify::mqtt::Mqtt;
use crate::notify::{Parts, Sending, States};
use crate::people::Customers;
use crate::tower::{Board, word};

pub(super) const NOW: i64 = 1_800_000_000;

pub(super) struct Stand {
    pub(super) config: Config,
    pub(super) readers: Readers,
    pub(super) board: Board,
    pub(super) out: Out,
    pub(super) states: States,
    pub(super) clock: Arc<Simulated>,
    news: Arc<Notify>,
    runtime: Runtime,
    sending: Option<Sending>,
    writer: Writer,
    /// By the machine's clock, not the one that stands.
    real: bool,
}

impl Stand {
    pub(super) fn new(folder: &Path, channels: &str) -> Self {
        Self::open(folder, channels, false)
    }

    pub(super) fn open(folder: &Path, channels: &str, real: bool) -> Self {
        std::fs::write(folder.join("secret"), "not a real one").unwrap();
        let news = Arc::new(Notify::new());
        let told = Arc::clone(&news);
        let after = move |effect| {
            if let Effect::Notify = effect {
                told.notify_one();
            }
        };
        let database = db::open(folder, NOW).unwrap();
        Self {
            config: Config::read(Path::new("s.toml"), channels).unwrap(),
            readers: Readers::new(folder),
            board: Board::default(),
            out: Out::default(),
            states: States::default(),
            clock: Arc::new(Simulated::at(NOW)),
            news,
            runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
            sending: None,
            writer: Writer::start(database, Arc::new(System::default()), Vec::new(), after).unwrap(),
            real,
        }
    }

    pub(super) fn start(&mut self) {
        let parts = self.parts();
        let _inside = self.runtime.enter();
        self.sending = Some(Sending::start(parts));
    }

    /// Takes over another configuration, as after SIGHUP.
    pub(super) fn renew(&mut self, channels: &str) {
        self.config = Config::read(Path::new("s.toml"), channels).unwrap();
        self.sending.as_ref().unwrap().renew(self.parts());
    }

    fn parts(&self) -> Parts {
        let clock: Arc<dyn Clock> = if self.real { Arc::new(System::default()) } else { self.clock.clone() };
        let mqtt = Mqtt::new("atalaya/_sidecar/event/notification".into(), self.out.clone(), self.board.clone());
        Parts {
            clock,
            readers: self.readers.clone(),
            desk: self.writer.desk(),
            news: Arc::clone(&self.news),
            board: self.board.clone(),
            states: self.states.clone(),
            ways: ways(&self.config, &mqtt),
            hours: self.config.alerts.hours(),
            sets: self.config.alerts.sets(),
            url: String::new(),
        }
    }

    pub(super) fn stop(&mut self) {
        if let Some(sending) = self.sending.take() {
            self.runtime.block_on(sending.stop());
        }
    }

    /// Ends all of it.
    pub(super) fn close(mut self) {
        self.stop();
        self.writer.stop();
    }

    /// Time passes, and the outbox looks.
    pub(super) fn pass(&self, seconds: u64) {
        self.clock.pass(Duration::from_secs(seconds));
        self.news.notify_one();
    }

    /// As the tower does it: in one transaction, with the news after it.
    pub(super) fn tell(&self, told: &Notification, at: i64) {
        let mut batch = Batch::default();
        for incident in &told.incidents {
            batch.push(Row::Incident {
                id: incident.0,
                node: "nas".into(),
                severity: word(&told.severity),
                began: NOW,
                ended: None,
                stage: "open".into(),
                title_en: String::new(),
                title_es: String::new(),
            });
        }
        let (id, body) = (told.id.clone(), serde_json::to_string(told).unwrap());
        let severity = word(&told.severity);
        batch.push(Row::Notification { id: id.clone(), at, kind: word(&told.kind), severity, body });
        for channel in &self.config.alerts.sets()["default"].channels {
            batch.push(Row::Delivery { notification: id.clone(), channel: channel.clone(), next: at });
        }
        batch.effects.push(Effect::Notify);
        while let Err(back) = self.writer.desk().keep(batch) {
            batch = back.expect("the writer is there");
            std::thread::yield_now();
        }
    }

    /// All deliveries, the newest first.
    pub(super) fn all(&self) -> Vec<Delivery> {
        self.readers.now(|connection| deliveries(connection, &Customers::All, None, None, 100_000)).unwrap()
    }

    /// How many are in a state.
    pub(super) fn count(&self, state: &str) -> usize {
        self.all().iter().filter(|delivery| delivery.state == state).count()
    }

    pub(super) fn until(&self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while !done(self) {
            assert!(Instant::now() < end, "{what} did not happen: {:#?}", self.all());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A `[[channel]]` that tells `service`.
pub(super) fn webhook(folder: &Path, name: &str, service: &Service) -> String {
    let (url, secret) = (&service.url, folder.join("secret"));
    format!(
        "[[channel]]\nname = {name:?}\nkind = \"webhook\"\nurl = {url:?}\nsecret_file = {secret:?}\nrate = \"1000/1s\"\n"
    )
}

/// A notification about an incident; the same number has the same id.
pub(super) fn told(number: u64, kind: Kind, incident: u64) -> Notification {
    let subject = format!("number {number}");
    let alert =
        AlertKey { node: "nas".into(), object: format!("disk/{incident}").as_str().into(), rule: "disk-hot".into() };
    Notification {
        id: format!("{number:032x}"),
        kind,
        to: "default".into(),
        severity: Severity::High,
        incidents: vec![IncidentId(incident)],
        alerts: vec![Told {
            alert,
            episode: 1,
            severity: Severity::High,
            title: Words::default(),
            node_name: "NAS".into(),
            label: String::new(),
            shown: Words::default(),
            since: Wall(NOW),
            runbook: Words::default(),
            link: String::new(),
        }],
        subject: Words { en: subject.clone(), es: subject },
        body: Words::default(),
    }
}
