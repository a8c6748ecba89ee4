//! What a run in the store says of packs and of other runs, for whoever has no key: its table of packs is not sealed.

use atalaya_store::Store;

use super::run::{
    BORDER, FOOT_BYTES, HEAD_BYTES, PACK_ENTRY_BYTES, PAGE_BYTES, SIGNATURE_BYTES, expected_len, pack_of, pages_for,
};
use crate::pack::PackInfo;
use crate::{Error, Result};

/// Rows read at once.
const ROWS: usize = 256;

/// A run whose signature holds.
pub(crate) struct Named<'a> {
    store: &'a dyn Store,
    name: &'a str,
    records: u64,
    packs: u32,
    replaced: u32,
}

impl<'a> Named<'a> {
    pub(crate) fn open(store: &'a dyn Store, name: &'a str, len: u64) -> Result<Self> {
        let at =
            len.checked_sub((FOOT_BYTES + SIGNATURE_BYTES) as u64).ok_or_else(|| Error::damaged("it is too short"))?;
        let mut foot = [0; FOOT_BYTES];
        store.get(name, at, &mut foot)?;
        let word = |at: usize| u32::from_be_bytes([foot[at], foot[at + 1], foot[at + 2], foot[at + 3]]);
        let records = u64::from(word(0)) << 32 | u64::from(word(4));
        let (packs, replaced) = (word(8), word(12));
        if expected_len(records, packs, replaced) != Some(len) {
            return Err(Error::damaged(format!("{name} has the wrong length")));
        }
        Ok(Self { store, name, records, packs, replaced })
    }

    fn table_at(&self) -> u64 {
        HEAD_BYTES as u64 + pages_for(self.records) * PAGE_BYTES as u64
    }

    /// Every pack that it names.
    pub(crate) fn packs(&self, each: &mut dyn FnMut(PackInfo) -> Result<()>) -> Result<()> {
        self.rows::<PACK_ENTRY_BYTES>(self.table_at(), self.packs, &mut |row| each(pack_of(row)?))
    }

    /// Every run whose records are in this one: it may be gone, and so may packs that only it names.
    pub(crate) fn replaced(&self, each: &mut dyn FnMut([u8; 16]) -> Result<()>) -> Result<()> {
        let at = self.table_at() + u64::from(self.packs) * PACK_ENTRY_BYTES as u64;
        self.rows::<16>(at, self.replaced, &mut |id| if *id == BORDER { Ok(()) } else { each(*id) })
    }

    fn rows<const N: usize>(&self, begin: u64, count: u32, each: &mut dyn FnMut(&[u8; N]) -> Result<()>) -> Result<()> {
        let (mut buffer, mut at) = (vec![0; N * ROWS], begin);
        let end = begin + u64::from(count) * N as u64;
        while at < end {
            let part = &mut buffer[..(end - at).min((N * ROWS) as u64) as usize];
            self.store.get(self.name, at, part)?;
            part.as_chunks::<N>().0.iter().try_for_each(&mut *each)?;
            at += part.len() as u64;
        }
        Ok(())
    }
}
