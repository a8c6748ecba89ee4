//! The open batch: what is decided and not handed to the writer yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::db::{Batch, Effect, Row};
use crate::limits::{BATCH_BYTES_MAX, BATCH_BYTES_SOON, BATCH_ROWS_MAX, BATCHES_UNDER_WAY_MAX, COMMIT_SOON};

/// See the module.
#[derive(Debug)]
pub(super) struct Open {
    batch: Batch,
    /// When its first row came, and its first that somebody relies on.
    since: Option<Duration>,
    durable_since: Option<Duration>,
    under_way: Arc<AtomicUsize>,
}

impl Open {
    pub(super) fn new(under_way: Arc<AtomicUsize>) -> Self {
        Self { batch: Batch::default(), since: None, durable_since: None, under_way }
    }

    pub(super) fn push(&mut self, row: Row, now: Duration) {
        self.since.get_or_insert(now);
        if row.is_durable() {
            self.durable_since.get_or_insert(now);
        }
        self.batch.push(row);
    }

    /// A row that somebody relies on will be pushed before the batch is taken.
    pub(super) fn expect(&mut self, now: Duration) {
        self.since.get_or_insert(now);
        self.durable_since.get_or_insert(now);
    }

    pub(super) fn effect(&mut self, effect: Effect, now: Duration) {
        self.since.get_or_insert(now);
        // Somebody waits for it.
        if matches!(effect, Effect::Answer(..) | Effect::Ack { .. } | Effect::Publish { .. }) {
            self.durable_since.get_or_insert(now);
        }
        self.batch.effects.push(effect);
    }

    /// Whether there is room for what may be dropped: frames, and records, which come again.
    pub(super) const fn has_room(&self) -> bool {
        self.batch.bytes < BATCH_BYTES_MAX && self.batch.rows.len() < BATCH_ROWS_MAX
    }

    /// Whether the batch is due and the writer is not behind.
    pub(super) fn is_due(&self, now: Duration, flush: Duration) -> bool {
        let passed = |since: Option<Duration>, wait| since.is_some_and(|since| now.saturating_sub(since) >= wait);
        let large = self.batch.bytes >= BATCH_BYTES_SOON || self.batch.rows.len() >= BATCH_ROWS_MAX / 2;
        let due = passed(self.durable_since, COMMIT_SOON) || passed(self.since, flush) || large;
        due && self.under_way.load(Ordering::Acquire) < BATCHES_UNDER_WAY_MAX
    }

    pub(super) fn take(&mut self) -> Batch {
        self.under_way.fetch_add(1, Ordering::AcqRel);
        (self.since, self.durable_since) = (None, None);
        let mut batch = std::mem::take(&mut self.batch);
        batch.effects.push(Effect::Written);
        batch
    }

    /// It could not be handed in: what came since goes behind it.
    pub(super) fn back(&mut self, mut batch: Batch) {
        self.under_way.fetch_sub(1, Ordering::AcqRel);
        batch.effects.retain(|effect| !matches!(effect, Effect::Written));
        let newer = std::mem::replace(&mut self.batch, batch);
        self.batch.rows.extend(newer.rows);
        self.batch.effects.extend(newer.effects);
        self.batch.durable |= newer.durable;
        self.batch.bytes += newer.bytes;
        self.since = Some(Duration::ZERO);
        self.durable_since = self.batch.durable.then_some(Duration::ZERO);
    }
}
