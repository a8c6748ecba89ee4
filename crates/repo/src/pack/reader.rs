//! Opens packs: keys, directories, single blobs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use atalaya_store::Store;

use super::{BlobRecord, Decoder, HEADER_FIXED_BYTES, Header, PackInfo, TRAILER_BYTES, Trailer};
use crate::config::RepoId;
use crate::crypto::SealKey;
use crate::keys::Keyring;
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::{Error, Result, limits};

/// Keys of packs kept ready: opening one costs as much as decrypting a megabyte.
const KEYS_KEPT: usize = 32;
/// Bytes of a record in the directory: id, raw length, stored length.
const RECORD_BYTES: usize = 40;

/// What every blob's seal is bound to, so that it opens nowhere else.
pub(crate) fn blob_aad(repo: &RepoId, pack: PackId, kind: BlobType, position: u16, raw: u32, stored: u32) -> [u8; 43] {
    let mut out = [0; 43];
    out[..16].copy_from_slice(repo);
    out[16..32].copy_from_slice(&pack.0);
    out[32] = kind.number();
    out[33..35].copy_from_slice(&position.to_be_bytes());
    out[35..39].copy_from_slice(&raw.to_be_bytes());
    out[39..].copy_from_slice(&stored.to_be_bytes());
    out
}

/// Gives packs' keys, remembering the last few.
#[derive(Default)]
pub(crate) struct PackKeys {
    kept: Mutex<VecDeque<(PackId, Arc<SealKey>)>>,
}

impl PackKeys {
    /// The key of `pack`, read from its header.
    pub(crate) fn get(
        &self,
        store: &dyn Store,
        keyring: &Keyring,
        kind: BlobType,
        pack: PackId,
    ) -> Result<Arc<SealKey>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = kept.iter().find(|(id, _)| *id == pack) {
            return Ok(Arc::clone(key));
        }
        let name = crate::names::pack(kind, pack);
        let mut fixed = [0; HEADER_FIXED_BYTES];
        store.get(&name, 0, &mut fixed)?;
        let header = Header::parse(&fixed)?;
        if header.id != pack || header.kind != kind {
            return Err(Error::damaged(format!("{name} is another pack than its name says")));
        }
        let mut sealed = vec![0; header.len() - HEADER_FIXED_BYTES];
        store.get(&name, HEADER_FIXED_BYTES as u64, &mut sealed)?;
        let key = self.open(keyring, &header, &sealed)?;
        if kept.len() >= KEYS_KEPT {
            kept.pop_front();
        }
        kept.push_back((pack, Arc::clone(&key)));
        Ok(key)
    }

    /// The key in a header that was read already.
    pub(crate) fn open(&self, keyring: &Keyring, header: &Header, sealed: &[u8]) -> Result<Arc<SealKey>> {
        let (_, secret) = keyring.secret_in(header.kind, header.epoch)?;
        let secret = header.open_key(&keyring.config.id, secret, sealed)?;
        Ok(Arc::new(SealKey::new(header.cipher, &secret)?))
    }
}

/// Opens a sealed blob in place, decompresses it, and checks that it is what its id says.
pub(crate) fn open_blob<'a>(
    keyring: &Keyring,
    key: &SealKey,
    pack: PackId,
    kind: BlobType,
    record: &BlobRecord,
    sealed: &'a mut [u8],
    decoder: &'a mut Decoder,
) -> Result<&'a [u8]> {
    let aad = blob_aad(&keyring.config.id, pack, kind, record.position, record.raw, record.stored);
    let encoded = key.open(record.position.into(), &aad, sealed)?;
    let plain = decoder.decode(encoded, record.raw as usize)?;
    if keyring.blob_id(kind, plain) == record.id {
        Ok(plain)
    } else {
        Err(Error::damaged("content does not match its id"))
    }
}

/// The sealed directory: `u32 count` and the records, under a key that every role derives from the pack's id.
pub(super) fn seal_directory(
    keyring: &Keyring,
    pack: PackId,
    kind: BlobType,
    records: &[BlobRecord],
) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(records.len() * RECORD_BYTES + crate::crypto::TAG_BYTES);
    for record in records {
        out.extend_from_slice(&record.id.0);
        out.extend_from_slice(&record.raw.to_be_bytes());
        out.extend_from_slice(&record.stored.to_be_bytes());
    }
    let tag = keyring.index_key("pack directory", &pack.0)?.seal(0, &[kind.number()], &mut out)?;
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Reads and opens the directory of a pack of `len` bytes.
pub(crate) fn read_directory(
    store: &dyn Store,
    keyring: &Keyring,
    kind: BlobType,
    id: PackId,
    len: u64,
) -> Result<(PackInfo, Vec<BlobRecord>)> {
    let name = crate::names::pack(kind, id);
    if !((HEADER_FIXED_BYTES + TRAILER_BYTES) as u64..=limits::PACK_BYTES_MAX).contains(&len) {
        return Err(Error::damaged(format!("{name} has {len} bytes, which no pack has")));
    }
    let mut fixed = [0; HEADER_FIXED_BYTES];
    store.get(&name, 0, &mut fixed)?;
    let header = Header::parse(&fixed)?;
    let mut end = [0; TRAILER_BYTES];
    store.get(&name, len - TRAILER_BYTES as u64, &mut end)?;
    let trailer = Trailer::parse(&end)?;
    if trailer.blobs as usize > limits::PACK_BLOBS_MAX {
        return Err(Error::damaged(format!("{name} claims to have {} blobs, more than any pack", trailer.blobs)));
    }
    let room = len - TRAILER_BYTES as u64 - (header.len() as u64).min(len - TRAILER_BYTES as u64);
    let expected = trailer.blobs as usize * RECORD_BYTES + crate::crypto::TAG_BYTES;
    if header.id != id || header.kind != kind || trailer.directory_len as usize != expected || expected as u64 > room {
        return Err(Error::damaged(format!("{name} contradicts itself")));
    }
    let mut sealed = vec![0; expected];
    store.get(&name, len - TRAILER_BYTES as u64 - expected as u64, &mut sealed)?;
    let plain = keyring.index_key("pack directory", &id.0)?.open(0, &[kind.number()], &mut sealed)?;
    let records = parse_directory(plain, header.len() as u32, len - TRAILER_BYTES as u64 - expected as u64)?;
    Ok((PackInfo { id, kind, len: len as u32, checksum: trailer.checksum }, records))
}

fn parse_directory(plain: &[u8], first: u32, end: u64) -> Result<Vec<BlobRecord>> {
    let mut offset = first;
    let mut records = Vec::with_capacity(plain.len() / RECORD_BYTES);
    for (position, bytes) in plain.chunks_exact(RECORD_BYTES).enumerate() {
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut id = [0; 32];
        id.copy_from_slice(&bytes[..32]);
        let (raw, stored) = (number(32), number(36));
        let position = u16::try_from(position).map_err(|_| Error::damaged("pack directory has too many blobs"))?;
        records.push(BlobRecord { id: ChunkId(id), position, offset, stored, raw });
        offset = offset.checked_add(stored).ok_or_else(|| Error::damaged("pack directory overflows"))?;
    }
    if u64::from(offset) == end { Ok(records) } else { Err(Error::damaged("pack directory does not add up")) }
}
