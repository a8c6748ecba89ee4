//! Depth first through the sources, every folder sorted.

use super::cachedir;
use super::excludes::Excludes;
use super::keep::Rules;
use super::record;
use super::roots::{Roots, Step};
use super::scan::Scanner;
use super::shares::Shares;
use super::stack::{Frame, Stack};
use crate::fs::{Folders, NoAtime, meta_of, shown, split};
use atalaya_repo::model::{Kind, Meta};
use atalaya_repo::source::{Batch, Problem, Walk};
use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, OFlags, fstat, statat};
use rustix::io::Errno;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// So many problems are handed over at once, so that they cannot pile up.
const PROBLEMS_MAX: usize = 64;

/// What is walked, and how.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Patterns of what is left out.
    pub excludes: Excludes,
    /// Of folders with a `CACHEDIR.TAG`, keep only the folder and the tag.
    pub exclude_caches: bool,
    /// Leave out files of more bytes.
    pub exclude_larger_than: Option<u64>,
    /// Keep folders on which another file system is mounted, but not what is in them. (Btrfs subvolumes
    /// count as file systems; a bind mount of the same one does not.)
    pub one_file_system: bool,
    /// Folders that are never backed up: the repository, state and spool.
    pub own_folders: Vec<PathBuf>,
    /// Where listings go that do not fit in memory.
    pub spool_dir: PathBuf,
    /// Memory.
    pub shares: Shares,
}

/// Lists sources sorted, with bounded memory. Gives the folders above each source first; the root of the
/// file system is never an entry.
pub struct Walker {
    options: Options,
    own: Vec<(u64, u64)>,
    roots: Roots,
    folders: Folders,
    noatime: NoAtime,
    scanner: Scanner,
    stack: Stack,
    /// The present path.
    path: Vec<u8>,
    problems: Vec<Problem>,
}

impl Walker {
    /// Prepares to walk `sources`.
    ///
    /// # Errors
    /// `NotFound` if none of the sources is there, `Usage` if one lies in an own folder, and what the spool folder refuses.
    pub fn new(sources: &[PathBuf], options: Options) -> Result<Self> {
        let ids = options.own_folders.iter().filter_map(|path| path.metadata().ok());
        let own: Vec<_> = ids.map(|meta| (meta.dev(), meta.ino())).collect();
        let mut problems = Vec::new();
        Ok(Self {
            roots: Roots::new(sources, &own, &mut problems)?,
            folders: Folders::at_root().map_err(|e| Error::io("cannot open /", &e.into()))?,
            noatime: NoAtime::default(),
            scanner: Scanner::new(options.shares),
            stack: Stack::new(options.shares, &options.spool_dir)?,
            path: Vec::new(),
            own,
            options,
            problems,
        })
    }

    /// Lists the next folder above a source, or source; `false` when there is none.
    fn next_root(&mut self, batch: &mut Batch) -> Result<bool> {
        let Some(step) = self.roots.next() else { return Ok(false) };
        let (path, above) = match step {
            Step::Above(path) => (path, true),
            Step::Source(path) => (path, false),
        };
        self.path = path;
        match self.stat_root() {
            Ok(meta) if above && meta.kind != Kind::Dir => self.root_failed(above, Errno::NOTDIR),
            Ok(meta) => {
                if !self.path.is_empty() {
                    batch.push(&self.path, meta);
                }
                if !above && meta.kind == Kind::Dir {
                    self.enter(&meta)?;
                }
            }
            Err(err) => self.root_failed(above, err),
        }
        Ok(true)
    }

