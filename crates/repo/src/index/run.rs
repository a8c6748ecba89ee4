//! A run in a local file: looked up with one positioned read.
//!
//! ```text
//! head: magic "ATLI" | version u8 | cipher u8 | 0 u16 | repository 16 | run id 16
//! pages: 4,096 bytes each: 85 records, sealed; the page's number is the nonce
//! pack table: id 16 | type u8 | 0 24 bit | length u32 | checksum 16, a row each
//! replaced: ids of runs whose records are all in this one; where it was merged here, those that it was made from, then
//!     maybe 16 zero bytes and those that these replaced
//! firsts: the first four bytes of each page's first id
//! foot: records u64 | packs u32 | replaced u32 | signer u32 | magic "ATLX"
//! signature: Ed25519 over the SHA-256 of everything before
//! ```

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::filter::Filter;
use super::record::{RECORD_BYTES, Record};
use crate::crypto::{self, SealKey, TAG_BYTES};
use crate::keys::{Keyring, Roster};
use crate::model::{ChunkId, PackId};
use crate::names::BlobType;
use crate::pack::PackInfo;
use crate::{Error, Kind, Result};

pub(super) const MAGIC: &[u8; 4] = b"ATLI";
pub(super) const FOOT_MAGIC: &[u8; 4] = b"ATLX";
pub(super) const VERSION: u8 = 1;
pub(super) const HEAD_BYTES: usize = 40;
pub(super) const PAGE_BYTES: usize = 4096;
pub(super) const PAGE_RECORDS: usize = (PAGE_BYTES - TAG_BYTES) / RECORD_BYTES;
/// Bytes of a row of the pack table.
pub(crate) const PACK_ENTRY_BYTES: usize = 40;
pub(super) const FOOT_BYTES: usize = 24;
pub(super) const SIGNATURE_BYTES: usize = 64;
/// Signer of a run that only this machine has and that is not signed.
pub(super) const LOCAL: u32 = u32::MAX - 1;
/// Stands in the list of a run that was merged here before those that it was not made from.
pub(super) const BORDER: [u8; 16] = [0; 16];

const _: () = assert!(PAGE_RECORDS * RECORD_BYTES + TAG_BYTES == PAGE_BYTES);

/// A run that is open for look-ups.
pub(crate) struct Run {
    pub(crate) id: [u8; 16],
    pub(crate) path: PathBuf,
    file: File,
    key: SealKey,
    pub(crate) records: u64,
    pub(crate) packs: u32,
    pub(crate) replaced: u32,
    pub(crate) signer: u32,
    firsts: Vec<u32>,
    pub(crate) filter: Option<Filter>,
    page: Page,
}

/// The page read last: neighbours in a sorted look-up are mostly on it.
struct Page {
    number: Option<u32>,
    bytes: Box<[u8; PAGE_BYTES]>,
}

/// Read at once where a whole run is compared with its signature.
const VERIFY_BYTES: usize = 64 << 10;

fn decayed() -> Error {
    Error::damaged("the copy of the index in the state folder is damaged")
}

/// A record names a row of the pack table that is not there.
pub(super) fn no_such_row() -> Error {
    Error::damaged("an index record names a pack that is not in its run")
}

pub(super) fn pages_for(records: u64) -> u64 {
    records.div_ceil(PAGE_RECORDS as u64)
}

/// Bytes of a run with so much in it.
pub(super) fn expected_len(records: u64, packs: u32, replaced: u32) -> Option<u64> {
    pages_for(records)
        .checked_mul(PAGE_BYTES as u64 + 4)?
        .checked_add(u64::from(packs) * PACK_ENTRY_BYTES as u64)?
        .checked_add(u64::from(replaced) * 16)?
        .checked_add((HEAD_BYTES + FOOT_BYTES + SIGNATURE_BYTES) as u64)
}

/// A row of the pack table.
pub(super) fn pack_of(bytes: &[u8; PACK_ENTRY_BYTES]) -> Result<PackInfo> {
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[..16]);
    let mut checksum = [0; 16];
    checksum.copy_from_slice(&bytes[24..]);
    let len = u32::from_be_bytes([bytes[20], bytes[21], bytes[22], bytes[23]]);
    Ok(PackInfo { id: PackId(id), kind: BlobType::from_number(bytes[16])?, len, checksum })
}

