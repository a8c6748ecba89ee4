//! A wrapper that keeps what was read of a store far away in a file of this machine: listings of folders, which are read again and
//! again while somebody looks around.
//!
//! The file has as many bytes as it may have, and places in it of one size; holes take no room on the disk. Nothing is counted and
//! nobody waits for anybody: whatever is found in a place has a sum over what it is and what it says, so what another process
//! writes at that moment, or a disk altered, is nothing found. When all places are taken where something may stand, what was
//! used longest ago goes.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::limits::{CACHE_HEAD_BYTES, CACHE_PLACE_BYTES, CACHE_PLACES_EACH};
use crate::{Body, Entry, Result, SpoolFile, Store};

/// What is worth it: packs of folder listings. Content is read once, and all else is on this machine anyway.
const WORTH: &str = "tree/";

/// Keeps what is read, in a file that is never longer than it may be.
pub struct Cached<S> {
    inner: S,
    /// What its names are names of.
    place: String,
    file: Option<File>,
    /// Groups of places; what something is called says in which it stands.
    groups: u64,
    /// A disk that is full or gone: all goes on without.
    failed: AtomicBool,
}

impl<S> fmt::Debug for Cached<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cached").field("place", &self.place).field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// What stands at the beginning of a place.
struct Head {
    id: [u8; 16],
    /// Microseconds since 1970. A clock that is wrong makes worse choices and no wrong bytes.
    used: u64,
    len: u32,
    sum: [u8; 32],
}

impl Head {
    fn write(&self) -> [u8; CACHE_HEAD_BYTES] {
        let mut bytes = [0; CACHE_HEAD_BYTES];
        bytes[..16].copy_from_slice(&self.id);
        bytes[16..24].copy_from_slice(&self.used.to_be_bytes());
        bytes[24..28].copy_from_slice(&self.len.to_be_bytes());
        bytes[32..].copy_from_slice(&self.sum);
        bytes
    }

    fn read(file: &File, at: u64) -> Option<Self> {
        let mut bytes = [0; CACHE_HEAD_BYTES];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(Self {
            id: bytes[..16].try_into().ok()?,
            used: u64::from_be_bytes(bytes[16..24].try_into().ok()?),
            len: u32::from_be_bytes(bytes[24..28].try_into().ok()?),
            sum: bytes[32..].try_into().ok()?,
        })
    }
}

impl<S: Store> Cached<S> {
    /// Keeps at most `bytes_max` bytes of what is read from `inner` in the file at `path`, which others may use at the same time,
    /// also for other stores. Where it cannot be made, nothing is kept.
    pub fn new(inner: S, path: &Path, bytes_max: u64) -> Self {
        let groups = bytes_max / (CACHE_PLACE_BYTES * CACHE_PLACES_EACH);
        let open = || {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
            file.set_len(groups * CACHE_PLACE_BYTES * CACHE_PLACES_EACH)?;
            Ok::<_, std::io::Error>(file)
        };
        let file = if groups == 0 { None } else { open().ok() };
        Self { place: inner.place(), inner, file, groups, failed: AtomicBool::new(false) }
    }

    /// Where what is called `id` may stand.
    fn places(&self, id: &[u8; 16]) -> impl Iterator<Item = u64> + use<S> {
        let number = id.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        let begin = number % self.groups * CACHE_PLACES_EACH;
        (begin..begin + CACHE_PLACES_EACH).map(|place| place * CACHE_PLACE_BYTES)
    }

    /// Fills `buf` with what is called `id`; whether it was there and whole.
    fn find(&self, file: &File, id: &[u8; 16], buf: &mut [u8]) -> bool {
        for at in self.places(id) {
            let Some(head) = Head::read(file, at).filter(|head| head.id == *id && head.len as usize == buf.len())
            else {
                continue;
            };
            if file.read_exact_at(buf, at + CACHE_HEAD_BYTES as u64).is_ok() && sum(id, buf) == head.sum {
                let used = Head { used: now(), ..head };
                self.heed(file.write_all_at(&used.write(), at));
                return true;
            }
        }
        false
    }

    fn keep(&self, file: &File, id: [u8; 16], bytes: &[u8]) {
        let used = |at: &u64| Head::read(file, *at).map_or(0, |head| head.used);
        let oldest = self.places(&id).min_by_key(used);
        if let Some(at) = oldest {
            let head = Head { id, used: now(), len: bytes.len() as u32, sum: sum(&id, bytes) };
            self.heed(file.write_all_at(&[&head.write()[..], bytes].concat(), at));
        }
    }

    /// What is called `id` stands nowhere any more.
    fn give_up(&self, file: &File, id: &[u8; 16]) {
        for at in self.places(id).filter(|at| Head::read(file, *at).is_some_and(|head| head.id == *id)) {
            self.heed(file.write_all_at(&[0; CACHE_HEAD_BYTES], at));
        }
    }

    /// The file, for what is worth being kept in it.
    fn file_for(&self, name: &str, len: usize) -> Option<&File> {
        let fits = len as u64 + CACHE_HEAD_BYTES as u64 <= CACHE_PLACE_BYTES;
        let worth = name.starts_with(WORTH) && fits && len > 0 && !self.failed.load(Ordering::Relaxed);
        self.file.as_ref().filter(|_| worth)
    }

    fn heed(&self, done: std::io::Result<()>) {
        if done.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    fn id(&self, name: &str, offset: u64, len: usize) -> [u8; 16] {
        let all = Sha256::digest(format!("{}\n{name}\n{offset}\n{len}", self.place));
        let mut id = [0; 16];
        id.copy_from_slice(&all[..16]);
        id
    }
}

/// Over what it is and what it says: a part of one thing is never taken for another.
fn sum(id: &[u8; 16], bytes: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(id).chain_update(bytes).finalize().into()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

impl<S: Store> Store for Cached<S> {
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        let Some(file) = self.file_for(name, buf.len()) else { return self.inner.get(name, offset, buf) };
        let id = self.id(name, offset, buf.len());
        if self.find(file, &id, buf) {
            return Ok(());
        }
        self.inner.get(name, offset, buf)?;
        self.keep(file, id, buf);
        Ok(())
    }

    fn get_anew(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<bool> {
        let Some(file) = self.file_for(name, buf.len()) else { return Ok(false) };
        let id = self.id(name, offset, buf.len());
        self.give_up(file, &id);
        self.inner.get(name, offset, buf)?;
        self.keep(file, id, buf);
        Ok(true)
    }

    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        self.inner.put(name, body)
    }
    fn sync(&self) -> Result<()> {
        self.inner.sync()
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        self.inner.list(prefix, each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        self.inner.stat(name)
    }
    fn delete(&self, name: &str) -> Result<()> {
        self.inner.delete(name)
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        self.inner.spool(fallback)
    }
    fn free(&self) -> Result<Option<u64>> {
        self.inner.free()
    }
    fn only_adds(&self) -> Result<bool> {
        self.inner.only_adds()
    }
    fn puts_at_once(&self) -> usize {
        self.inner.puts_at_once()
    }
    fn rest(&self) {
        self.inner.rest();
    }
    fn place(&self) -> String {
        self.inner.place()
    }
}
