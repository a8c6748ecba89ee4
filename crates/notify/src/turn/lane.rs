//! What waits for one channel, and how that channel is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atalaya_alert::{Severity, Wall};

use super::bucket::Bucket;
use super::{Change, Delivery, Settled, State};
use crate::Rate;
use crate::limits::{RETRY_AFTER_SECONDS_MAX, RETRY_SECONDS};

/// The order: severity, then age, then whatever is always the same.
pub(super) type Key = (Reverse<Severity>, Wall, String);

/// A delivery, with its times by the clock that never goes back.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) delivery: Delivery,
    pub(super) next: Duration,
    /// When it is given up, once it was tried.
    pub(super) end: Option<Duration>,
    /// Of an end: what tells its beginning and still waits.
    pub(super) behind: BTreeSet<String>,
}

impl Item {
    pub(super) fn key(&self) -> Key {
        (Reverse(self.delivery.severity), self.delivery.at, self.delivery.id.notification.clone())
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pub(super) items: BTreeMap<Key, Item>,
    keys: BTreeMap<String, Key>,
    buckets: Vec<Bucket>,
    /// Tries in a row that failed.
    failures: u32,
    pause: Duration,
    /// Since when, and why.
    pub(super) failing: Option<(Duration, String)>,
    /// Whether people were told that it fails.
    pub(super) told: bool,
    /// To be told.
    pub(super) news: Option<State>,
    /// What was tried last, in vain: others go first, so that one that a service chokes on holds nothing up.
    last: Option<String>,
}

impl Lane {
    pub(super) fn with(mut self, rates: &[Rate]) -> Self {
        if !self.buckets.iter().map(Bucket::rate).eq(rates.iter().copied()) {
            self.buckets = rates.iter().copied().map(Bucket::new).collect();
        }
        self
    }

    pub(super) fn gone(self) -> Vec<Change> {
        let why = || Settled::Failed("the channel is no longer in the configuration".into());
        self.items.into_values().map(|item| Change::Settled { id: item.delivery.id, how: why() }).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn get(&self, notification: &str) -> Option<&Item> {
        self.items.get(self.keys.get(notification)?)
    }

    pub(super) fn get_mut(&mut self, notification: &str) -> Option<&mut Item> {
        self.items.get_mut(self.keys.get(notification)?)
    }

    pub(super) fn put(&mut self, item: Item) {
        let key = item.key();
        self.keys.insert(item.delivery.id.notification.clone(), key.clone());
        self.items.insert(key, item);
    }

    pub(super) fn take(&mut self, notification: &str) -> Option<Item> {
        self.items.remove(&self.keys.remove(notification)?)
    }

    pub(super) fn spend(&mut self, now: Duration) {
        self.buckets.iter_mut().for_each(|bucket| bucket.spend(now));
    }

    /// When the channel itself may send, at the earliest.
    pub(super) fn opens(&self) -> Duration {
        self.buckets.iter().map(Bucket::next).max().unwrap_or_default().max(self.pause)
    }

    /// For how long it still rests because it failed.
    pub(super) fn rest(&self, now: Duration) -> Option<Duration> {
        self.pause.checked_sub(now).filter(|rest| !rest.is_zero())
    }

    /// It rests no longer, and what waits may go.
    pub(super) fn wake(&mut self, now: Duration) {
        self.pause = Duration::ZERO;
        for item in self.items.values_mut() {
            item.next = item.next.min(now);
        }
    }

    pub(super) const fn fails(&self) -> bool {
        self.failures > 0
    }

    pub(super) fn was_last(&self, item: &Item) -> bool {
        self.last.as_deref() == Some(&item.delivery.id.notification)
    }

    /// The service answered.
    pub(super) fn worked(&mut self) {
        (self.failures, self.pause, self.failing, self.last) = (0, Duration::ZERO, None, None);
        if std::mem::take(&mut self.told) {
            self.news = Some(State::Works);
        }
    }

    /// A try at this one failed; the service may have asked for a pause.
    pub(super) fn failed(&mut self, notification: &str, why: &str, asked: Option<Duration>, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        self.pause = now + delay(self.failures, asked);
        self.failing = Some((self.failing.as_ref().map_or(now, |(since, _)| *since), why.to_owned()));
        self.last = Some(notification.to_owned());
    }
}

/// After so many tries in vain.
pub(super) fn delay(tries: u32, asked: Option<Duration>) -> Duration {
    let step = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX).min(RETRY_SECONDS.len() - 1);
    let own = Duration::from_secs(RETRY_SECONDS.get(step).copied().unwrap_or_default());
    own.max(asked.unwrap_or_default().min(Duration::from_secs(RETRY_AFTER_SECONDS_MAX)))
}
