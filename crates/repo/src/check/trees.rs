//! Reads every tree node of every snapshot once, level by level, and looks up every chunk they name.

use std::sync::atomic::Ordering;

use super::{Check, Finding};
use crate::model::{ChunkId, Content, Run, XattrValue};
use crate::names::BlobType;
use crate::snapshot::{Info, load};
use crate::sorter::{Sorted, Sorter};
use crate::tree::{Children, LeafDecoder, Nodes, children, read_list};
use crate::{Kind, Result, limits};

/// Ids waiting to be looked at.
struct Work {
    /// Tree nodes by level.
    levels: Vec<Sorter<32>>,
    /// Run lists: depth and id.
    lists: Sorter<33>,
    /// Attribute values.
    values: Sorter<32>,
    /// Chunks of content.
    data: Sorter<32>,
}

impl Check<'_> {
    /// Trees of `snapshots`: what they name must be there.
    pub(super) fn trees(&mut self, snapshots: &[Info]) -> Result<()> {
        let spool = self.options.spool;
        let mut work = Work {
            levels: (0..limits::TREE_LEVELS_MAX).map(|_| Sorter::new(spool)).collect(),
            lists: Sorter::new(spool),
            values: Sorter::new(spool),
            data: Sorter::new(spool),
        };
        for info in snapshots {
            let whole = load(&*self.repo.store, &self.repo.keyring, &self.repo.roster, info.id);
            match whole.and_then(|whole| whole.private(&self.repo.keyring)) {
                Ok(private) if private.level < limits::TREE_LEVELS_MAX => {
                    work.levels[usize::from(private.level)].push(private.root)?
                }
                Ok(_) => self.find(Finding::Snapshot(format!(
                    "snapshot {}: its tree is too high",
                    crate::names::hex(&info.id[..4])
                ))),
                Err(err) => {
                    self.find(Finding::Snapshot(format!("snapshot {}: {err}", crate::names::hex(&info.id[..4]))))
                }
            }
        }
        for level in (0..limits::TREE_LEVELS_MAX).rev() {
            let mut nodes = std::mem::replace(&mut work.levels[usize::from(level)], Sorter::new(spool)).sorted()?;
            while let Some(id) = nodes.next()? {
                self.stopped()?;
                self.node(ChunkId(id), level, &mut work)?;
            }
        }
        self.lists(&mut work)?;
        let Work { values, data, .. } = work;
        self.look_up(BlobType::Tree, values.sorted()?)?;
        self.look_up(BlobType::Data, data.sorted()?)
    }

    fn node(&mut self, id: ChunkId, level: u8, work: &mut Work) -> Result<()> {
        self.summary.nodes_read += 1;
        self.options.progress.nodes.fetch_add(1, Ordering::Relaxed);
        let result =
            self.blobs.load(&id).and_then(|node| if level == 0 { leaf(node, work) } else { inner(node, level, work) });
        self.judge(id, result)
    }

    /// What is damaged or newer is remembered; anything else ends the check.
    fn judge(&mut self, id: ChunkId, result: Result<()>) -> Result<()> {
        match result {
            Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew) => {
                self.lose(BlobType::Tree, id);
                self.find(Finding::Object(format!("tree node {id}: {err}")));
                Ok(())
            }
            other => other,
        }
    }

    fn lists(&mut self, work: &mut Work) -> Result<()> {
        let mut lists = std::mem::replace(&mut work.lists, Sorter::new(self.options.spool)).sorted()?;
        while let Some(row) = lists.next()? {
            self.stopped()?;
            let mut id = [0; 32];
            id.copy_from_slice(&row[1..]);
            let data = &mut work.data;
            let result = read_list(&self.blobs, ChunkId(id), row[0], &mut |run| push_run(run, data), &mut |_| Ok(()));
            self.judge(ChunkId(id), result)?;
        }
        Ok(())
    }

    /// Merges ids with the index; both are sorted.
    fn look_up(&mut self, kind: BlobType, mut wanted: Sorted<32>) -> Result<()> {
        let mut next = wanted.next()?;
        let mut missing = Vec::new();
        self.blobs.index().each(&mut |pack, blob| {
            while let Some(id) = next.filter(|id| *id < blob.id.0) {
                missing.push(ChunkId(id));
                next = wanted.next()?;
            }
            if next == Some(blob.id.0) && pack.kind == kind {
                next = wanted.next()?;
            }
            Ok(())
        })?;
        while let Some(id) = next {
            missing.push(ChunkId(id));
            next = wanted.next()?;
        }
        for id in missing {
            self.lose(kind, id);
            self.find(Finding::Object(format!("blob {id} is used and in no pack")));
        }
        Ok(())
    }
}

fn inner(node: Vec<u8>, level: u8, work: &mut Work) -> Result<()> {
    let mut all: Children = children(node, level)?;
    while let Some(child) = all.next()? {
        work.levels[usize::from(level) - 1].push(child.id.0)?;
    }
    Ok(())
}

fn leaf(node: Vec<u8>, work: &mut Work) -> Result<()> {
    let mut leaf = LeafDecoder::new(node)?;
    while let Some(entry) = leaf.next()? {
        match &entry.content {
            Content::None => {}
            Content::Runs(runs) => runs.iter().try_for_each(|run| push_run(*run, &mut work.data))?,
            Content::List { root, depth } => {
                let mut row = [*depth; 33];
                row[1..].copy_from_slice(&root.0);
                work.lists.push(row)?;
            }
        }
        for xattr in &entry.xattrs {
            if let XattrValue::Blob(id, _) = &xattr.value {
                work.values.push(id.0)?;
            }
        }
    }
    Ok(())
}

fn push_run(run: Run, data: &mut Sorter<32>) -> Result<()> {
    match run {
        Run::Data { chunk, .. } => data.push(chunk.0),
        Run::Hole { .. } => Ok(()),
    }
}