impl Run {
    /// Opens a file in the state folder. Its size and counts must agree; its pages prove themselves when read.
    pub(crate) fn open(path: PathBuf, keyring: &Keyring) -> Result<Self> {
        let what = |err: &std::io::Error| Error::io("cannot read an index run in the state folder", err);
        let file = File::open(&path).map_err(|err| what(&err))?;
        let len = file.metadata().map_err(|err| what(&err))?.len();
        let tail = (FOOT_BYTES + SIGNATURE_BYTES) as u64;
        if len < HEAD_BYTES as u64 + tail {
            return Err(Error::damaged("an index run is too short"));
        }
        let mut head = [0; HEAD_BYTES];
        file.read_exact_at(&mut head, 0).map_err(|err| what(&err))?;
        let mut foot = [0; FOOT_BYTES];
        file.read_exact_at(&mut foot, len - tail).map_err(|err| what(&err))?;
        if &head[..4] != MAGIC || &foot[20..] != FOOT_MAGIC || head[8..24] != keyring.config.id {
            return Err(Error::damaged("it is not an index run of this repository"));
        }
        if head[4] == 0 || head[4] > VERSION {
            return Err(Error::new(Kind::TooNew, "an index run is of a newer version; upgrade the program"));
        }
        let mut id = [0; 16];
        id.copy_from_slice(&head[24..]);
        let word = |at: usize| u32::from_be_bytes([foot[at], foot[at + 1], foot[at + 2], foot[at + 3]]);
        let records = u64::from(word(0)) << 32 | u64::from(word(4));
        let key = keyring.index_key("index run", &id)?;
        let page = Page { number: None, bytes: Box::new([0; PAGE_BYTES]) };
        let mut run = Self {
            id,
            path,
            file,
            key,
            records,
            packs: word(8),
            replaced: word(12),
            signer: word(16),
            firsts: Vec::new(),
            filter: None,
            page,
        };
        if run.expected_len() != Some(len) {
            return Err(Error::damaged("an index run has the wrong length"));
        }
        run.firsts = run.read_firsts()?;
        Ok(run)
    }

    fn expected_len(&self) -> Option<u64> {
        expected_len(self.records, self.packs, self.replaced)
    }

    fn pack_table_at(&self) -> u64 {
        HEAD_BYTES as u64 + pages_for(self.records) * PAGE_BYTES as u64
    }

    fn read_at(&self, at: u64, buf: &mut [u8]) -> Result<()> {
        self.file.read_exact_at(buf, at).map_err(|err| Error::io("cannot read an index run", &err))
    }

