//! Writes a tree from entries that come in order, keeping one open node a level.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

use super::Sink;
use super::inner::{Child, InnerEncoder};
use super::leaf::LeafEncoder;
use crate::model::{ChunkId, Entry};
use crate::{Error, Result, limits};

/// The top of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) id: ChunkId,
    /// Level of the root node.
    pub(crate) level: u8,
    pub(crate) entries: u64,
    pub(crate) bytes: u64,
}

/// Builds one tree.
pub(crate) struct Builder {
    boundary_key: [u8; 16],
    leaf: LeafEncoder,
    levels: Vec<InnerEncoder>,
    buffer: Vec<u8>,
}

impl Builder {
    pub(crate) fn new(boundary_key: [u8; 16]) -> Self {
        Self { boundary_key, leaf: LeafEncoder::default(), levels: Vec::new(), buffer: Vec::new() }
    }

    /// Whether a kept node may come next: nothing is waiting in the leaf.
    pub(crate) fn at_boundary(&self) -> bool {
        self.leaf.is_empty()
    }

    fn ends_node(&self, level: u8, path: &[u8], len: usize) -> bool {
        if len < limits::NODE_BYTES_MIN {
            return false;
        }
        let mut hasher = SipHasher24::new_with_key(&self.boundary_key);
        hasher.write(&[level]);
        hasher.write(path);
        hasher.finish().is_multiple_of(limits::NODE_ENTRIES_AVG)
    }

    /// Adds the next entry.
    pub(crate) fn add(&mut self, entry: &Entry, sink: &mut dyn Sink) -> Result<()> {
        if !self.leaf.add(entry)? {
            self.close_leaf(sink)?;
            self.leaf.add(entry)?;
        }
        if self.ends_node(0, &entry.path, self.leaf.len()) { self.close_leaf(sink) } else { Ok(()) }
    }

    /// Adds a whole leaf of an earlier tree as it is.
    pub(crate) fn keep(
        &mut self,
        id: ChunkId,
        first: &[u8],
        entries: u64,
        bytes: u64,
        sink: &mut dyn Sink,
    ) -> Result<()> {
        debug_assert!(self.at_boundary());
        self.push(0, Child { first: first.to_vec(), id, entries, bytes }, sink)
    }

    fn close_leaf(&mut self, sink: &mut dyn Sink) -> Result<()> {
        let (entries, bytes) = (u64::from(self.leaf.count()), self.leaf.bytes);
        let mut node = std::mem::take(&mut self.buffer);
        self.leaf.finish(&mut node);
        let id = sink.put_leaf(&node)?;
        self.buffer = node;
        let first = self.leaf.first.clone();
        self.push(0, Child { first, id, entries, bytes }, sink)
    }

    /// Adds a child to the node at `at` (level `at + 1`), closing nodes upwards as their rule says.
    fn push(&mut self, mut at: usize, mut child: Child, sink: &mut dyn Sink) -> Result<()> {
        loop {
            if self.levels.len() == at {
                if at + 1 >= usize::from(limits::TREE_LEVELS_MAX) {
                    return Err(Error::new(crate::Kind::Usage, "too many files for one snapshot"));
                }
                self.levels.push(InnerEncoder::new(at as u8 + 1));
            }
            if !self.levels[at].add(&child)? {
                let full = self.close_level(at, sink)?;
                self.levels[at].add(&child)?;
                self.push(at + 1, full, sink)?;
            }
            if !self.ends_node(at as u8 + 1, &child.first, self.levels[at].len()) {
                return Ok(());
            }
            child = self.close_level(at, sink)?;
            at += 1;
        }
    }

    fn close_level(&mut self, at: usize, sink: &mut dyn Sink) -> Result<Child> {
        let level = &mut self.levels[at];
        let (entries, bytes, first) = (level.entries, level.bytes, level.first.clone());
        level.finish(&mut self.buffer);
        Ok(Child { first, id: sink.put(&self.buffer)?, entries, bytes })
    }

    /// Ends the tree. A level with a single child is left out.
    pub(crate) fn finish(mut self, sink: &mut dyn Sink) -> Result<Root> {
        if !self.leaf.is_empty() || self.levels.is_empty() {
            self.close_leaf(sink)?;
        }
        let mut at = 0;
        loop {
            let top = self.levels[at + 1..].iter().all(|level| level.count == 0);
            if top && let Some(child) = self.levels[at].only.take() {
                return Ok(Root { id: child.id, level: at as u8, entries: child.entries, bytes: child.bytes });
            }
            if self.levels[at].count > 0 {
                let child = self.close_level(at, sink)?;
                self.push(at + 1, child, sink)?;
            }
            at += 1;
        }
    }
}
