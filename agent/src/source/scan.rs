//! One folder: `getdents`, `lstat` in inode order, sorted by name.

use super::keep::{Keep, Verdict};
use super::listing::Listing;
use super::merge::{Merge, key, reduce};
use super::record::{self, RECORD_BYTES_MAX};
use super::shares::{DENTS_BYTES, NAME_BYTES_MAX, Shares};
use crate::fs::{SpoolFile, meta_of, shown_name};
use atalaya_repo::Result;
use atalaya_repo::model::Kind;
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, FileType, RawDir, RawDirEntry, statat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::ops::Range;

/// A name that waits for its `lstat`.
struct Slot {
    ino: u64,
    at: u32,
    len: u32,
}

/// A record that waits for being sorted.
struct Key {
    prefix: u64,
    at: u32,
}

/// Lists folders; keeps its buffers from one to the next.
pub(crate) struct Scanner {
    shares: Shares,
    dents: Vec<MaybeUninit<u8>>,
    /// Names with a NUL after each.
    names: Vec<u8>,
    slots: Vec<Slot>,
    records: Vec<u8>,
    keys: Vec<Key>,
}

/// What became of one folder.
pub(crate) struct Scan {
    /// Its entries.
    pub(crate) listing: Listing,
    /// Whether there is a folder among them.
    pub(crate) folders: bool,
    /// What could not be looked at, in one sentence.
    pub(crate) trouble: Option<String>,
}

/// What is known of the folder so far.
#[derive(Default)]
struct Progress {
    runs: Vec<Range<u64>>,
    /// The first name, and how much of it all others begin with.
    first: Vec<u8>,
    shared: usize,
    folders: bool,
    troubles: u64,
    trouble: String,
}

impl Progress {
    fn share(&mut self, name: &[u8]) {
        if self.first.is_empty() {
            self.first.extend_from_slice(name);
            self.shared = name.len();
        }
        let shared = &self.first[..self.shared];
        if !name.starts_with(shared) {
            self.shared = shared.iter().zip(name).take_while(|(a, b)| a == b).count();
        }
    }

    /// A folder may hold a million of them, so only the first is told by name.
    fn note(&mut self, name: &[u8], why: &dyn std::fmt::Display) {
        if self.troubles == 0 {
            self.trouble = format!("\"{}\": {why}", shown_name(name));
        }
        self.troubles += 1;
    }

    fn told(&self) -> Option<String> {
        match self.troubles {
            0 => None,
            1 => Some(format!("cannot look at {}", self.trouble)),
            n => Some(format!("cannot look at {n} of its entries, the first is {}", self.trouble)),
        }
    }
}

impl Scanner {
    /// With the memory that `shares` allow, taken at once and never more.
    pub(crate) fn new(shares: Shares) -> Self {
        let all = shares.sort_bytes.max(4 * RECORD_BYTES_MAX);
        Self {
            shares,
            dents: vec![MaybeUninit::uninit(); DENTS_BYTES],
            names: Vec::with_capacity((all / 8).max(2 * NAME_BYTES_MAX)),
            slots: Vec::with_capacity(all / 8 / size_of::<Slot>()),
            records: Vec::with_capacity(all / 2),
            keys: Vec::with_capacity(all / 4 / size_of::<Key>()),
        }
    }

    /// Lists `dir`, as far as `keep` wants it. Runs of a large folder go to `spool`.
    pub(crate) fn scan(&mut self, dir: BorrowedFd<'_>, keep: &mut dyn Keep, spool: &mut SpoolFile) -> Result<Scan> {
        let mut progress = Progress::default();
        let mut dents = std::mem::take(&mut self.dents);
        let mut raw = RawDir::new(dir, &mut dents);
        while let Some(entry) = raw.next() {
            match entry {
                Ok(entry) => self.take(dir, &entry, keep, &mut progress, spool)?,
                // A folder that was removed meanwhile is an empty one.
                Err(Errno::NOENT) => break,
                Err(err) => {
                    progress.note(b".", &err);
                    break;
                }
            }
        }
        self.dents = dents;
        self.stat_all(dir, keep, &mut progress, spool)?;
        let (folders, trouble) = (progress.folders, progress.told());
        Ok(Scan { listing: self.listing(progress, spool)?, folders, trouble })
    }

