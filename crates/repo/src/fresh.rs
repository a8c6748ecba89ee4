//! Packs that were just put, until a run names them.

use std::collections::HashSet;

use atalaya_store::{Body, Store};

use crate::index::{self, Record};
use crate::keys::Keyring;
use crate::model::ChunkId;
use crate::pack::{BlobRecord, PackInfo};
use crate::{Result, limits, names};

/// A run, whole: its id and its bytes.
pub(crate) type NewRun = ([u8; 16], Vec<u8>);

/// Packs without a name in the index, and what is in them.
#[derive(Default)]
pub(crate) struct Fresh {
    packs: Vec<PackInfo>,
    records: Vec<Record>,
    ids: HashSet<ChunkId>,
}

impl Fresh {
    /// A pack that is in the store.
    pub(crate) fn add(&mut self, pack: PackInfo, blobs: &[BlobRecord]) {
        let row = self.packs.len() as u32;
        self.packs.push(pack);
        self.records.extend(blobs.iter().map(|blob| Record { pack: row, blob: *blob }));
        self.ids.extend(blobs.iter().map(|blob| blob.id));
    }

    /// Whether one of these packs has it.
    pub(crate) fn has(&self, id: &ChunkId) -> bool {
        self.ids.contains(id)
    }

    /// Whether it is time for a run: what a kill leaves without a name has to be found or stored once more.
    pub(crate) fn is_much(&self, packs_max: usize) -> bool {
        self.records.len() >= limits::CHECKPOINT_RECORDS || self.packs.len() >= packs_max
    }

    /// The run that names them, which is nowhere yet. Begins anew.
    pub(crate) fn run(&mut self, keyring: &Keyring) -> Result<Option<NewRun>> {
        if self.packs.is_empty() {
            return Ok(None);
        }
        let run = index::run_of(keyring, &self.packs, &mut self.records)?;
        *self = Self::default();
        Ok(Some(run))
    }

    /// Packs durable, then the run that names them.
    pub(crate) fn name(&mut self, store: &dyn Store, keyring: &Keyring) -> Result<Option<NewRun>> {
        if self.packs.is_empty() {
            return Ok(None);
        }
        store.sync()?;
        let run = self.run(keyring)?;
        if let Some((id, bytes)) = &run {
            store.put(&names::object(names::INDEX, id), Body::Bytes(bytes))?;
            store.sync()?;
        }
        Ok(run)
    }
}