    fn stat_root(&mut self) -> rustix::io::Result<Meta> {
        let (folder, name) = split(&self.path);
        let name = if name.is_empty() { b"." } else { name };
        let (dir, _) = self.folders.folder(folder)?;
        statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| meta_of(&stat))
    }

    fn root_failed(&mut self, above: bool, err: Errno) {
        if above {
            self.roots.skip();
        }
        self.problem(format!("cannot be found: {err}; nothing below it was backed up"), true);
    }

    /// Lists the next entry of the present folder, or leaves the folder.
    fn next_entry(&mut self, batch: &mut Batch) -> Result<()> {
        let Some((folder_len, record)) = self.stack.next()? else {
            return self.stack.pop().map(|_| ());
        };
        let (name, meta) = record::decode(record);
        self.path.truncate(folder_len);
        if folder_len > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(name);
        batch.push(&self.path, meta);
        let named = self.roots.is_named(&self.path);
        let device = self.stack.last().map_or(meta.dev, |frame| frame.id.0);
        let elsewhere = self.options.one_file_system && meta.dev != device && !named;
        if meta.kind == Kind::Dir && !elsewhere { self.enter(&meta) } else { Ok(()) }
    }

    /// Goes down into the folder at the present path.
    fn enter(&mut self, meta: &Meta) -> Result<()> {
        let (fd, id) = match self.open(meta) {
            Ok(opened) => opened,
            // Something was mounted there just now.
            Err(Errno::XDEV) => return Ok(()),
            Err(Errno::NOENT) => {
                self.problem("vanished before it was listed".into(), false);
                return Ok(());
            }
            Err(err) => {
                self.problem(format!("cannot be listed: {}", explain(err)), true);
                return Ok(());
            }
        };
        let runs_start = self.stack.runs.end();
        let mut rules = Rules {
            only_tag: self.options.exclude_caches && cachedir::is_tagged(fd.as_fd()),
            path: &mut self.path,
            excludes: &self.options.excludes,
            larger_than: self.options.exclude_larger_than,
            own: &self.own,
            kinds_unknown: false,
        };
        let scan = self.scanner.scan(fd.as_fd(), &mut rules, &mut self.stack.runs)?;
        if let Some(trouble) = scan.trouble {
            self.problem(trouble, true);
        }
        if scan.folders && !self.path.is_empty() {
            self.folders.put(&self.path, fd);
        }
        self.stack.push(Frame { path_len: self.path.len(), id, listing: scan.listing, runs_start, note: Vec::new() })
    }

    /// Opens the folder at the present path; gives its device and inode too.
    fn open(&mut self, meta: &Meta) -> rustix::io::Result<(OwnedFd, (u64, u64))> {
        let (folder, name) = split(&self.path);
        let name = if name.is_empty() { b"." } else { name };
        let (dir, fresh) = self.folders.folder(folder)?;
        if let (true, Some(frame)) = (fresh, self.stack.last())
            && id_of(dir)? != frame.id
        {
            return Err(Errno::STALE);
        }
        let fd = self.noatime.open(dir, name, OFlags::RDONLY | OFlags::DIRECTORY, meta.uid)?;
        let id = id_of(fd.as_fd())?;
        if self.options.one_file_system && id.0 != meta.dev { Err(Errno::XDEV) } else { Ok((fd, id)) }
    }

    /// What was named and not come to: it is excluded, gone, or behind a mount point that the walk does not pass.
    fn tell_missed(&mut self) {
        for path in self.roots.missed() {
            let why = "was named but not come to: it is excluded, vanished, or behind a mount point that --one-file-system leaves out; back it up on its own";
            self.problems.push(Problem { path, why: why.into(), missing: true });
        }
    }

    fn problem(&mut self, why: String, missing: bool) {
        self.problems.push(Problem { path: self.path.clone(), why, missing });
    }
}

impl Walk for Walker {
    fn fill(&mut self, batch: &mut Batch) -> Result<bool> {
        while !batch.is_full() && self.problems.len() < PROBLEMS_MAX {
            if self.stack.last().is_some() {
                self.next_entry(batch)?;
            } else if !self.next_root(batch)? {
                self.tell_missed();
                break;
            }
        }
        batch.problems.append(&mut self.problems);
        Ok(!batch.found.is_empty() || !batch.problems.is_empty())
    }
}

impl std::fmt::Debug for Walker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Walker at {}", shown(&self.path))
    }
}

fn id_of(dir: BorrowedFd<'_>) -> rustix::io::Result<(u64, u64)> {
    fstat(dir).map(|stat| meta_of(&stat)).map(|meta| (meta.dev, meta.ino))
}

fn explain(err: Errno) -> String {
    match err {
        Errno::ACCESS | Errno::PERM => {
            format!("{err}; run the backup as root or with CAP_DAC_READ_SEARCH, or exclude it")
        }
        Errno::STALE | Errno::LOOP | Errno::NOTDIR => {
            "it was replaced while the backup ran; the next one will have it".into()
        }
        _ => err.to_string(),
    }
}
