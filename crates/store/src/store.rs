//! The contract of a store.

use std::fs::File;
use std::path::Path;

use crate::Result;

/// One object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Full name, as given to `put`.
    pub name: String,
    /// Length in bytes.
    pub len: u64,
}

/// What is put: bytes that can be read again if a wrapper has to try once more.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// Held in memory.
    Bytes(&'a [u8]),
    /// Written to a file before.
    File(&'a SpoolFile),
}

/// A file that a body was written to, complete before it is put.
///
/// Made by [`Store::spool`]. The file has no name of its own where the file
/// system allows that, so a killed process leaves nothing behind. Dropping it
/// removes it.
#[derive(Debug)]
pub struct SpoolFile {
    /// Open for reading and writing.
    pub file: File,
    /// The temporary name, where the file system cannot do without.
    pub path: Option<std::path::PathBuf>,
}

impl Drop for SpoolFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path {
            // Already renamed into the store, or nothing that can be done about it.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Named blobs somewhere.
///
/// Names are relative, `/`-separated, of `[A-Za-z0-9._-]` components that do not
/// start with a dot; at most 200 bytes. Objects are immutable: written once,
/// whole, and later only deleted.
///
/// An implementer guarantees:
/// * `put` is atomic: a reader sees the whole object or none, also when the
///   process is killed. An existing name is never overwritten: `Kind::Exists`.
/// * after `sync` returns, everything that was put before by this process survives a power cut;
///   `put` alone promises that what is seen under the name is whole, also after
///   a power cut, but it may be gone.
/// * `get` gives exactly the bytes that were put, or an error; it never gives fewer.
///
/// A caller may assume nothing about the order of a listing, nor that a listing
/// made while others write is complete.
pub trait Store: Send + Sync {
    /// Stores `body` under `name`.
    fn put(&self, name: &str, body: Body<'_>) -> Result<()>;

    /// Makes everything put so far durable.
    fn sync(&self) -> Result<()>;

    /// Fills `buf` from `offset`; an object too short is `Kind::Truncated`.
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()>;

    /// Calls `each` for every object whose name starts with `prefix` (a whole
    /// component path ending in `/`, or empty for all). An absent prefix is an empty listing.
    /// Memory does not grow with the number of objects.
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()>;

    /// Length of `name` in bytes.
    fn stat(&self, name: &str) -> Result<u64>;

    /// Removes `name`; `Kind::NotFound` when it is not there.
    fn delete(&self, name: &str) -> Result<()>;

    /// An empty spool file, on the store's own file system if that makes a later
    /// `put` a rename, else in `fallback`.
    fn spool(&self, fallback: &Path) -> Result<SpoolFile>;

    /// Bytes free in the store, where that can be known.
    fn free(&self) -> Result<Option<u64>> {
        Ok(None)
    }

    /// Whether whoever asks is known to have no right to delete here. Else nobody can tell before it is tried.
    fn only_adds(&self) -> Result<bool> {
        Ok(false)
    }

    /// How many puts at once this store does best with. Each takes memory, so there are never many.
    fn puts_at_once(&self) -> usize {
        1
    }

    /// For a while nothing is asked, and memory is needed for something else: what can be had again is given up.
    fn rest(&self) {}

    /// As `get`, past any memory of what was read before, which is given up: for what is not what it should be, and may have been put
    /// right in the store since. `false` where nothing is remembered, so that `get` would give the same.
    fn get_anew(&self, _name: &str, _offset: u64, _buf: &mut [u8]) -> Result<bool> {
        Ok(false)
    }

    /// For messages to people: `/mnt/usb/nas`, `sftp://…` without secrets.
    fn place(&self) -> String;
}

impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        (**self).put(name, body)
    }
    fn sync(&self) -> Result<()> {
        (**self).sync()
    }
    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        (**self).get(name, offset, buf)
    }
    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        (**self).list(prefix, each)
    }
    fn stat(&self, name: &str) -> Result<u64> {
        (**self).stat(name)
    }
    fn delete(&self, name: &str) -> Result<()> {
        (**self).delete(name)
    }
    fn spool(&self, fallback: &Path) -> Result<SpoolFile> {
        (**self).spool(fallback)
    }
    fn free(&self) -> Result<Option<u64>> {
        (**self).free()
    }
    fn only_adds(&self) -> Result<bool> {
        (**self).only_adds()
    }
    fn puts_at_once(&self) -> usize {
        (**self).puts_at_once()
    }
    fn rest(&self) {
        (**self).rest();
    }
    fn get_anew(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<bool> {
        (**self).get_anew(name, offset, buf)
    }
    fn place(&self) -> String {
        (**self).place()
    }
}
