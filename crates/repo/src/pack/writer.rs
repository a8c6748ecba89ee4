//! Builds one pack at a time in a spool file.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use atalaya_store::{SpoolFile, Store};

use super::reader::blob_aad;
use super::{BlobRecord, Checksummer, Header, PackInfo, Trailer};
use crate::crypto::{SealKey, Secret, random};
use crate::keys::Keyring;
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::{Error, Result, limits};

/// A complete pack that is not in the store yet.
pub(crate) struct Finished {
    pub(crate) info: PackInfo,
    pub(crate) records: Vec<BlobRecord>,
    pub(crate) spool: SpoolFile,
}

/// The pack being built: its id and key are drawn for this one sequence of bytes and never again.
struct Open {
    id: PackId,
    key: SealKey,
    spool: SpoolFile,
    /// For messages: packs are spooled where they will lie.
    place: String,
    sum: Checksummer,
    len: u64,
    records: Vec<BlobRecord>,
}

/// Seals blobs into packs of one type.
pub(crate) struct PackWriter<'a> {
    keyring: &'a Keyring,
    store: &'a dyn Store,
    fallback: &'a Path,
    kind: BlobType,
    open: Option<Open>,
}

impl<'a> PackWriter<'a> {
    pub(crate) fn new(keyring: &'a Keyring, store: &'a dyn Store, fallback: &'a Path, kind: BlobType) -> Self {
        Self { keyring, store, fallback, kind, open: None }
    }

    /// Seals `encoded` (the codec's output; it is overwritten) as the next blob. Gives the pack when that filled it.
    pub(crate) fn add(&mut self, id: ChunkId, raw: usize, encoded: &mut [u8]) -> Result<Option<Finished>> {
        if self.open.is_none() {
            self.open = Some(self.begin()?);
        }
        let Some(open) = self.open.as_mut() else { return Ok(None) };
        let position = open.records.len() as u16;
        let stored = (encoded.len() + crate::crypto::TAG_BYTES) as u32;
        let aad = blob_aad(&self.keyring.config.id, open.id, self.kind, position, raw as u32, stored);
        let tag = open.key.seal(position.into(), &aad, encoded)?;
        let offset = open.len as u32;
        open.write(encoded)?;
        open.write(&tag)?;
        open.records.push(BlobRecord { id, position, offset, stored, raw: raw as u32 });
        let full = match self.kind {
            BlobType::Data => limits::DATA_PACK_BYTES,
            BlobType::Tree => limits::TREE_PACK_BYTES,
        };
        if open.len >= full || open.records.len() >= limits::PACK_BLOBS_MAX { self.finish() } else { Ok(None) }
    }

    /// Ends the pack being built, if there is one.
    pub(crate) fn finish(&mut self) -> Result<Option<Finished>> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        let directory = super::reader::seal_directory(self.keyring, open.id, self.kind, &open.records)?;
        open.write(&directory)?;
        let (directory_len, blobs) = (directory.len() as u32, open.records.len() as u32);
        open.write(&Trailer::counted(directory_len, blobs))?;
        let checksum = open.sum.finish();
        open.write(&Trailer { directory_len, blobs, checksum }.bytes()[8..])?;
        let info = PackInfo { id: open.id, kind: self.kind, len: open.len as u32, checksum };
        Ok(Some(Finished { info, records: open.records, spool: open.spool }))
    }

    fn begin(&self) -> Result<Open> {
        let id = PackId(random()?);
        let secret = Secret(random()?);
        let keyring = self.keyring;
        let config = &keyring.config;
        let header = Header::build(self.kind, config.cipher, &config.id, id, keyring.public_of(self.kind), &secret)?;
        let mut open = Open {
            id,
            key: SealKey::new(config.cipher, &secret)?,
            spool: self.store.spool(self.fallback)?,
            sum: Checksummer::new(),
            len: 0,
            records: Vec::new(),
            place: self.store.place(),
        };
        open.write(&header)?;
        Ok(open)
    }
}

impl Open {
    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let mut file: &File = &self.spool.file;
        file.write_all(bytes).map_err(|err| Error::io(&format!("cannot write to {}", self.place), &err))?;
        self.sum.update(bytes);
        self.len += bytes.len() as u64;
        Ok(())
    }
}
