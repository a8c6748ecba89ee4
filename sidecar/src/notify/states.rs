//! How channels are, for pages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atalaya_alert::Wall;
use atalaya_notify::turn::{Change, Settled, State, Trouble};

/// Channels that people should look at, and what became of deliveries since the start.
#[derive(Clone, Debug, Default)]
pub struct States {
    troubles: Arc<Mutex<BTreeMap<String, State>>>,
    given_up: Arc<Mutex<BTreeMap<String, u64>>>,
    results: Arc<Mutex<BTreeMap<(String, &'static str), u64>>>,
    rests: Arc<Mutex<BTreeMap<String, Wall>>>,
    seen_to_work: Arc<Mutex<BTreeSet<String>>>,
}

impl States {
    /// Channels with what is wrong with them, by name.
    #[must_use]
    pub fn troubles(&self) -> BTreeMap<String, State> {
        lock(&self.troubles).clone()
    }

    /// Deliveries that are not tried again, by channel; what was only about channels is not counted, so that no two of them
    /// keep complaining of one another.
    #[must_use]
    pub fn given_up(&self) -> BTreeMap<String, u64> {
        lock(&self.given_up).clone()
    }

    /// What became of deliveries, by channel and `sent`, `again` (not taken, and tried again), `failed`, `merged`, `untold`.
    #[must_use]
    pub fn results(&self) -> BTreeMap<(String, &'static str), u64> {
        lock(&self.results).clone()
    }

    /// When what waits for a channel is tried, which is stored as `next`: not while the channel rests.
    #[must_use]
    pub fn next(&self, channel: &str, next: i64) -> i64 {
        lock(&self.rests).get(channel).map_or(next, |until| next.max(until.0))
    }

    /// Somebody saw a channel work: the worker, once it is told to look, lets go what waits for it.
    pub fn works(&self, channel: &str) {
        lock(&self.seen_to_work).insert(channel.to_owned());
    }

    /// Takes what [`Self::works`] took down.
    pub(super) fn seen_to_work(&self) -> BTreeSet<String> {
        std::mem::take(&mut *lock(&self.seen_to_work))
    }

    /// Takes down which channels rest.
    pub(super) fn rest(&self, rests: BTreeMap<String, Wall>) {
        *lock(&self.rests) = rests;
    }

    /// One more of these.
    pub(super) fn count(&self, change: &Change) {
        let (id, result) = match change {
            Change::Settled { id, how: Settled::Sent(_) } => (id, "sent"),
            Change::Settled { id, how: Settled::Failed(_) } => (id, "failed"),
            Change::Settled { id, how: Settled::Merged(_) } => (id, "merged"),
            Change::Settled { id, how: Settled::Untold } => (id, "untold"),
            Change::Again { id, .. } => (id, "again"),
            Change::Digest(_) => return,
        };
        *lock(&self.results).entry((id.channel.clone(), result)).or_default() += 1;
    }

    /// One more.
    pub(super) fn gave_up(&self, channel: &str) {
        *lock(&self.given_up).entry(channel.to_owned()).or_default() += 1;
    }

    /// Forgets channels that are no more.
    pub(super) fn keep(&self, is_there: impl Fn(&str) -> bool) {
        lock(&self.troubles).retain(|channel, _| is_there(channel));
        lock(&self.given_up).retain(|channel, _| is_there(channel));
        lock(&self.results).retain(|(channel, _), _| is_there(channel));
    }

    /// Takes down how a channel is, and says it in the log.
    pub(super) fn tell(&self, trouble: Trouble) {
        let Trouble { channel, state } = trouble;
        match &state {
            State::WrongSetUp(why) => {
                tracing::error!(channel, why, "a channel is set up wrongly; nobody is told by it")
            }
            State::Failing(why) => tracing::error!(channel, why, "a channel has failed for a while; it is tried again"),
            State::Works => tracing::info!(channel, "the channel works again"),
        }
        let mut states = lock(&self.troubles);
        match state {
            State::Works => states.remove(&channel),
            state => states.insert(channel, state),
        };
    }
}

fn lock<T>(known: &Mutex<T>) -> MutexGuard<'_, T> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
