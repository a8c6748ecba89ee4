//! What comes in: new deliveries, and what came of those that were sent.

use std::collections::BTreeSet;
use std::time::Duration;

use atalaya_alert::Kind;

use super::lane::{Item, Lane, delay};
use super::{Begun, Change, Delivery, DeliveryId, Now, Settled, State, Turn};
use crate::Outcome;
use crate::limits::{GIVE_UP_SECONDS, RETRY_AFTER_SECONDS_MAX};
use crate::message::What;

impl Turn {
    /// Takes what waited before a start. What changes thereby is handed back, to be stored.
    pub fn restore(&mut self, mut waited: Vec<Delivery>, now: Now) -> Vec<Change> {
        // An end must find the beginning that it waits for.
        waited.sort_by_key(|delivery| (delivery.is_end(), delivery.at));
        waited.into_iter().flat_map(|delivery| self.add(delivery, now)).collect()
    }

    /// Takes a new delivery. What it replaces, or is replaced by, is handed back, to be stored with it.
    pub fn add(&mut self, delivery: Delivery, now: Now) -> Vec<Change> {
        let id = delivery.id.clone();
        let Some(lane) = self.lanes.get_mut(&id.channel) else {
            return vec![settled(id, Settled::Failed("there is no such channel in the configuration".into()))];
        };
        if lane.get(&id.notification).is_some() {
            return Vec::new();
        }
        let under_way = self.under_way.as_ref().filter(|way| way.channel == id.channel);
        let under_way = under_way.map(|way| way.notification.clone());
        let mut changes = lane.take_in(Item::new(delivery, now), under_way.as_deref());
        changes.extend(self.make_room(now));
        changes
    }

    /// What came of the delivery that was under way.
    pub fn result(&mut self, id: &DeliveryId, outcome: Outcome, now: Now) -> Vec<Change> {
        if self.under_way.as_ref() != Some(id) {
            return Vec::new();
        }
        self.under_way = None;
        let Some(lane) = self.lanes.get_mut(&id.channel) else { return Vec::new() };
        let (why, after) = match outcome {
            Outcome::Done(answer) => {
                lane.worked();
                return lane.settle(&id.notification, Settled::Sent(answer));
            }
            Outcome::Never(why) => {
                lane.worked();
                return lane.settle(&id.notification, Settled::Failed(why));
            }
            Outcome::Later { why, after } => (why, after),
            Outcome::WrongSetUp(why) => {
                if !std::mem::replace(&mut lane.told, true) {
                    lane.news = Some(State::WrongSetUp(why.clone()));
                }
                (why, None)
            }
        };
        lane.failed(&id.notification, &why, after, now.moment);
        lane.again(&id.notification, why, after, now)
    }
}

impl Item {
    fn new(delivery: Delivery, now: Now) -> Self {
        // What was stored is by people's clock, which may have jumped: nothing waits longer than it would have.
        let seconds = |from: i64, to: i64| u64::try_from(to.saturating_sub(from)).unwrap_or_default();
        let wait = seconds(now.wall.0, delivery.next.0).min(RETRY_AFTER_SECONDS_MAX);
        let left = GIVE_UP_SECONDS.saturating_sub(seconds(delivery.at.0, now.wall.0));
        Self {
            next: now.moment + Duration::from_secs(if delivery.tries > 0 { wait } else { 0 }),
            end: (delivery.tries > 0).then(|| now.moment + Duration::from_secs(left)),
            behind: BTreeSet::new(),
            delivery,
        }
    }
}

impl Lane {
    fn take_in(&mut self, mut item: Item, under_way: Option<&str>) -> Vec<Change> {
        let new = &item.delivery;
        let mut changes = Vec::new();
        let free = |other: &Item| Some(other.delivery.id.notification.as_str()) != under_way;
        let within = |other: &&Item| free(other) && other.delivery.is_within(new);
        let replaced: Vec<String> = match new.what {
            What::Alert(Kind::Resolved) => {
                let all = self.items.values();
                all.filter(|other| within(other)).map(|other| other.delivery.id.notification.clone()).collect()
            }
            // Being reminded twice at once is once too often.
            What::Alert(Kind::StillFiring) => {
                let same = self.items.values().filter(|other| other.delivery.what == new.what && within(other));
                same.map(|other| other.delivery.id.notification.clone()).collect()
            }
            _ => Vec::new(),
        };
        for other in &replaced {
            changes.extend(self.settle(other, Settled::Merged(new.id.notification.clone())));
        }
        if new.is_end() {
            let shares = |other: &&Item| !other.delivery.is_end() && other.delivery.shares(&item.delivery);
            item.behind =
                self.items.values().filter(shares).map(|other| other.delivery.id.notification.clone()).collect();
            if !replaced.is_empty() && item.delivery.begun == Begun::Elsewhere {
                item.delivery.begun = Begun::Nowhere;
            }
            if item.behind.is_empty() && item.delivery.begun == Begun::Elsewhere {
                changes.push(settled(item.delivery.id, Settled::Untold));
                return changes;
            }
        }
        self.put(item);
        changes
    }

    /// Takes it out, and lets go what waited for it.
    pub(super) fn settle(&mut self, notification: &str, how: Settled) -> Vec<Change> {
        let Some(item) = self.take(notification) else { return Vec::new() };
        let mut untold = Vec::new();
        for end in self.items.values_mut().filter(|end| end.behind.contains(notification)) {
            end.behind.remove(notification);
            match &how {
                Settled::Sent(_) => end.delivery.begun = Begun::Here,
                Settled::Merged(into) if *into != end.delivery.id.notification => {
                    end.behind.insert(into.clone());
                }
                _ => {}
            }
            if end.behind.is_empty() && end.delivery.begun == Begun::Elsewhere {
                untold.push(end.delivery.id.notification.clone());
            }
        }
        let mut changes = vec![settled(item.delivery.id, how)];
        for end in untold {
            changes.extend(self.settle(&end, Settled::Untold));
        }
        changes
    }

    /// It is tried again, unless it is too old, or over by now.
    fn again(&mut self, notification: &str, why: String, after: Option<Duration>, now: Now) -> Vec<Change> {
        if let Some(end) = self.over_by_now(notification) {
            return self.settle(notification, Settled::Merged(end));
        }
        let Some(item) = self.get_mut(notification) else { return Vec::new() };
        let end = *item.end.get_or_insert(now.moment + Duration::from_secs(GIVE_UP_SECONDS));
        if end <= now.moment {
            return self.settle(notification, Settled::Failed(format!("given up after a day: {why}")));
        }
        item.delivery.tries = item.delivery.tries.saturating_add(1);
        let wait = delay(item.delivery.tries, after);
        item.next = now.moment + wait;
        let next = now.wall.0.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX));
        let (id, tries) = (item.delivery.id.clone(), item.delivery.tries);
        vec![Change::Again { id, tries, next: atalaya_alert::Wall(next), why }]
    }

    /// The end that came while it was under way, if that says all that it says.
    fn over_by_now(&mut self, notification: &str) -> Option<String> {
        let begin = self.get(notification)?.delivery.clone();
        let end =
            self.items.values_mut().find(|end| end.behind.contains(notification) && begin.is_within(&end.delivery))?;
        if end.delivery.begun == Begun::Elsewhere {
            end.delivery.begun = Begun::Nowhere;
        }
        Some(end.delivery.id.notification.clone())
    }
}

const fn settled(id: DeliveryId, how: Settled) -> Change {
    Change::Settled { id, how }
}
