//! Any order of results and crashes: what was decided and committed is told, and told twice only by a crash.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::super::*;
use super::play::{MONDAY, episodes};
use crate::message::What;
use crate::{Outcome, Rate};
use atalaya_alert::Kind;

#[derive(Clone, Debug)]
enum Op {
    /// A notification to a channel about an alert, and whether it is the end of what the last one began.
    Add { channel: usize, severity: usize, alert: u8, end: bool, night: bool },
    /// What is next, and how it ends; whether the program is killed after the service has it and before that is stored.
    Go { outcome: usize, killed: bool },
    /// So many seconds pass.
    Pass(u64),
    /// The program is killed between two steps.
    Kill,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..2_usize, 0..4_usize, b'a'..b'f', any::<bool>(), any::<bool>())
            .prop_map(|(channel, severity, alert, end, night)| Op::Add { channel, severity, alert, end, night }),
        6 => (0..6_usize, prop::bool::weighted(0.1)).prop_map(|(outcome, killed)| Op::Go { outcome, killed }),
        2 => (0..4_000_u64).prop_map(Op::Pass),
        1 => Just(Op::Kill),
    ]
}

const CHANNELS: [&str; 2] = ["mail", "push"];
const SEVERITIES: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

/// What the database has, and what the services got.
#[derive(Default)]
struct World {
    waiting: BTreeMap<DeliveryId, Delivery>,
    settled: BTreeMap<DeliveryId, Settled>,
    got: BTreeMap<DeliveryId, usize>,
    kills: BTreeMap<DeliveryId, usize>,
    /// In vain by the outcome, though the service got it.
    vain: BTreeMap<DeliveryId, usize>,
    seconds: u64,
    count: usize,
}

impl World {
    fn now(&self) -> Now {
        let seconds = i64::try_from(self.seconds).unwrap();
        Now { moment: Duration::from_secs(self.seconds), wall: Wall(MONDAY + seconds) }
    }

    /// A program that begins: from what is stored alone.
    fn start(&mut self) -> Turn {
        let mut turn = Turn::new();
        let hours = Hours::new("mon-fri 08:00-20:00", jiff::tz::TimeZone::UTC).unwrap();
        let rate = |name: &str| (name.to_owned(), vec![Rate::new(2, Duration::from_secs(1))]);
        turn.configure(CHANNELS.map(rate), BTreeMap::from([("night".into(), hours)]));
        let mut all: Vec<Delivery> = self.waiting.values().cloned().collect();
        all.sort_by_key(|delivery| delivery.at);
        for mut delivery in all {
            delivery.begun = self.begun(&delivery);
            let changes = turn.add(delivery, self.now());
            self.commit(changes);
        }
        turn
    }

    /// As the outbox asks it: by what shares an alert.
    fn begun(&self, end: &Delivery) -> Begun {
        let folded = |id: &DeliveryId, how: &Settled| {
            id.channel == end.id.channel && *how == Settled::Merged(end.id.notification.clone())
        };
        let folded = self.settled.iter().any(|(id, how)| folded(id, how));
        if folded { Begun::Nowhere } else { end.begun }
    }

    fn commit(&mut self, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::Settled { id, how } => {
                    self.waiting.remove(&id);
                    assert!(self.settled.insert(id, how).is_none(), "settled twice");
                }
                Change::Again { id, tries, next, .. } => {
                    let delivery = self.waiting.get_mut(&id).unwrap();
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
            let delivery = self.waiting.remove(&id).expect("it waited");
            alerts.extend(delivery.alerts);
            self.settled.insert(id, Settled::Merged(digest.id.notification.clone()));
        }
        let delivery = Delivery {
            id: digest.id.clone(),
            what: What::Digest,
            severity: digest.severity,
            at: self.now().wall,
            sets: digest.sets,
            alerts: alerts.into_iter().collect(),
            begun: Begun::Here,
            tries: 0,
            next: self.now().wall,
        };
        self.waiting.insert(digest.id, delivery);
    }

