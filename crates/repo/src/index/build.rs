//! Writes a run: records come sorted by id, everything streams.

use std::io::Write;

use sha2::{Digest, Sha256};

use super::record::{RECORD_BYTES, Record};
use super::run::{FOOT_MAGIC, LOCAL, MAGIC, PAGE_BYTES, PAGE_RECORDS, SIGNATURE_BYTES, VERSION};
use crate::crypto::SealKey;
use crate::keys::Keyring;
use crate::pack::PackInfo;
use crate::{Error, Result};

/// A run being written to `out`.
pub(crate) struct RunBuilder<'a, W: Write> {
    keyring: &'a Keyring,
    out: W,
    pub(crate) id: [u8; 16],
    key: SealKey,
    hash: Sha256,
    page: Vec<u8>,
    firsts: Vec<u32>,
    records: u64,
    packs: u32,
}

/// A whole run of a few packs, and its id. `records` count through `packs`, and are sorted here.
pub(crate) fn run_of(keyring: &Keyring, packs: &[PackInfo], records: &mut [Record]) -> Result<([u8; 16], Vec<u8>)> {
    records.sort_unstable_by_key(|record| record.blob.id);
    let mut builder = RunBuilder::new(keyring, Vec::new())?;
    let id = builder.id;
    records.iter().try_for_each(|record| builder.record(record))?;
    packs.iter().try_for_each(|pack| builder.pack(pack))?;
    Ok((id, builder.finish(&[], true)?))
}

impl<'a, W: Write> RunBuilder<'a, W> {
    pub(crate) fn new(keyring: &'a Keyring, out: W) -> Result<Self> {
        let id = crate::crypto::random()?;
        let key = keyring.index_key("index run", &id)?;
        let mut builder = Self {
            keyring,
            out,
            id,
            key,
            hash: Sha256::new(),
            page: Vec::with_capacity(PAGE_BYTES),
            firsts: Vec::new(),
            records: 0,
            packs: 0,
        };
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&[VERSION, keyring.cipher().number(), 0, 0]);
        head.extend_from_slice(&keyring.config.id);
        head.extend_from_slice(&id);
        builder.write(&head)?;
        Ok(builder)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.out.write_all(bytes).map_err(|err| Error::io("cannot write an index run", &err))
    }

    /// The next record; ids never decrease.
    pub(crate) fn record(&mut self, record: &Record) -> Result<()> {
        let id = &record.blob.id.0;
        if self.page.is_empty() {
            self.firsts.push(u32::from_be_bytes([id[0], id[1], id[2], id[3]]));
        }
        self.page.extend_from_slice(&record.encode());
        self.records += 1;
        if self.page.len() == PAGE_RECORDS * RECORD_BYTES { self.close_page() } else { Ok(()) }
    }

    fn close_page(&mut self) -> Result<()> {
        if self.page.is_empty() {
            return Ok(());
        }
        let mut page = std::mem::take(&mut self.page);
        page.resize(PAGE_RECORDS * RECORD_BYTES, 0);
        let number = self.firsts.len() as u64 - 1;
        let tag = self.key.seal(number, &self.id, &mut page)?;
        page.extend_from_slice(&tag);
        self.write(&page)?;
        page.clear();
        self.page = page;
        Ok(())
    }

    /// The next row of the pack table; all records come before.
    pub(crate) fn pack(&mut self, pack: &PackInfo) -> Result<()> {
        self.close_page()?;
        self.packs += 1;
        self.write(&pack.id.0)?;
        self.write(&[pack.kind.number(), 0, 0, 0])?;
        self.write(&pack.len.to_be_bytes())?;
        self.write(&pack.checksum)
    }

    /// Ends the run. A signed one goes into the store; an unsigned one stays on this machine.
    pub(crate) fn finish(mut self, replaced: &[[u8; 16]], signed: bool) -> Result<W> {
        self.close_page()?;
        for id in replaced {
            self.write(id)?;
        }
        for first in std::mem::take(&mut self.firsts) {
            self.write(&first.to_be_bytes())?;
        }
        let signer = if signed { self.keyring.material.member } else { LOCAL };
        self.write(&self.records.to_be_bytes())?;
        self.write(&self.packs.to_be_bytes())?;
        self.write(&(replaced.len() as u32).to_be_bytes())?;
        self.write(&signer.to_be_bytes())?;
        self.write(FOOT_MAGIC)?;
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        let mut signature = [0; SIGNATURE_BYTES];
        if signed {
            signature = self.keyring.signer.sign(&hash);
        } else {
            // Nobody has to believe it, but decay should show.
            signature[..32].copy_from_slice(&hash);
        }
        self.write(&signature)?;
        self.out.flush().map_err(|err| Error::io("cannot write an index run", &err))?;
        Ok(self.out)
    }
}
