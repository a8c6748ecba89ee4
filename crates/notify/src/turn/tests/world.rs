//! A database, services and alerts around a turn, and what must hold of them.

use std::collections::{BTreeMap, BTreeSet};

use atalaya_alert::Kind;

use super::super::*;
use super::play::MONDAY;
use crate::message::What;
use crate::{Outcome, Rate};

const CHANNELS: [&str; 2] = ["mail", "push"];
const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// An alert that goes on, and to which channels' mask it was told.
type Open = (Episode, usize);

#[derive(Default)]
pub(super) struct World {
    /// Every delivery that there ever was.
    all: BTreeMap<DeliveryId, Delivery>,
    waiting: BTreeSet<DeliveryId>,
    settled: BTreeMap<DeliveryId, Settled>,
    /// How often each arrived.
    got: BTreeMap<DeliveryId, usize>,
    /// How often it arrived and that could not be known.
    unknown: BTreeMap<DeliveryId, usize>,
    open: Vec<Open>,
    seconds: u64,
    count: u64,
}

impl World {
    fn now(&self) -> Now {
        let seconds = i64::try_from(self.seconds).unwrap();
        Now { moment: Duration::from_secs(self.seconds), wall: Wall(MONDAY + seconds) }
    }

    pub(super) const fn pass(&mut self, seconds: u64) {
        self.seconds += seconds;
    }

    /// A program that begins: from what is stored alone.
    pub(super) fn start(&mut self) -> Turn {
        let mut turn = Turn::new();
        let hours = Hours::new("mon-fri 08:00-20:00", jiff::tz::TimeZone::UTC).unwrap();
        let rate = |name: &str| (name.to_owned(), vec![Rate::new(2, Duration::from_secs(1))]);
        turn.configure(CHANNELS.map(rate), BTreeMap::from([("night".into(), hours)]));
        // In no order that means anything.
        let waited =
            self.waiting.iter().rev().map(|id| Delivery { begun: self.begun(&self.all[id]), ..self.all[id].clone() });
        let changes = turn.restore(waited.collect(), self.now());
        self.commit(changes);
        turn
    }

    pub(super) fn begin(&mut self, turn: &mut Turn, count: u64, channels: usize, severity: usize, night: bool) {
        let alerts: Vec<Episode> = (0..count).map(|n| Episode::test(self.count * 10 + n)).collect();
        self.open.extend(alerts.iter().map(|alert| (*alert, channels)));
        self.tell(turn, Kind::Fired, alerts, channels, severity, night);
    }

    pub(super) fn remind(&mut self, turn: &mut Turn, which: usize) {
        if let Some((alert, channels)) = self.open.get(which % self.open.len().max(1)).copied() {
            self.tell(turn, Kind::StillFiring, vec![alert], channels, which % 4, which.is_multiple_of(3));
        }
    }

    /// An end is told to all channels: whom it is not for, the turn has to know.
    pub(super) fn end(&mut self, turn: &mut Turn, which: usize, both: bool) {
        let mut alerts = BTreeSet::new();
        for _ in 0..=usize::from(both) {
            if !self.open.is_empty() {
                alerts.insert(self.open.remove(which % self.open.len()).0);
            }
        }
        if !alerts.is_empty() {
            self.tell(turn, Kind::Resolved, alerts.into_iter().collect(), 3, which % 4, which.is_multiple_of(5));
        }
    }

    fn tell(&mut self, turn: &mut Turn, kind: Kind, alerts: Vec<Episode>, to: usize, severity: usize, night: bool) {
        self.count += 1;
        for (n, channel) in CHANNELS.iter().enumerate().filter(|(n, _)| to & (1 << n) != 0) {
            // Ids say nothing about age.
            let name = format!("{:02}-{}", (self.count * 37 + n as u64) % 100, self.count);
            let mut delivery = Delivery {
                id: DeliveryId { notification: name, channel: (*channel).into() },
                what: What::Alert(kind),
                severity: SEVERITIES[severity],
                at: self.now().wall,
                sets: vec![if night { "night" } else { "default" }.into()],
                alerts: alerts.clone(),
                begun: Begun::Here,
                tries: 0,
                next: self.now().wall,
            };
            delivery.begun = self.begun(&delivery);
            self.store(delivery.clone());
            let changes = turn.add(delivery, self.now());
            self.commit(changes);
        }
    }

    fn store(&mut self, delivery: Delivery) {
        self.waiting.insert(delivery.id.clone());
        assert!(self.all.insert(delivery.id.clone(), delivery).is_none());
    }

    /// What began something that this one ends.
    fn begins<'a>(&'a self, end: &'a Delivery) -> impl Iterator<Item = &'a Delivery> {
        let begins = |one: &&Delivery| matches!(one.what, What::Alert(kind) if kind != Kind::Resolved);
        self.all.values().filter(begins).filter(move |one| one.shares(end))
    }

    /// As the outbox knows it.
    fn begun(&self, end: &Delivery) -> Begun {
        let here = self.begins(end).filter(|one| one.id.channel == end.id.channel);
        let others = self.begins(end).any(|one| one.id.channel != end.id.channel);
        begun::begun(here.map(|one| self.earlier(&one.id, &end.id)), others)
    }

