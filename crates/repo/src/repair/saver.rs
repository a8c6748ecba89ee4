//! Stores blobs once more, and names them.

use std::collections::HashSet;
use std::path::Path;

use atalaya_store::Body;

use crate::fresh::Fresh;
use crate::model::ChunkId;
use crate::names::BlobType;
use crate::pack::{Decoder, Encoder, Finished, PackWriter};
use crate::read::Blobs;
use crate::tree::Sink;
use crate::{Repository, Result};

/// Packs after which a run names them.
const NAMED_PACKS: usize = 8;

/// Blobs of one type.
pub(super) struct Saver<'a> {
    blobs: &'a Blobs<'a>,
    kind: BlobType,
    encoder: Encoder,
    writer: PackWriter<'a>,
    /// In the pack that is being made.
    open: HashSet<ChunkId>,
    fresh: Fresh,
    /// Bytes of packs that were stored.
    pub(super) bytes: u64,
}

impl<'a> Saver<'a> {
    pub(super) fn new(repo: &'a Repository, blobs: &'a Blobs<'a>, spool: &'a Path, kind: BlobType) -> Result<Self> {
        let writer = PackWriter::new(&repo.keyring, &*repo.store, spool, kind);
        let encoder = Encoder::new(Decoder::verifier()?)?;
        Ok(Self { blobs, kind, encoder, writer, open: HashSet::new(), fresh: Fresh::default(), bytes: 0 })
    }

    /// Stores a blob, if no pack that stays has it.
    pub(super) fn add(&mut self, id: ChunkId, plain: &[u8]) -> Result<()> {
        if self.open.contains(&id) || self.fresh.has(&id) || self.blobs.index().contains(&id)? {
            return Ok(());
        }
        self.open.insert(id);
        match self.writer.add(id, plain.len(), self.encoder.encode(plain)?)? {
            Some(full) => self.put(&full),
            None => Ok(()),
        }
    }

    fn put(&mut self, pack: &Finished) -> Result<()> {
        self.blobs.repo.store.put(&pack.info.name(), Body::File(&pack.spool))?;
        self.bytes += u64::from(pack.info.len);
        self.open.clear();
        self.fresh.add(pack.info, &pack.records);
        if self.fresh.is_much(NAMED_PACKS) { self.name() } else { Ok(()) }
    }

    fn name(&mut self) -> Result<()> {
        let repo = self.blobs.repo;
        match self.fresh.name(&*repo.store, &repo.keyring)? {
            Some((id, bytes)) => self.blobs.index().add(&id, &bytes),
            None => Ok(()),
        }
    }

    /// All of it durable and named.
    pub(super) fn finish(&mut self) -> Result<()> {
        if let Some(last) = self.writer.finish()? {
            self.put(&last)?;
        }
        self.name()
    }
}

impl Sink for Saver<'_> {
    fn put(&mut self, plain: &[u8]) -> Result<ChunkId> {
        let id = self.blobs.repo.keyring.blob_id(self.kind, plain);
        self.add(id, plain)?;
        Ok(id)
    }
}
