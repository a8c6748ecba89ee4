//! Which topics are retained, how large they are, and which of them have to be written: pure, with the time passed in.
//!
//! The messages themselves are the router's; here are sizes, and the names of those that have to be written. So a message
//! that changes a hundred times between two writings costs one.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use crate::alike::Sorted;
use crate::limits::{
    BATCH_BYTES_MAX, NEW_TOPIC_WAIT, RETAINED_BYTES_MAX, RETAINED_MAX, RETAINED_PER_NODE_MAX, RETAINED_TOTAL_BYTES_MAX,
};

/// See the module.
#[derive(Default)]
pub(crate) struct Ledger {
    sizes: Sizes,
    per_node: HashMap<Box<str>, usize>,
    bytes: u64,
    /// New and removed topics. Those of one kind follow each other: they are asked for together.
    urgent: BTreeSet<Sorted>,
    urgent_since: Option<Duration>,
    /// Topics with another message than the one that is written.
    changed: BTreeSet<Sorted>,
    flushed: Option<Duration>,
    flushing: bool,
}

impl Ledger {
    /// Whether a message of `bytes` may be retained on `topic`, which belongs to `node`, if to any.
    pub(crate) fn has_room(&self, topic: &str, node: Option<&str>, bytes: usize) -> bool {
        let old = self.sizes.get(topic);
        let size = topic.len() + bytes;
        let node_full =
            || node.and_then(|node| self.per_node.get(node)).is_some_and(|count| *count >= RETAINED_PER_NODE_MAX);
        bytes <= RETAINED_BYTES_MAX
            && self.bytes - old.unwrap_or(0) as u64 + size as u64 <= RETAINED_TOTAL_BYTES_MAX
            && (old.is_some() || (self.sizes.len() < RETAINED_MAX && !node_full()))
    }

    /// A message of `bytes` is retained on `topic` now; `written` if it came from where it would be written to.
    pub(crate) fn set(&mut self, topic: &str, node: Option<&str>, bytes: usize, written: bool) {
        let size = topic.len() + bytes;
        self.bytes += size as u64;
        let topic = Sorted(Arc::from(topic));
        if let Some(old) = self.sizes.set(&topic.0, size) {
            self.bytes -= old as u64;
            if !self.urgent.contains(&topic) {
                self.changed.insert(topic);
            }
            return;
        }
        if let Some(node) = node {
            *self.per_node.entry(node.into()).or_default() += 1;
        }
        if !written {
            self.urgent.insert(topic);
        }
    }

    /// Nothing is retained on `topic` any more.
    pub(crate) fn clear(&mut self, topic: &str, node: Option<&str>) {
        let Some(size) = self.sizes.remove(topic) else { return };
        self.bytes -= size as u64;
        if let Some(count) = node.and_then(|node| self.per_node.get_mut(node)) {
            *count -= 1;
            if *count == 0 {
                self.per_node.remove(node.unwrap_or_default());
            }
        }
        let topic = Sorted(Arc::from(topic));
        self.changed.remove(&topic);
        self.urgent.insert(topic);
    }

    /// Topics to write at `now` (monotonic): new and removed ones soon, changed ones every `flush`. At most
    /// [`BATCH_BYTES_MAX`] of them; the next call gives the rest.
    pub(crate) fn due(&mut self, now: Duration, flush: Duration) -> Vec<Arc<str>> {
        let flushed = *self.flushed.get_or_insert(now);
        if now.saturating_sub(flushed) >= flush {
            self.flushing = true;
            self.flushed = Some(now);
        }
        let since = if self.urgent.is_empty() { None } else { Some(self.urgent_since.unwrap_or(now)) };
        self.urgent_since = since;
        let mut batch = Batch::new();
        if self.flushing || since.is_some_and(|since| now.saturating_sub(since) >= NEW_TOPIC_WAIT) {
            batch.take(&mut self.urgent, &self.sizes);
        }
        if self.flushing && self.urgent.is_empty() {
            batch.take(&mut self.changed, &self.sizes);
            self.flushing = !self.changed.is_empty();
        }
        if self.urgent.is_empty() {
            self.urgent_since = None;
        }
        batch.topics
    }

    /// Topics that are not written as they are, whenever they would be due: at most [`BATCH_BYTES_MAX`] of them, and none once
    /// all were given.
    pub(crate) fn rest(&mut self) -> Vec<Arc<str>> {
        let mut batch = Batch::new();
        batch.take(&mut self.urgent, &self.sizes);
        batch.take(&mut self.changed, &self.sizes);
        batch.topics
    }

    /// What could not be written is to be written again.
    pub(crate) fn give_back<'a>(&mut self, topics: impl Iterator<Item = &'a str>) {
        self.urgent.extend(topics.map(|topic| Sorted(Arc::from(topic))));
    }

    pub(crate) fn len(&self) -> usize {
        self.sizes.len()
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// Bytes by topic. Of a topic there is a hash with a secret key alone: the router has tens of thousands of names already. Two
/// with the same one, which will not be met, would be counted as one and each be written all the same.
#[derive(Default)]
struct Sizes {
    hasher: RandomState,
    bytes: HashMap<u64, u32>,
}

impl Sizes {
    fn hash(&self, topic: &str) -> u64 {
        self.hasher.hash_one(topic)
    }

    fn get(&self, topic: &str) -> Option<usize> {
        self.bytes.get(&self.hash(topic)).map(|bytes| *bytes as usize)
    }

    /// Gives what was there.
    fn set(&mut self, topic: &str, bytes: usize) -> Option<usize> {
        // A packet is far smaller.
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.bytes.insert(self.hash(topic), bytes).map(|bytes| bytes as usize)
    }

    fn remove(&mut self, topic: &str) -> Option<usize> {
        self.bytes.remove(&self.hash(topic)).map(|bytes| bytes as usize)
    }

    fn len(&self) -> usize {
        self.bytes.len()
    }
}

struct Batch {
    topics: Vec<Arc<str>>,
    left: u64,
}

impl Batch {
    const fn new() -> Self {
        Self { topics: Vec::new(), left: BATCH_BYTES_MAX }
    }

    /// A topic that is larger than what is left is taken all the same: so each is taken at last.
    fn take(&mut self, from: &mut BTreeSet<Sorted>, sizes: &Sizes) {
        let mut taken: Vec<Sorted> = Vec::new();
        for topic in from.iter() {
            if self.left == 0 {
                break;
            }
            let size = sizes.get(&topic.0).unwrap_or(topic.0.len());
            self.left = self.left.saturating_sub(size as u64);
            taken.push(topic.clone());
        }
        for topic in &taken {
            from.remove(topic);
        }
        self.topics.extend(taken.into_iter().map(|topic| topic.0));
    }
}

#[cfg(test)]
mod tests;
