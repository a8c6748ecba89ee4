//! Signs of life, so that somebody outside notices when nobody here could tell him: to the broker, to an address, and to
//! systemd's watchdog. They stop when the tower or the writer hangs, and when the database cannot be written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use atalaya_notify::{Address, knock};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

use crate::config::{Beat, Config};
use crate::life::{Life, Pulse, TOWER};
use crate::program::Shared;
use crate::tower::Link;

/// How often it is felt.
const FEEL: Duration = Duration::from_secs(1);

/// Beats until it is ended, as the newest configuration says.
pub async fn beat(shared: Shared, config: watch::Receiver<Arc<Config>>) {
    let watchdog = sd_notify::watchdog_enabled().map(|every| every / 3);
    let (mut pulse, mut teller) = (Pulse::default(), Teller::new(shared.clone()));
    let (mut fed, mut beaten): (Option<Duration>, Option<Duration>) = (None, None);
    let mut ticks = interval(FEEL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = shared.clock.now().since_start;
        let due = |last: Option<Duration>, every| last.is_none_or(|last| now.saturating_sub(last) >= every);
        let health = shared.desk.health();
        let life = pulse.feel(shared.board.beats(), health.beats, health.trouble(), now);
        shared.life.send_replace(life.clone());
        // A disk that is full or does not answer is not made better by another start.
        if !matches!(life, Life::Hangs(TOWER)) && watchdog.is_some_and(|every| due(fed, every)) {
            fed = Some(now);
            let _ = sd_notify::notify(&[sd_notify::NotifyState::Watchdog]);
        }
        teller.changed(&life);
        let Beat { url, interval } = &config.borrow().beat;
        if life == Life::Well && due(beaten, *interval) {
            beaten = Some(now);
            teller.beat();
            url.iter().for_each(|url| teller.knock(url));
        }
    }
}

/// Whoever is told.
struct Teller {
    shared: Shared,
    /// How it was, and by which connection that was told: another broker may have forgotten it.
    told: Option<(Life, u64)>,
    beats: u64,
    /// One that is under way; a slow one is not asked again meanwhile.
    knocking: Option<JoinHandle<()>>,
    /// Why the last one did not get through, for the log.
    unheard: Arc<Mutex<Option<String>>>,
}

impl Teller {
    fn new(shared: Shared) -> Self {
        Self { shared, told: None, beats: 0, knocking: None, unheard: Arc::default() }
    }

    fn topic(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.shared.config.broker.prefix, self.shared.config.state.id)
    }

    /// How it is, once for each time that this is something else, and for each connection.
    fn changed(&mut self, life: &Life) {
        let links = self.shared.board.links();
        // Nobody is there yet to be told that all is well.
        if links == 0 && *life == Life::Well {
            return;
        }
        let known = self.told.as_ref().is_some_and(|(told, _)| told == life);
        if known && self.told.as_ref().is_some_and(|(_, told)| *told == links) {
            return;
        }
        if let (Life::Hangs(part), false) = (life, known) {
            tracing::error!(part, "a part of the sidecar hangs; signs of life stop");
        }
        let said = json!({ "state": life.word(), "problem": life.problem(), "ts": self.shared.clock.now().seconds() });
        self.shared.out.say(self.topic("health"), said.to_string().into(), true);
        self.told = Some((life.clone(), links));
    }

    /// Where there is no connection, nobody hears an old sign of life later.
    fn beat(&mut self) {
        let seen = self.shared.board.read();
        let (nodes, open, up) = (seen.nodes.len(), seen.alerts.len(), seen.link == Link::Up);
        drop(seen);
        self.beats += 1;
        if up {
            let ts = self.shared.clock.now().seconds();
            let said = json!({ "ts": ts, "seq": self.beats, "nodes": nodes, "open": open });
            self.shared.out.say(self.topic("beat"), said.to_string().into(), false);
        }
    }

    fn knock(&mut self, url: &Address) {
        if self.knocking.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (url, unheard) = (url.clone(), Arc::clone(&self.unheard));
        self.knocking = Some(tokio::task::spawn_blocking(move || {
            let why = knock(&url).err();
            let mut before = unheard.lock().unwrap_or_else(PoisonError::into_inner);
            match (&*before, &why) {
                (None, Some(why)) => tracing::warn!(why, "the sign of life did not get through"),
                (Some(_), None) => tracing::info!("signs of life get through again"),
                _ => {}
            }
            *before = why;
        }));
    }
}
