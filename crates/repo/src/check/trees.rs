//! Reads every tree node of every snapshot once, and looks up every chunk they name.

use std::sync::atomic::Ordering;

use super::{Check, Finding};
use crate::model::ChunkId;
use crate::names::{BlobType, hex};
use crate::reach::{Named, Reach, Visitor};
use crate::read::Blobs;
use crate::snapshot::{Info, load};
use crate::sorter::Sorted;
use crate::{Kind, Result};

impl Visitor for Check<'_> {
    fn blobs(&self) -> &Blobs<'_> {
        &self.blobs
    }

    /// What is damaged or newer is remembered; anything else ends the check.
    fn visited(&mut self, id: ChunkId, result: Result<()>) -> Result<()> {
        self.summary.nodes_read += 1;
        self.options.progress.nodes.fetch_add(1, Ordering::Relaxed);
        match result {
            Err(err) if matches!(err.kind, Kind::Damaged | Kind::TooNew) => {
                self.lose(BlobType::Tree, id);
                self.find(Finding::Object(format!("tree node {id}: {err}")));
                Ok(())
            }
            other => other,
        }
    }

    fn stopped(&self) -> Result<()> {
        Check::stopped(self)
    }
}

impl Check<'_> {
    /// Trees of `snapshots`: what they name must be there.
    pub(crate) fn trees(&mut self, snapshots: &[Info]) -> Result<()> {
        let mut reach = Reach::new(self.options.spool);
        for info in snapshots {
            let whole = load(&*self.repo.store, &self.repo.keyring, &self.repo.roster, info.id);
            let added = whole
                .and_then(|whole| whole.private(&self.repo.keyring))
                .and_then(|private| reach.add(&private.root(&info.catalogue)));
            if let Err(err) = added {
                self.find(Finding::Snapshot(format!("snapshot {}: {err}", hex(&info.id[..4]))));
            }
        }
        let Named { values, data } = reach.walk(self)?;
        self.look_up(BlobType::Tree, values)?;
        self.look_up(BlobType::Data, data)
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