    fn take(
        &mut self,
        dir: BorrowedFd<'_>,
        entry: &RawDirEntry<'_>,
        keep: &mut dyn Keep,
        progress: &mut Progress,
        spool: &mut SpoolFile,
    ) -> Result<()> {
        let with_nul = entry.file_name().to_bytes_with_nul();
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            return Ok(());
        }
        let folder = match entry.file_type() {
            FileType::Unknown => None,
            kind => Some(kind == FileType::Directory),
        };
        match keep.name(name, folder) {
            Verdict::Keep if name.len() <= NAME_BYTES_MAX => {}
            Verdict::Keep | Verdict::TooLong => {
                progress.note(name, &"its path is too long (the limit is 64 KiB)");
                return Ok(());
            }
            Verdict::Leave => return Ok(()),
        }
        let room = self.names.capacity() - self.names.len();
        if room < with_nul.len() || self.slots.len() == self.slots.capacity() {
            self.stat_all(dir, keep, progress, spool)?;
        }
        self.slots.push(Slot { ino: entry.ino(), at: self.names.len() as u32, len: with_nul.len() as u32 });
        self.names.extend_from_slice(with_nul);
        Ok(())
    }

    /// `lstat` in the order in which inodes lie on the disk.
    fn stat_all(
        &mut self,
        dir: BorrowedFd<'_>,
        keep: &mut dyn Keep,
        progress: &mut Progress,
        spool: &mut SpoolFile,
    ) -> Result<()> {
        self.slots.sort_unstable_by_key(|slot| slot.ino);
        for i in 0..self.slots.len() {
            let (at, len) = (self.slots[i].at as usize, self.slots[i].len as usize);
            if self.is_full() {
                self.flush(progress, spool)?;
            }
            let Ok(name) = CStr::from_bytes_with_nul(&self.names[at..at + len]) else { continue };
            match statat(dir, name, AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT) {
                Ok(stat) => {
                    let (name, meta) = (name.to_bytes(), meta_of(&stat));
                    if keep.meta(name, &meta) {
                        progress.folders |= meta.kind == Kind::Dir;
                        progress.share(name);
                        self.keys.push(Key { prefix: 0, at: self.records.len() as u32 });
                        record::push(&mut self.records, name, &meta);
                    }
                }
                // It vanished meanwhile.
                Err(Errno::NOENT) => {}
                Err(err) => progress.note(name.to_bytes(), &err),
            }
        }
        self.slots.clear();
        self.names.clear();
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.records.capacity() - self.records.len() < RECORD_BYTES_MAX || self.keys.len() == self.keys.capacity()
    }

    fn sort(&mut self, shared: usize) {
        let records = &self.records;
        self.keys.iter_mut().for_each(|k| k.prefix = key(record::name(&records[k.at as usize..]), shared));
        let name = |key: &Key| record::name(&records[key.at as usize..]);
        self.keys.sort_unstable_by(|a, b| a.prefix.cmp(&b.prefix).then_with(|| name(a).cmp(name(b))));
        // A folder that changes while it is listed may show a name twice.
        self.keys.dedup_by(|a, b| a.prefix == b.prefix && name(a) == name(b));
    }

    /// Gives each record in order to `each` and forgets all.
    fn drain(&mut self, shared: usize, mut each: impl FnMut(&[u8]) -> Result<()>) -> Result<()> {
        self.sort(shared);
        for key in &self.keys {
            let record = &self.records[key.at as usize..];
            each(&record[..record::length(record).unwrap_or_default()])?;
        }
        self.keys.clear();
        self.records.clear();
        Ok(())
    }

    /// Sorts what there is into a run of its own.
    fn flush(&mut self, progress: &mut Progress, spool: &mut SpoolFile) -> Result<()> {
        let start = spool.end();
        let mut out = Vec::with_capacity(64 << 10);
        self.drain(progress.shared, |record| {
            out.extend_from_slice(record);
            if out.len() > (64 << 10) - RECORD_BYTES_MAX {
                spool.append(&out)?;
                out.clear();
            }
            Ok(())
        })?;
        spool.append(&out)?;
        progress.runs.push(start..spool.end());
        Ok(())
    }

    fn listing(&mut self, mut progress: Progress, spool: &mut SpoolFile) -> Result<Listing> {
        if progress.runs.is_empty() && self.records.len() <= self.shares.stack_bytes / 2 {
            let mut bytes = Vec::with_capacity(self.records.len());
            self.drain(progress.shared, |record| {
                bytes.extend_from_slice(record);
                Ok(())
            })?;
            return Ok(Listing::memory(bytes));
        }
        if !self.keys.is_empty() {
            self.flush(&mut progress, spool)?;
        }
        let (runs, shared, fan_in) = (&mut progress.runs, progress.shared, self.shares.fan_in);
        reduce(runs, shared, fan_in, self.shares.run_buffer(fan_in), spool)?;
        let merge = Merge::new(runs, shared, self.shares.run_buffer(runs.len()), spool)?;
        Ok(Listing::Merging { merge, shared })
    }
}
