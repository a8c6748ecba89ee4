//! Reads a tree in order, from any path on, holding one node a level.

use super::builder::Root;
use super::inner::{Child, InnerDecoder};
use super::leaf::LeafDecoder;
use crate::model::{ChunkId, Entry, path_cmp};
use crate::{Error, Result, limits};

/// Where nodes come from.
pub(crate) trait Nodes {
    /// The plaintext of a tree blob.
    fn load(&self, id: &ChunkId) -> Result<Vec<u8>>;
}

/// A place in a tree.
pub(crate) struct Cursor<'a, N: Nodes + ?Sized> {
    nodes: &'a N,
    /// From the root down: the decoder and the child it gave last.
    stack: Vec<(u8, InnerDecoder)>,
    leaf: Option<LeafDecoder>,
    /// The root, before anything was read.
    start: Option<Root>,
    /// Node that `peek_node` looked at.
    pending: Option<(u8, Child)>,
}

impl<'a, N: Nodes + ?Sized> Cursor<'a, N> {
    pub(crate) fn new(nodes: &'a N, root: Root) -> Self {
        Self { nodes, stack: Vec::new(), leaf: None, start: Some(root), pending: None }
    }

    /// The next node that no entry has been read of, if the cursor stands at the beginning of one: its level
    /// and what its parent says of it. `None` inside a leaf and at the end.
    pub(crate) fn peek_node(&mut self) -> Result<Option<(u8, &Child)>> {
        if self.leaf.as_ref().is_some_and(|leaf| leaf.left() > 0) {
            return Ok(None);
        }
        self.leaf = None;
        if self.pending.is_none() {
            self.pending = self.advance()?;
        }
        Ok(self.pending.as_ref().map(|(level, child)| (*level, child)))
    }

    /// Leaves out the node that `peek_node` gave.
    pub(crate) fn skip_node(&mut self) {
        self.pending = None;
    }

    /// Goes into the node that `peek_node` gave. A node that cannot be read is left out.
    pub(crate) fn enter(&mut self) -> Result<()> {
        let Some((level, child)) = self.pending.take() else { return Ok(()) };
        if level >= limits::TREE_LEVELS_MAX {
            return Err(Error::damaged("tree is too high"));
        }
        let node = self.nodes.load(&child.id)?;
        if level == 0 {
            self.leaf = Some(LeafDecoder::new(node)?);
        } else {
            self.stack.push((level, InnerDecoder::new(node, level)?));
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<(u8, Child)>> {
        if let Some(root) = self.start.take() {
            let child = Child { first: Vec::new(), id: root.id, entries: root.entries, bytes: root.bytes };
            return Ok(Some((root.level, child)));
        }
        while let Some((level, decoder)) = self.stack.last_mut() {
            let level = *level;
            match decoder.next() {
                Ok(Some(child)) => return Ok(Some((level - 1, child))),
                Ok(None) => {
                    self.stack.pop();
                }
                Err(err) => {
                    self.stack.pop();
                    return Err(err);
                }
            }
        }
        Ok(None)
    }

    /// The next entry. After an error the cursor goes on behind what could not be read.
    pub(crate) fn next(&mut self) -> Result<Option<&Entry>> {
        loop {
            if self.leaf.as_ref().is_some_and(|leaf| leaf.left() > 0) {
                match self.step() {
                    Ok(()) => return Ok(self.leaf.as_ref().map(LeafDecoder::current)),
                    Err(err) => {
                        self.leaf = None;
                        return Err(err);
                    }
                }
            }
            if self.peek_node()?.is_none() {
                return Ok(None);
            }
            self.enter()?;
        }
    }

    fn step(&mut self) -> Result<()> {
        match &mut self.leaf {
            Some(leaf) => leaf.next().map(|_| ()),
            None => Ok(()),
        }
    }

    /// Moves to the last node of each level that may hold `path`, without reading those before it. The
    /// entries that follow may still begin before `path`.
    pub(crate) fn seek(&mut self, path: &[u8]) -> Result<()> {
        loop {
            match self.peek_node()? {
                None => return Ok(()),
                Some((0, _)) => return Ok(()),
                Some(_) => self.enter()?,
            }
            let Some((level, decoder)) = self.stack.last_mut() else { return Ok(()) };
            let level = *level;
            let mut best: Option<Child> = None;
            // The child wanted is the last one that begins at or before the path; the one after it ends the
            // search and has to be kept for later, so the node is read once more up to there.
            let mut count = 0;
            while let Some(child) = decoder.next()? {
                if best.is_some() && path_cmp(&child.first, path).is_gt() {
                    break;
                }
                count += 1;
                best = Some(child);
            }
            if let Some(child) = best {
                decoder.rewind_to(count)?;
                self.pending = Some((level - 1, child));
            }
        }
    }
}
