//! Files with several names: read once a run, whatever the number of names, by tables on disk.

use std::path::Path;

use crate::model::{Entry, LinkGroup, Meta};
use crate::spool::table::DiskTable;
use crate::tree::{LeafDecoder, LeafEncoder};
use crate::{Error, Result};

fn key(group: &LinkGroup) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&group.dev.to_be_bytes());
    out[8..].copy_from_slice(&group.ino.to_be_bytes());
    out
}

/// The reader's memory: which inodes it read, and what they were then.
#[derive(Default)]
pub(super) struct LinksRead {
    table: Option<DiskTable>,
}

impl LinksRead {
    /// Whether the inode was read in this run and is still as it was.
    pub(super) fn has(&mut self, group: &LinkGroup, meta: &Meta) -> Result<bool> {
        match &mut self.table {
            Some(table) => Ok(table.get(&key(group))? == Some(fingerprint(meta))),
            None => Ok(false),
        }
    }

    pub(super) fn add(&mut self, group: &LinkGroup, meta: &Meta, spool: &Path) -> Result<()> {
        let table = match &mut self.table {
            Some(table) => table,
            None => self.table.insert(DiskTable::create(spool)?),
        };
        table.insert(&key(group), fingerprint(meta)).map(|_| ())
    }
}

/// Two looks at an inode within one run; every change shows in its ctime.
fn fingerprint(meta: &Meta) -> u64 {
    let nanos = (meta.ctime.secs as u64).wrapping_mul(1_000_000_000).wrapping_add(meta.ctime.nanos.into());
    (nanos ^ meta.size.rotate_left(40)) >> 1
}

/// The assembler's memory: the entry of each inode's first name.
#[derive(Default)]
pub(super) struct LinksStored {
    table: Option<DiskTable>,
}

impl LinksStored {
    pub(super) fn add(&mut self, group: &LinkGroup, entry: &Entry, spool: &Path) -> Result<()> {
        let table = match &mut self.table {
            Some(table) => table,
            None => self.table.insert(DiskTable::create(spool)?),
        };
        // A leaf of one entry says all there is to say of it.
        let mut leaf = LeafEncoder::default();
        leaf.add(entry)?;
        let mut bytes = Vec::new();
        leaf.finish(&mut bytes);
        let at = table.keep(&bytes)?;
        table.insert(&key(group), at).map(|_| ())
    }

    /// Fills `entry` from the inode's first name; only its path stays.
    pub(super) fn fill(&mut self, group: &LinkGroup, entry: Entry) -> Result<Entry> {
        let lost = || Error::damaged("the spool lost a file with several names");
        let table = self.table.as_mut().ok_or_else(lost)?;
        let at = table.get(&key(group))?.ok_or_else(lost)?;
        let mut leaf = LeafDecoder::new(table.kept(at)?)?;
        let first = leaf.next()?.ok_or_else(lost)?;
        Ok(Entry { path: entry.path, ..first.clone() })
    }
}
