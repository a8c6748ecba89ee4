//! What snapshots reach: every tree node once, level by level, and every blob they name. What waits to be read is sorted
//! on disk.

use std::path::Path;

use crate::model::{ChunkId, Content, Run, XattrValue};
use crate::read::Blobs;
use crate::sorter::{Sorted, Sorter};
use crate::tree::{Children, LeafDecoder, Nodes, Root, children, read_list};
use crate::{Error, Result, limits};

/// Who wants to know.
pub(crate) trait Visitor {
    /// Where tree nodes are read.
    fn blobs(&self) -> &Blobs<'_>;

    /// A node or run list was read, or why it could not be. An error ends the walk.
    fn visited(&mut self, id: ChunkId, result: Result<()>) -> Result<()>;

    /// Called before each node: an error ends the walk.
    fn stopped(&self) -> Result<()>;
}

/// Ids waiting to be looked at.
pub(crate) struct Reach<'a> {
    spool: &'a Path,
    /// Tree nodes by level.
    levels: Vec<Sorter<32>>,
    /// Run lists: depth and id.
    lists: Sorter<33>,
    /// Tree blobs that are not nodes: attribute values, and the run lists below others.
    values: Sorter<32>,
    /// Chunks of content.
    data: Sorter<32>,
}

/// What is named, besides the nodes that were visited.
pub(crate) struct Named {
    /// Tree blobs.
    pub(crate) values: Sorted<32>,
    /// Chunks of content.
    pub(crate) data: Sorted<32>,
}

impl<'a> Reach<'a> {
    pub(crate) fn new(spool: &'a Path) -> Self {
        Self {
            spool,
            levels: (0..limits::TREE_LEVELS_MAX).map(|_| Sorter::new(spool)).collect(),
            lists: Sorter::new(spool),
            values: Sorter::new(spool),
            data: Sorter::new(spool),
        }
    }

    /// Begins at the root of a snapshot's tree.
    pub(crate) fn add(&mut self, root: &Root) -> Result<()> {
        match self.levels.get_mut(usize::from(root.level)) {
            Some(level) => level.push(root.id.0),
            None => Err(Error::damaged("its tree is too high")),
        }
    }

    /// Reads every node once.
    pub(crate) fn walk(mut self, visitor: &mut impl Visitor) -> Result<Named> {
        for level in (0..limits::TREE_LEVELS_MAX).rev() {
            let mut nodes =
                std::mem::replace(&mut self.levels[usize::from(level)], Sorter::new(self.spool)).sorted()?;
            while let Some(id) = nodes.next()? {
                visitor.stopped()?;
                let id = ChunkId(id);
                let result = visitor.blobs().load(&id).and_then(|node| self.node(node, level));
                visitor.visited(id, result)?;
            }
        }
        let mut lists = std::mem::replace(&mut self.lists, Sorter::new(self.spool)).sorted()?;
        while let Some(row) = lists.next()? {
            visitor.stopped()?;
            let mut id = [0; 32];
            id.copy_from_slice(&row[1..]);
            let Self { data, values, .. } = &mut self;
            let result = read_list(visitor.blobs(), ChunkId(id), row[0], &mut |run| push_run(run, data), &mut |list| {
                // The first was named by an entry, and is visited as such.
                if list.0 == id { Ok(()) } else { values.push(list.0) }
            });
            visitor.visited(ChunkId(id), result)?;
        }
        Ok(Named { values: self.values.sorted()?, data: self.data.sorted()? })
    }

    fn node(&mut self, node: Vec<u8>, level: u8) -> Result<()> {
        if level > 0 {
            let mut all: Children = children(node, level)?;
            while let Some(child) = all.next()? {
                self.levels[usize::from(level) - 1].push(child.id.0)?;
            }
            return Ok(());
        }
        let mut leaf = LeafDecoder::new(node)?;
        while let Some(entry) = leaf.next()? {
            match &entry.content {
                Content::None => {}
                Content::Runs(runs) => runs.iter().try_for_each(|run| push_run(*run, &mut self.data))?,
                Content::List { root, depth } => {
                    let mut row = [*depth; 33];
                    row[1..].copy_from_slice(&root.0);
                    self.lists.push(row)?;
                }
            }
            for xattr in &entry.xattrs {
                if let XattrValue::Blob(id, _) = &xattr.value {
                    self.values.push(id.0)?;
                }
            }
        }
        Ok(())
    }
}

fn push_run(run: Run, data: &mut Sorter<32>) -> Result<()> {
    match run {
        Run::Data { chunk, .. } => data.push(chunk.0),
        Run::Hole { .. } => Ok(()),
    }
}
