//! What goes on: take in, ask what is next, send it, write down what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use atalaya_alert::Wall;
use atalaya_notify::turn::{Change, Delivery, DeliveryId, Hours, Next, Now, Settled, Turn};
use atalaya_notify::words::Origin;
use atalaya_notify::{Message, Outcome};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::body::Body;
use super::channels::{Ways, changed, rates, ways};
use super::mqtt::Mqtt;
use super::outbox::rows;
use super::states::States;
use crate::clock::Clock;
use crate::db::read::outbox::{delivery, waiting};
use crate::db::{Desk, Readers, Row};
use crate::error::{Kind, Result};
use crate::limits::{LAST_TRY_MAX, OUTBOX_AT_ONCE, OUTBOX_LOOK, RETRY_EVERY};
use crate::program::Shared;
use crate::tower::{Board, DEFAULT_SET, Sets};

/// What it works with.
pub struct Parts {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) readers: Readers,
    pub(super) desk: Desk,
    pub(super) news: Arc<Notify>,
    pub(super) board: Board,
    pub(super) states: States,
    pub(super) ways: Ways,
    pub(super) hours: BTreeMap<String, Hours>,
    pub(super) sets: Sets,
    pub(super) url: String,
}

impl Parts {
    /// Of a sidecar.
    #[must_use]
    pub fn of(shared: &Shared) -> Self {
        let config = &shared.config;
        Self {
            clock: Arc::clone(&shared.clock),
            readers: shared.readers.clone(),
            desk: shared.desk.clone(),
            news: Arc::clone(&shared.notify),
            board: shared.board.clone(),
            states: shared.channels.clone(),
            ways: ways(config, &Mqtt::of(shared)),
            hours: config.alerts.hours(),
            sets: config.alerts.sets(),
            url: config.web.url.clone().unwrap_or_default(),
        }
    }
}

/// What is done unless it is to end.
type Go<T = ()> = std::result::Result<T, Stopping>;

/// It is to end.
struct Stopping;

/// See the module.
pub(super) struct Worker {
    parts: Parts,
    turn: Turn,
    stop: watch::Receiver<bool>,
    next: super::Next,
}

impl Worker {
    pub(super) fn new(parts: Parts, stop: watch::Receiver<bool>, next: super::Next) -> Self {
        let mut turn = Turn::new();
        // Nothing waits yet, so nothing changes.
        let _ = turn.configure(rates(&parts.ways), parts.hours.clone());
        Self { parts, turn, stop, next }
    }

    /// Until it is stopped.
    pub(super) async fn run(mut self) {
        let Stopping = self.go_on().await;
        tracing::debug!(waiting = self.turn.waiting(), "notifications are kept for the next start");
    }

    async fn go_on(&mut self) -> Stopping {
        let mut news = true;
        loop {
            match self.step(&mut news).await {
                Ok(()) => {}
                Err(stopping) => return stopping,
            }
        }
    }

    async fn step(&mut self, news: &mut bool) -> Go {
        if *self.stop.borrow() {
            return Err(Stopping);
        }
        self.take_over().await?;
        self.let_go().await?;
        // What is worse may have come meanwhile.
        *news |= timeout(Duration::ZERO, self.parts.news.notified()).await.is_ok();
        if std::mem::take(news) {
            self.take_in().await?;
        }
        match self.turn.next(self.now()) {
            Next::Send { id, over } => self.send(id, over).await?,
            Next::Merge(digest) => self.keep(&[Change::Digest(digest)], None).await?,
            Next::Trouble(trouble) => self.parts.states.tell(trouble),
            Next::Wait(until) => {
                let wait = until.map_or(OUTBOX_LOOK, |until| until.saturating_sub(self.now().moment).min(OUTBOX_LOOK));
                tokio::select! {
                    () = self.parts.news.notified() => *news = true,
                    () = sleep(wait) => {}
                    _ = self.stop.changed() => return Err(Stopping),
                }
            }
        }
        Ok(())
    }