    fn read_firsts(&self) -> Result<Vec<u32>> {
        let at = self.pack_table_at() + u64::from(self.packs) * PACK_ENTRY_BYTES as u64 + u64::from(self.replaced) * 16;
        let pages = pages_for(self.records) as usize;
        let mut firsts = Vec::with_capacity(pages);
        let mut buf = [0; 4096];
        while firsts.len() < pages {
            let part = &mut buf[..(4 * (pages - firsts.len())).min(4096)];
            self.read_at(at + 4 * firsts.len() as u64, part)?;
            firsts.extend(part.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])));
        }
        Ok(firsts)
    }

    /// Calls `each` for every run of the store whose records are in this one, and says whether this one was made from it.
    /// The others were replaced by a maintainer's run and may be gone.
    pub(super) fn origins(&self, each: &mut dyn FnMut([u8; 16], bool) -> Result<()>) -> Result<()> {
        let mut made_from = self.signer == LOCAL;
        if !made_from {
            each(self.id, true)?;
        }
        let mut at = self.pack_table_at() + u64::from(self.packs) * PACK_ENTRY_BYTES as u64;
        let end = at + u64::from(self.replaced) * 16;
        let mut buf = [0; 4096];
        while at < end {
            let part = &mut buf[..(end - at).min(4096) as usize];
            self.read_at(at, part)?;
            for id in part.as_chunks::<16>().0 {
                if made_from && *id == BORDER {
                    made_from = false;
                } else {
                    each(*id, made_from)?;
                }
            }
            at += part.len() as u64;
        }
        Ok(())
    }

    /// A row of the pack table.
    pub(crate) fn pack(&self, row: u32) -> Result<PackInfo> {
        if row >= self.packs {
            return Err(no_such_row());
        }
        let mut bytes = [0; PACK_ENTRY_BYTES];
        self.read_at(self.pack_table_at() + u64::from(row) * PACK_ENTRY_BYTES as u64, &mut bytes)?;
        pack_of(&bytes)
    }

    /// The records of page `number`, opened.
    pub(crate) fn page(&mut self, number: u32) -> Result<&[[u8; RECORD_BYTES]]> {
        if self.page.number != Some(number) {
            self.page.number = None;
            let at = HEAD_BYTES as u64 + u64::from(number) * PAGE_BYTES as u64;
            self.file
                .read_exact_at(&mut self.page.bytes[..], at)
                .map_err(|err| Error::io("cannot read an index run", &err))?;
            if self.key.open(number.into(), &self.id, &mut self.page.bytes[..]).is_err() {
                return Err(decayed());
            }
            self.page.number = Some(number);
        }
        let left = self.records - u64::from(number) * PAGE_RECORDS as u64;
        let count = left.min(PAGE_RECORDS as u64) as usize;
        Ok(&self.page.bytes.as_chunks::<RECORD_BYTES>().0[..count])
    }

    /// Reads all of it and compares it with its signature, or with its hash where it was merged here.
    pub(crate) fn verify(&self, roster: &Roster) -> Result<()> {
        let len = self.expected_len().unwrap_or(0).saturating_sub(SIGNATURE_BYTES as u64);
        let (mut hash, mut buf, mut at) = (Sha256::new(), vec![0; VERIFY_BYTES], 0);
        while at < len {
            let part = &mut buf[..(len - at).min(VERIFY_BYTES as u64) as usize];
            self.read_at(at, part)?;
            hash.update(&*part);
            at += part.len() as u64;
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut signature = [0; SIGNATURE_BYTES];
        self.read_at(len, &mut signature)?;
        let sound = match self.signer {
            LOCAL => signature[..32] == hash,
            signer => roster.member(signer).is_ok_and(|member| crypto::verify(&member.public, &hash, &signature)),
        };
        if sound { Ok(()) } else { Err(decayed()) }
    }

    /// Reads every page and every row of the pack table once. A signature says who made a run, not that it was made as
    /// the format says; and what is not must neither be looked up in nor get into a merge.
    pub(super) fn well_formed(&mut self) -> Result<()> {
        let (packs, mut last) = (self.packs, [0; 32]);
        for number in 0..self.pages() {
            let first = self.firsts[number as usize].to_be_bytes();
            let page = self.page(number).map_err(|err| match err.kind {
                Kind::Damaged => Error::damaged("one of its pages does not open"),
                _ => err,
            })?;
            if page.first().is_none_or(|record| record[..4] != first) {
                return Err(Error::damaged("its table of pages is not that of its pages"));
            }
            for record in page {
                if record[..32] < last[..] {
                    return Err(Error::damaged("its records are not sorted"));
                }
                last.copy_from_slice(&record[..32]);
                if Record::decode(record).pack >= packs {
                    return Err(no_such_row());
                }
            }
        }
        (0..packs).try_for_each(|row| self.pack(row).map(|_| ()))
    }

    /// Number of pages.
    pub(crate) fn pages(&self) -> u32 {
        self.firsts.len() as u32
    }

    /// All records of `id`, into `out`.
    pub(crate) fn find(&mut self, id: &ChunkId, out: &mut Vec<Record>) -> Result<()> {
        if self.filter.as_ref().is_some_and(|f| !f.may_contain(&id.0)) {
            return Ok(());
        }
        let prefix = u32::from_be_bytes([id.0[0], id.0[1], id.0[2], id.0[3]]);
        // A record may be on the last page that begins before its prefix, or on any that begins with it.
        let low = self.firsts.partition_point(|f| *f < prefix).saturating_sub(1);
        let high = self.firsts.partition_point(|f| *f <= prefix);
        for number in low..high.max(low) {
            let page = self.page(number as u32)?;
            let begin = page.partition_point(|r| r[..32] < id.0[..]);
            out.extend(page[begin..].iter().take_while(|r| r[..32] == id.0).map(Record::decode));
        }
        Ok(())
    }
}
