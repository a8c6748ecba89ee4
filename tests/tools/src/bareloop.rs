//! The least that restoring a tree can take.
//!
//! Before the clock starts, the source is walked and the contents of all its files
//! are read into memory. Then, timed: one thread makes the folders; two threads
//! share the files and, for each, create it, write it whole (one `write` for each
//! MiB), `fchown`, `fchmod` and `futimens` it, and close it; last, one thread sets
//! owner, mode and time of the folders, deepest first. Symbolic links are made and
//! timed too. Nothing is decoded, checked or made durable (no `fsync`); holes are
//! written as zeroes; hard links become files; attributes are left out.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::{
    AtFlags, CWD, Gid, Mode, Timespec, Timestamps, Uid, chmodat, chownat, fchmod, fchown, futimens, utimensat,
};

const THREADS: usize = 2;

/// One thing to make, with its content where it has one.
struct Item {
    path: PathBuf,
    meta: Metadata,
    bytes: Vec<u8>,
}

/// A source tree held in memory.
#[derive(Default)]
pub struct Loaded {
    folders: Vec<Item>,
    files: Vec<Item>,
    links: Vec<(PathBuf, PathBuf)>,
}

impl Loaded {
    /// Reads all of `source`.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(source: &Path) -> io::Result<Self> {
        let mut loaded = Self::default();
        loaded.visit(source, Path::new(""))?;
        Ok(loaded)
    }

    fn visit(&mut self, source: &Path, path: &Path) -> io::Result<()> {
        let here = source.join(path);
        self.folders.push(Item { path: path.to_owned(), meta: fs::symlink_metadata(&here)?, bytes: Vec::new() });
        for entry in fs::read_dir(here)? {
            let entry = entry?;
            let (path, meta) = (path.join(entry.file_name()), entry.metadata()?);
            if meta.is_dir() {
                self.visit(source, &path)?;
            } else if meta.is_symlink() {
                self.links.push((path, fs::read_link(entry.path())?));
            } else if meta.is_file() {
                self.files.push(Item { path, bytes: fs::read(entry.path())?, meta });
            }
        }
        Ok(())
    }

    /// Makes the tree in `target`, which must not exist; gives the time it took.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, target: &Path) -> io::Result<Duration> {
        let start = Instant::now();
        for folder in &self.folders {
            fs::create_dir(target.join(&folder.path))?;
        }
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| self.write_files(target, &next))).collect();
            threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(io::Error::other("panic"))))
        })?;
        for (path, to) in &self.links {
            symlink(to, target.join(path))?;
        }
        self.folders.iter().rev().try_for_each(|folder| finish_folder(&target.join(&folder.path), &folder.meta))?;
        Ok(start.elapsed())
    }

    /// Files and bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.files.len(), self.files.iter().map(|file| file.bytes.len() as u64).sum())
    }

    fn write_files(&self, target: &Path, next: &AtomicUsize) -> io::Result<()> {
        while let Some(item) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut file = File::create_new(target.join(&item.path))?;
            item.bytes.chunks(1 << 20).try_for_each(|part| file.write_all(part))?;
            fchown(&file, Some(Uid::from_raw(item.meta.uid())), Some(Gid::from_raw(item.meta.gid())))?;
            fchmod(&file, Mode::from_raw_mode(item.meta.mode()))?;
            futimens(&file, &times(&item.meta))?;
        }
        Ok(())
    }
}

fn finish_folder(path: &Path, meta: &Metadata) -> io::Result<()> {
    let (uid, gid) = (Uid::from_raw(meta.uid()), Gid::from_raw(meta.gid()));
    chownat(CWD, path, Some(uid), Some(gid), AtFlags::empty())?;
    chmodat(CWD, path, Mode::from_raw_mode(meta.mode()), AtFlags::empty())?;
    Ok(utimensat(CWD, path, &times(meta), AtFlags::empty())?)
}

fn times(meta: &Metadata) -> Timestamps {
    let time = Timespec { tv_sec: meta.mtime(), tv_nsec: meta.mtime_nsec() as _ };
    Timestamps { last_access: time, last_modification: time }
}
