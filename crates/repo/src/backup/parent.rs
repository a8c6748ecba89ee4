//! The last tree beside the walk: which old entry comes next, and which leaves stay whole.

use std::path::Path;

use super::item::{Item, KeptNode};
use super::last_tree::{LastTree, StoredLeaf};
use crate::Result;
use crate::keys::Keyring;
use crate::model::Entry;
use crate::tree::LeafDecoder;

/// The leaf that old entries come from at the moment.
struct Leaf {
    decoder: LeafDecoder,
    id: crate::model::ChunkId,
    entries: u32,
    bytes: u64,
    place: (u64, u64),
    first: Vec<u8>,
    /// Entries from the beginning that were found unchanged and not handed on yet; `None` once the leaf is
    /// broken up.
    matched: Option<u32>,
    last: bool,
}

/// Old entries in order, with a memory of whole leaves.
pub(super) struct Parent<'a> {
    tree: Option<LastTree<'a>>,
    leaf: Option<Leaf>,
    /// Whether `leaf.decoder.current()` is the next old entry.
    ready: bool,
    /// Whether there was a last tree at all.
    pub(super) present: bool,
    /// Set when the copy turned out to be damaged: from there on everything counts as new.
    pub(super) damaged: bool,
}

/// Hands items on.
pub(super) type Emit<'e> = dyn FnMut(Item) -> Result<()> + 'e;

impl<'a> Parent<'a> {
    /// The tree at `path`, if its snapshot is still `there`: what a forgotten or lost one named may be gone, and
    /// entries are carried over without looking.
    pub(super) fn open(path: &Path, keyring: &'a Keyring, there: impl Fn(&[u8; 16]) -> bool) -> Self {
        let tree = LastTree::open(path, keyring).filter(|tree| there(&tree.snapshot));
        Self { present: tree.is_some(), tree, leaf: None, ready: false, damaged: false }
    }

    /// The next old entry. Called while the walk goes on, so the last leaf of all does not stay whole: what
    /// comes behind it belongs into it.
    pub(super) fn peek(&mut self, emit: &mut Emit<'_>) -> Result<Option<&Entry>> {
        while !self.ready {
            match &mut self.leaf {
                Some(leaf) if leaf.decoder.left() > 0 => match leaf.decoder.next() {
                    Ok(_) => self.ready = true,
                    Err(_) => self.give_up(emit)?,
                },
                Some(leaf) => {
                    if leaf.last {
                        self.break_up(emit)?;
                    }
                    self.settle(emit)?;
                }
                None => {
                    if !self.load()? {
                        return Ok(None);
                    }
                }
            }
        }
        Ok(self.leaf.as_ref().map(|leaf| leaf.decoder.current()))
    }

    fn load(&mut self) -> Result<bool> {
        let Some(tree) = &mut self.tree else { return Ok(false) };
        let stored = match tree.next() {
            Ok(Some(stored)) => stored,
            Ok(None) => return Ok(false),
            Err(_) => {
                self.damaged = true;
                self.tree = None;
                return Ok(false);
            }
        };
        let last = tree.at_end();
        let StoredLeaf { id, entries, bytes, node, place } = stored;
        let decoder = LeafDecoder::new(node)?;
        self.leaf = Some(Leaf { decoder, id, entries, bytes, place, first: Vec::new(), matched: Some(0), last });
        Ok(true)
    }

    fn give_up(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        self.break_up(emit)?;
        self.damaged = true;
        self.tree = None;
        self.leaf = None;
        Ok(())
    }

    /// The present old entry is in the new tree as it was.
    pub(super) fn matched(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        self.ready = false;
        let Some(leaf) = &mut self.leaf else { return Ok(()) };
        match &mut leaf.matched {
            Some(0) => {
                leaf.first.clone_from(&leaf.decoder.current().path);
                leaf.matched = Some(1);
            }
            Some(n) => *n += 1,
            None => emit(Item::Carry(Box::new(leaf.decoder.current().clone())))?,
        }
        Ok(())
    }

    /// The present old entry is gone, or comes in another form.
    pub(super) fn passed(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        self.break_up(emit)?;
        if let Some(leaf) = &mut self.leaf {
            leaf.matched = None;
        }
        self.ready = false;
        Ok(())
    }

    /// Something new comes before the present old entry.
    pub(super) fn inserted(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        match &self.leaf {
            Some(leaf) if leaf.matched.is_some_and(|n| n > 0) => self.break_up(emit),
            _ => Ok(()),
        }
    }

    /// Hands on, one by one, what was held back in the hope that the leaf stays whole.
    fn break_up(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        let Some(leaf) = &mut self.leaf else { return Ok(()) };
        let Some(matched) = leaf.matched.take() else { return Ok(()) };
        let mut again = LeafDecoder::new(leaf.decoder.node().to_vec())?;
        for _ in 0..matched {
            if let Some(entry) = again.next()? {
                emit(Item::Carry(Box::new(entry.clone())))?;
            }
        }
        Ok(())
    }

    /// Hands on the leaf whose entries are all dealt with, if it stayed whole.
    fn settle(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        let Some(leaf) = self.leaf.take() else { return Ok(()) };
        if leaf.matched == Some(leaf.entries) && leaf.entries > 0 {
            let Leaf { decoder, id, entries, bytes, place, first, .. } = leaf;
            let node = decoder.into_node();
            emit(Item::Keep(Box::new(KeptNode { id, node, first, entries: entries.into(), bytes, place })))?;
        }
        Ok(())
    }

    /// The walk is over. Gives the number of old entries that are gone.
    pub(super) fn finish(&mut self, emit: &mut Emit<'_>) -> Result<()> {
        if !self.ready && self.leaf.as_ref().is_some_and(|leaf| leaf.decoder.left() == 0) {
            return self.settle(emit);
        }
        self.break_up(emit)
    }
}
