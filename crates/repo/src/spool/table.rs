//! A hash table on disk: 16-byte keys to numbers, and a log of byte strings that they may point to.
//!
//! Memory does not grow with the number of keys. One look-up is one read of a page, mostly.

use crate::{Error, Result};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Key and value; a value is stored plus one, so that zeros are a free slot.
const SLOT_BYTES: usize = 24;
/// Slots that are read at once.
const PAGE_SLOTS: usize = 128;
const PAGE_BYTES: usize = PAGE_SLOTS * SLOT_BYTES;
/// Pages of a new table.
const FIRST_PAGES: u64 = 16;

/// See the module.
#[derive(Debug)]
pub struct DiskTable {
    dir: PathBuf,
    slots: File,
    pages: u64,
    len: u64,
    log: File,
    log_end: u64,
    page: Box<[u8; PAGE_BYTES]>,
    /// Keyed anew for each table: keys may come from a hostile snapshot.
    hash: RandomState,
}

/// Where a key is, or where it would go: byte position in the file of slots, and its value.
struct Place {
    at: u64,
    value: Option<u64>,
}

impl DiskTable {
    /// An empty table with its files in `dir`; they have no names.
    ///
    /// # Errors
    /// When files cannot be made there.
    pub fn create(dir: &Path) -> Result<Self> {
        let slots = nameless(dir, "slots", FIRST_PAGES * PAGE_BYTES as u64)?;
        let log = nameless(dir, "log", 0)?;
        let page = Box::new([0; PAGE_BYTES]);
        Ok(Self { dir: dir.into(), slots, pages: FIRST_PAGES, len: 0, log, log_end: 0, page, hash: RandomState::new() })
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn get(&mut self, key: &[u8; 16]) -> Result<Option<u64>> {
        self.find(key).map(|place| place.value)
    }

    /// Sets the value of `key`, and says what it was. `u64::MAX` cannot be a value.
    ///
    /// # Errors
    /// When the spool cannot be read or written.
    pub fn insert(&mut self, key: &[u8; 16], value: u64) -> Result<Option<u64>> {
        if self.len >= self.pages * (PAGE_SLOTS as u64) / 4 * 3 {
            self.grow()?;
        }
        let place = self.find(key)?;
        self.len += u64::from(place.value.is_none());
        self.put(key, value, place.at)?;
        Ok(place.value)
    }

    /// Number of keys.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps `bytes` and says where.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub fn keep(&mut self, bytes: &[u8]) -> Result<u64> {
        let at = self.log_end;
        let len = (bytes.len() as u32).to_le_bytes();
        self.log.write_all_at(&len, at).and_then(|()| self.log.write_all_at(bytes, at + 4)).map_err(|e| write(&e))?;
        self.log_end += 4 + bytes.len() as u64;
        Ok(at)
    }

    /// What was kept at `at`.
    ///
    /// # Errors
    /// When the spool cannot be read.
    pub fn kept(&self, at: u64) -> Result<Vec<u8>> {
        let mut len = [0; 4];
        self.log.read_exact_at(&mut len, at).map_err(|e| read(&e))?;
        let mut bytes = vec![0; u32::from_le_bytes(len) as usize];
        self.log.read_exact_at(&mut bytes, at + 4).map_err(|e| read(&e))?;
        Ok(bytes)
    }

    fn find(&mut self, key: &[u8; 16]) -> Result<Place> {
        let mut page = self.hash.hash_one(key) % self.pages;
        loop {
            let at = page * PAGE_BYTES as u64;
            self.slots.read_exact_at(&mut self.page[..], at).map_err(|e| read(&e))?;
            for (i, slot) in self.page.as_chunks::<SLOT_BYTES>().0.iter().enumerate() {
                let (found, value) = parts(slot);
                if value == 0 || found == *key {
                    return Ok(Place { at: at + (i * SLOT_BYTES) as u64, value: value.checked_sub(1) });
                }
            }
            page = (page + 1) % self.pages;
        }
    }

    fn put(&self, key: &[u8; 16], value: u64, at: u64) -> Result<()> {
        let mut slot = [0; SLOT_BYTES];
        slot[..16].copy_from_slice(key);
        slot[16..].copy_from_slice(&(value + 1).to_le_bytes());
        self.slots.write_all_at(&slot, at).map_err(|e| write(&e))
    }

    /// Moves everything into a file four times as large.
    fn grow(&mut self) -> Result<()> {
        let old_pages = self.pages;
        let larger = nameless(&self.dir, "slots", 4 * old_pages * PAGE_BYTES as u64)?;
        let old = std::mem::replace(&mut self.slots, larger);
        self.pages = 4 * old_pages;
        let mut page = Box::new([0; PAGE_BYTES]);
        for number in 0..old_pages {
            old.read_exact_at(&mut page[..], number * PAGE_BYTES as u64).map_err(|e| read(&e))?;
            for slot in page.as_chunks::<SLOT_BYTES>().0 {
                if let (key, 1..) = parts(slot) {
                    let place = self.find(&key)?;
                    self.put(&key, parts(slot).1 - 1, place.at)?;
                }
            }
        }
        Ok(())
    }
}

fn parts(slot: &[u8; SLOT_BYTES]) -> ([u8; 16], u64) {
    let (mut key, mut value) = ([0; 16], [0; 8]);
    key.copy_from_slice(&slot[..16]);
    value.copy_from_slice(&slot[16..]);
    (key, u64::from_le_bytes(value))
}

fn nameless(dir: &Path, what: &str, len: u64) -> Result<File> {
    let open = |path: &Path| -> std::io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        std::fs::remove_file(path)?;
        file.set_len(len)?;
        Ok(file)
    };
    // Two tables may be made at once; names live for a moment only.
    (0..64)
        .map(|n| open(&dir.join(format!(".atalaya-table-{what}-{}-{n}", std::process::id()))))
        .find(|result| !matches!(result, Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists))
        .unwrap_or_else(|| Err(std::io::ErrorKind::AlreadyExists.into()))
        .map_err(|e| Error::io(&format!("cannot make a spool file in {}", dir.display()), &e))
}

fn read(err: &std::io::Error) -> Error {
    Error::io("cannot read back from the spool folder", err)
}

fn write(err: &std::io::Error) -> Error {
    Error::io("cannot write to the spool folder", err)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(n: u64) -> [u8; 16] {
        u128::from(n % 7).wrapping_shl(64).wrapping_add(u128::from(n)).to_le_bytes()
    }

    #[test]
    fn keeps_what_it_was_given() {
        let dir = tempfile::tempdir().unwrap();
        let mut table = DiskTable::create(dir.path()).unwrap();
        assert_eq!(table.get(&[0; 16]).unwrap(), None);
        for n in 0..20_000 {
            assert_eq!(table.insert(&key(n), n).unwrap(), None);
        }
        assert_eq!(table.insert(&key(5), 99).unwrap(), Some(5));
        assert_eq!((table.len(), table.get(&key(5)).unwrap()), (20_000, Some(99)));
        for n in 6..20_000 {
            assert_eq!(table.get(&key(n)).unwrap(), Some(n));
        }
        assert_eq!(table.get(&key(20_000)).unwrap(), None);
        let (a, b) = (table.keep(b"first").unwrap(), table.keep(b"").unwrap());
        assert_eq!((table.kept(a).unwrap(), table.kept(b).unwrap()), (b"first".to_vec(), vec![]));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