    /// Other channels, other hours. What waits for a channel that is no more has failed.
    async fn take_over(&mut self) -> Go {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(parts) = next else { return Ok(()) };
        let changed: Vec<String> = changed(&self.parts.ways, &parts.ways).cloned().collect();
        self.parts = parts;
        let changes = self.turn.configure(rates(&self.parts.ways), self.parts.hours.clone());
        self.keep(&changes, None).await?;
        // Behind what was settled with it: that counts for a channel that is no more.
        self.parts.states.keep(|channel| self.parts.ways.contains_key(channel));
        let now = self.now();
        changed.iter().for_each(|channel| self.turn.wake(channel, now));
        self.woken(changed).await
    }

    /// What waits for channels that somebody saw work.
    async fn let_go(&mut self) -> Go {
        let channels: Vec<String> = self.parts.states.seen_to_work().into_iter().collect();
        let now = self.now();
        channels.iter().for_each(|channel| self.turn.works(channel, now));
        self.woken(channels).await
    }

    /// Writes down that what waits for these is tried now: a start after this waits no longer either.
    async fn woken(&mut self, channels: Vec<String>) -> Go {
        if channels.is_empty() {
            return Ok(());
        }
        let now = self.now();
        self.parts.states.rest(self.turn.rests(now));
        self.store(channels.into_iter().map(|channel| Row::Woken { channel, next: now.wall.0 }).collect()).await?;
        self.parts.board.tell(|| "notifications".into());
        Ok(())
    }

    fn now(&self) -> Now {
        let now = self.parts.clock.now();
        Now { moment: now.since_start, wall: Wall(now.seconds()) }
    }

    /// Takes in what the database has and the turn has not, with the ends last, so that each finds its beginning.
    async fn take_in(&mut self) -> Go {
        loop {
            let all = self.read(|connection| waiting(connection, 2 * atalaya_notify::limits::WAITING_MAX)).await?;
            let ids = all.into_iter().map(|(notification, channel)| DeliveryId { notification, channel });
            let new: Vec<DeliveryId> = ids.filter(|id| !self.turn.has(id)).collect();
            if new.is_empty() {
                return Ok(());
            }
            for some in new.chunks(OUTBOX_AT_ONCE) {
                let some = some.to_vec();
                let read =
                    self.read(move |connection| some.iter().map(|id| on_its_way(connection, id)).collect()).await?;
                let read: Vec<std::result::Result<Delivery, Change>> = read;
                let mut changes = Vec::new();
                for one in read {
                    match one {
                        Ok(delivery) => changes.extend(self.add(delivery)),
                        Err(change) => changes.push(change),
                    }
                }
                self.keep(&changes, None).await?;
            }
        }
    }

    fn add(&mut self, mut delivery: Delivery) -> Vec<Change> {
        for set in delivery.sets.iter_mut().filter(|set| !self.parts.sets.contains_key(*set)) {
            *set = DEFAULT_SET.into();
        }
        let now = self.now();
        self.turn.add(delivery, now)
    }

    async fn send(&mut self, id: DeliveryId, over: bool) -> Go {
        let wanted = id.clone();
        let read = move |connection: &rusqlite::Connection| {
            let Some(stored) = delivery(connection, &wanted.notification, &wanted.channel)? else { return Ok(None) };
            let body = or_unreadable(Body::read(connection, &stored, &wanted.channel))?;
            Ok(Some((stored, body)))
        };
        let (tries, outcome, of_channels) = match self.read(read).await? {
            None => (0, Outcome::Never("there is no such notification any more".into()), false),
            Some((stored, Err(why))) => (stored.tries, Outcome::Never(why), false),
            Some((stored, Ok(body))) => {
                (stored.tries, self.try_once(&id, &body, stored.at, over).await?, body.is_about_channels())
            }
        };
        let now = self.now();
        let changes = self.turn.result(&id, outcome, now);
        self.parts.states.rest(self.turn.rests(now));
        self.keep(&changes, Some((&id, tries.saturating_add(1)))).await?;
        let gave_up = |change: &Change| matches!(change, Change::Settled { how: Settled::Failed(_), .. });
        if !of_channels && changes.iter().any(gave_up) {
            self.parts.states.gave_up(&id.channel);
        }
        Ok(())
    }