    fn earlier(&self, id: &DeliveryId, end: &DeliveryId) -> Earlier {
        match self.settled.get(id) {
            None => Earlier::Waiting,
            Some(Settled::Sent(_)) => Earlier::Sent,
            Some(Settled::Merged(into)) if *into == end.notification => Earlier::Folded,
            Some(Settled::Merged(into)) => self.earlier(&DeliveryId { notification: into.clone(), ..id.clone() }, end),
            Some(Settled::Failed(_) | Settled::Untold) => Earlier::Failed,
        }
    }

    fn commit(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Settled { id, how } => {
                    assert!(self.waiting.remove(&id), "{id:?} did not wait");
                    self.settled.insert(id, how);
                }
                Change::Again { id, tries, next, .. } => {
                    let delivery = self.all.get_mut(&id).unwrap();
                    (delivery.tries, delivery.next) = (tries, next);
                }
                Change::Digest(digest) => self.digest(digest),
            }
        }
    }

    fn digest(&mut self, digest: Digest) {
        let mut alerts = BTreeSet::new();
        for notification in &digest.of {
            let id = DeliveryId { notification: notification.clone(), channel: digest.id.channel.clone() };
            assert!(self.waiting.remove(&id), "{id:?} did not wait");
            if !self.all[&id].is_end() {
                alerts.extend(self.all[&id].alerts.iter().copied());
            }
            self.settled.insert(id, Settled::Merged(digest.id.notification.clone()));
        }
        self.store(Delivery {
            id: digest.id,
            what: What::Digest,
            severity: digest.severity,
            at: self.now().wall,
            sets: digest.sets,
            alerts: alerts.into_iter().collect(),
            begun: Begun::Here,
            tries: 0,
            next: self.now().wall,
        });
    }

    /// One step; whether there was something to do.
    pub(super) fn go(&mut self, turn: &mut Turn, outcome: usize, killed: bool) -> bool {
        match turn.next(self.now()) {
            Next::Send { id, over } => self.send(turn, &id, over, outcome, killed),
            Next::Merge(digest) => self.digest(digest),
            Next::Trouble(_) => {}
            Next::Wait(until) => {
                self.seconds = until.map_or(self.seconds, |until| until.as_secs().max(self.seconds));
                return until.is_some();
            }
        }
        true
    }

    fn send(&mut self, turn: &mut Turn, id: &DeliveryId, over: bool, outcome: usize, killed: bool) {
        self.check_end(id, over);
        let later = |after| Outcome::Later { why: String::new(), after };
        let (outcome, arrives, known) = match outcome {
            0 => (later(None), false, true),
            1 => (later(Some(Duration::from_secs(100))), true, false),
            2 => (Outcome::WrongSetUp(String::new()), false, true),
            3 => (Outcome::Never(String::new()), false, true),
            _ => (Outcome::Done(String::new()), true, true),
        };
        *self.got.entry(id.clone()).or_default() += usize::from(arrives);
        *self.unknown.entry(id.clone()).or_default() += usize::from(arrives && (killed || !known));
        if killed {
            *turn = self.start();
        } else {
            let changes = turn.result(id, outcome, self.now());
            self.commit(changes);
        }
    }

    /// Whether its beginning was told here.
    fn was_begun(&self, end: &Delivery) -> bool {
        let mut here = self.begins(end).filter(|one| one.id.channel == end.id.channel);
        here.any(|one| self.earlier(&one.id, &end.id) == Earlier::Sent)
    }

    fn check_end(&self, id: &DeliveryId, over: bool) {
        let delivery = &self.all[id];
        if delivery.is_end() {
            assert_eq!(over, !self.was_begun(delivery), "{delivery:?}");
        } else {
            assert!(!over);
        }
    }

    pub(super) fn check(&self) {
        assert!(self.waiting.is_empty(), "{:?}", self.waiting);
        for (id, delivery) in &self.all {
            let count = |of: &BTreeMap<DeliveryId, usize>| of.get(id).copied().unwrap_or_default();
            let (got, unknown) = (count(&self.got), count(&self.unknown));
            match &self.settled[id] {
                Settled::Sent(_) => assert_eq!(got, 1 + unknown, "{id:?}"),
                Settled::Merged(into) => {
                    let into = DeliveryId { notification: into.clone(), ..id.clone() };
                    assert!(self.ended(&into) && got == unknown, "{id:?} is in {into:?}");
                }
                Settled::Failed(_) => assert_eq!(got, unknown, "{id:?}"),
                Settled::Untold => assert!(delivery.is_end() && !self.was_begun(delivery) && got == 0, "{id:?}"),
            }
        }
    }

    /// Whether it arrived, by itself or in another, or was refused for good.
    fn ended(&self, id: &DeliveryId) -> bool {
        match &self.settled[id] {
            Settled::Sent(_) | Settled::Failed(_) => true,
            Settled::Merged(into) => self.ended(&DeliveryId { notification: into.clone(), ..id.clone() }),
            Settled::Untold => false,
        }
    }
}