    fn add(&mut self, turn: &mut Turn, channel: usize, severity: usize, alert: u8, end: bool, night: bool) {
        self.count += 1;
        let delivery = Delivery {
            id: DeliveryId { notification: format!("n{:04}", self.count), channel: CHANNELS[channel].into() },
            what: What::Alert(if end { Kind::Resolved } else { Kind::Fired }),
            severity: SEVERITIES[severity],
            at: self.now().wall,
            sets: vec![if night { "night" } else { "default" }.into()],
            alerts: episodes(&(alert as char).to_string()),
            begun: if self.count.is_multiple_of(3) { Begun::Here } else { Begun::Elsewhere },
            tries: 0,
            next: self.now().wall,
        };
        self.waiting.insert(delivery.id.clone(), delivery.clone());
        let changes = turn.add(delivery, self.now());
        self.commit(changes);
    }

    /// One step; whether there was something to do.
    fn go(&mut self, turn: &mut Turn, outcome: usize, killed: bool) -> bool {
        match turn.next(self.now()) {
            Next::Send { id, .. } => {
                let (outcome, gets) = match outcome {
                    0 => (Outcome::Later { why: String::new(), after: None }, false),
                    1 => (Outcome::Later { why: String::new(), after: Some(Duration::from_secs(100)) }, true),
                    2 => (Outcome::WrongSetUp(String::new()), false),
                    _ => (Outcome::Done(String::new()), true),
                };
                *self.got.entry(id.clone()).or_default() += usize::from(gets);
                if killed {
                    *self.kills.entry(id).or_default() += 1;
                    *turn = self.start();
                    return true;
                }
                *self.vain.entry(id.clone()).or_default() += usize::from(gets && !matches!(outcome, Outcome::Done(_)));
                let changes = turn.result(&id, outcome, self.now());
                self.commit(changes);
                true
            }
            Next::Merge(digest) => {
                self.digest(digest);
                true
            }
            Next::Trouble(_) => true,
            Next::Wait(until) => {
                self.seconds = until.map_or(self.seconds, |until| until.as_secs().max(self.seconds));
                until.is_some()
            }
        }
    }

    fn check(&self) {
        assert!(self.waiting.is_empty(), "{:?}", self.waiting);
        for (id, how) in &self.settled {
            let got = self.got.get(id).copied().unwrap_or_default();
            let excused =
                self.kills.get(id).copied().unwrap_or_default() + self.vain.get(id).copied().unwrap_or_default();
            match how {
                Settled::Sent(_) => assert!(got >= 1 && got <= 1 + excused, "{id:?}: {got} with {excused}"),
                Settled::Merged(into) => {
                    let into = DeliveryId { notification: into.clone(), channel: id.channel.clone() };
                    assert!(self.told(&into), "{id:?} is in {into:?}, which nobody got");
                    assert!(got <= excused);
                }
                // An end whose beginning was sent is told.
                Settled::Untold => assert_eq!(got, 0),
                Settled::Failed(_) => {}
            }
        }
        let added =
            self.settled.keys().filter(|id| id.notification.starts_with('n') && id.notification.len() == 5).count();
        assert_eq!(added, self.count);
    }

    /// Whether it arrived, by itself or in another.
    fn told(&self, id: &DeliveryId) -> bool {
        match self.settled.get(id) {
            Some(Settled::Sent(_) | Settled::Failed(_)) => true,
            Some(Settled::Merged(into)) => self.told(&DeliveryId { notification: into.clone(), ..id.clone() }),
            _ => false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn everything_is_told_and_nothing_twice_but_by_a_crash(ops in prop::collection::vec(op(), 1..150)) {
        let mut world = World::default();
        let mut turn = world.start();
        for op in ops {
            match op {
                Op::Add { channel, severity, alert, end, night } => world.add(&mut turn, channel, severity, alert, end, night),
                Op::Go { outcome, killed } => _ = world.go(&mut turn, outcome, killed),
                Op::Pass(seconds) => world.seconds += seconds,
                Op::Kill => turn = world.start(),
            }
        }
        let mut steps = 0;
        while world.go(&mut turn, 5, false) {
            steps += 1;
            prop_assert!(steps < 5_000, "it never comes to an end");
        }
        world.check();
    }
}