    async fn try_once(&mut self, id: &DeliveryId, body: &Body, at: i64, over: bool) -> Go<Outcome> {
        let Some(way) = self.parts.ways.get(&id.channel).cloned() else {
            return Ok(Outcome::Never("there is no such channel in the configuration".into()));
        };
        let customer = self.customer(body);
        let origin = Origin { url: &self.parts.url, customer: &customer, at: Wall(at) };
        let message: Message = body.message(&id.notification, over, &way.reader, origin);
        let sending = way.send(message, self.now().wall);
        tokio::pin!(sending);
        tokio::select! {
            outcome = &mut sending => return Ok(outcome),
            _ = self.stop.changed() => {}
        }
        timeout(LAST_TRY_MAX, sending).await.map_err(|_| Stopping)
    }

    /// Whose nodes it is about, if they are one customer's.
    fn customer(&self, body: &Body) -> String {
        let seen = self.parts.board.read();
        let mut all = body.nodes().map(|node| seen.nodes.get(node).map_or("", |node| node.row.customer.as_str()));
        let first = all.next().unwrap_or_default();
        if all.all(|other| other == first) { first.to_owned() } else { String::new() }
    }

    /// Reads, however long it takes until that can be done.
    async fn read<T: Send + 'static>(
        &mut self,
        read: impl FnOnce(&rusqlite::Connection) -> Result<T> + Clone + Send + 'static,
    ) -> Go<T> {
        loop {
            match self.parts.readers.with(read.clone()).await {
                Ok(read) => return Ok(read),
                Err(err) => self.rest("cannot read what waits to be sent", &err).await?,
            }
        }
    }

    /// Writes down what was decided, however long it takes until that can be done: nothing else is sent before.
    async fn keep(&mut self, changes: &[Change], tried: Option<(&DeliveryId, u32)>) -> Go {
        let rows: Vec<Row> = rows(changes, tried, self.now().wall.0);
        self.store(rows).await?;
        for change in changes {
            self.parts.states.count(change);
            if let Change::Settled { id, how: Settled::Failed(why) } = change {
                let (notification, channel) = (&id.notification, &id.channel);
                tracing::error!(notification, channel, why, "a notification could not be delivered");
            }
        }
        if !changes.is_empty() {
            self.parts.board.tell(|| "notifications".into());
        }
        Ok(())
    }

    async fn store(&mut self, rows: Vec<Row>) -> Go {
        while !rows.is_empty() {
            match self.parts.desk.write(rows.clone()).await {
                Ok(()) => break,
                Err(err) => self.rest("cannot write down what was sent; nothing else is sent until then", &err).await?,
            }
        }
        Ok(())
    }

    async fn rest(&mut self, what: &str, err: &crate::error::Error) -> Go {
        tracing::warn!(why = %err, "{what}");
        if *self.stop.borrow() {
            return Err(Stopping);
        }
        tokio::select! {
            () = sleep(RETRY_EVERY) => Ok(()),
            _ = self.stop.changed() => Err(Stopping),
        }
    }
}

/// A delivery, or what becomes of one that cannot be read.
fn on_its_way(connection: &rusqlite::Connection, id: &DeliveryId) -> Result<std::result::Result<Delivery, Change>> {
    let failed = |why: String| Change::Settled { id: id.clone(), how: Settled::Failed(why) };
    let Some(stored) = delivery(connection, &id.notification, &id.channel)? else {
        return Ok(Err(failed("there is no such notification any more".into())));
    };
    let read = Body::read(connection, &stored, &id.channel);
    let made = read.and_then(|body| body.delivery(connection, id.clone(), &stored));
    Ok(or_unreadable(made)?.map_err(failed))
}

/// A body that is not what was written ends its delivery; what else is wrong with the database is waited out.
fn or_unreadable<T>(read: Result<T>) -> Result<std::result::Result<T, String>> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(err) if err.kind == Kind::Refused => Ok(Err(err.text)),
        Err(err) => Err(err),
    }
}
