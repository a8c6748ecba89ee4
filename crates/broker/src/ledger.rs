//! Which topics are retained, how large they are, and which of them have to be written: pure, with the time passed in.
//!
//! The messages themselves are the router's; here are sizes and names. So a message that changes a hundred times between
//! two writings costs one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::alike::Sorted;
use crate::limits::{
    BATCH_BYTES_MAX, NEW_TOPIC_WAIT, RETAINED_BYTES_MAX, RETAINED_MAX, RETAINED_PER_NODE_MAX, RETAINED_TOTAL_BYTES_MAX,
};

/// See the module.
#[derive(Default)]
pub(crate) struct Ledger {
    topics: HashMap<Arc<str>, usize>,
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
        let old = self.topics.get(topic).copied();
        let size = topic.len() + bytes;
        let node_full =
            || node.and_then(|node| self.per_node.get(node)).is_some_and(|count| *count >= RETAINED_PER_NODE_MAX);
        bytes <= RETAINED_BYTES_MAX
            && self.bytes - old.unwrap_or(0) as u64 + size as u64 <= RETAINED_TOTAL_BYTES_MAX
            && (old.is_some() || (self.topics.len() < RETAINED_MAX && !node_full()))
    }

    /// A message of `bytes` is retained on `topic` now; `written` if it came from where it would be written to.
    pub(crate) fn set(&mut self, topic: &str, node: Option<&str>, bytes: usize, written: bool) {
        let size = topic.len() + bytes;
        self.bytes += size as u64;
        if let Some((topic, old)) = self.topics.get_key_value(topic).map(|(topic, old)| (Arc::clone(topic), *old)) {
            self.bytes -= old as u64;
            let sorted = Sorted(Arc::clone(&topic));
            if !self.urgent.contains(&sorted) {
                self.changed.insert(sorted);
            }
            self.topics.insert(topic, size);
            return;
        }
        let topic: Arc<str> = Arc::from(topic);
        if let Some(node) = node {
            *self.per_node.entry(node.into()).or_default() += 1;
        }
        if !written {
            self.urgent.insert(Sorted(Arc::clone(&topic)));
        }
        self.topics.insert(topic, size);
    }

    /// Nothing is retained on `topic` any more.
    pub(crate) fn clear(&mut self, topic: &str, node: Option<&str>) {
        let Some((topic, size)) = self.topics.remove_entry(topic) else { return };
        self.bytes -= size as u64;
        if let Some(count) = node.and_then(|node| self.per_node.get_mut(node)) {
            *count -= 1;
            if *count == 0 {
                self.per_node.remove(node.unwrap_or_default());
            }
        }
        let topic = Sorted(topic);
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
        let mut batch = Batch { topics: Vec::new(), left: BATCH_BYTES_MAX };
        if self.flushing || since.is_some_and(|since| now.saturating_sub(since) >= NEW_TOPIC_WAIT) {
            batch.take(&mut self.urgent, &self.topics);
        }
        if self.flushing && self.urgent.is_empty() {
            batch.take(&mut self.changed, &self.topics);
            self.flushing = !self.changed.is_empty();
        }
        if self.urgent.is_empty() {
            self.urgent_since = None;
        }
        batch.topics
    }

    /// All topics that are not written as they are.
    pub(crate) fn all_dirty(&mut self) -> Vec<Arc<str>> {
        let dirty = std::mem::take(&mut self.urgent).into_iter().chain(std::mem::take(&mut self.changed));
        dirty.map(|topic| topic.0).collect()
    }

    /// What could not be written is to be written again.
    pub(crate) fn give_back<'a>(&mut self, topics: impl Iterator<Item = &'a str>) {
        for topic in topics {
            let known = self.topics.get_key_value(topic).map(|(topic, _)| Arc::clone(topic));
            self.urgent.insert(Sorted(known.unwrap_or_else(|| Arc::from(topic))));
        }
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(AsRef::as_ref)
    }

    pub(crate) fn len(&self) -> usize {
        self.topics.len()
    }

    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

struct Batch {
    topics: Vec<Arc<str>>,
    left: u64,
}

impl Batch {
    /// A topic that is larger than what is left is taken all the same: so each is taken at last.
    fn take(&mut self, from: &mut BTreeSet<Sorted>, sizes: &HashMap<Arc<str>, usize>) {
        let mut taken: Vec<Sorted> = Vec::new();
        for topic in from.iter() {
            if self.left == 0 {
                break;
            }
            let size = sizes.get(&topic.0).copied().unwrap_or(topic.0.len());
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
