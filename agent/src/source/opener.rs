//! Opens what the walk found.

use super::open_file::{OpenFile, SPARSE_FROM_BYTES};
use super::xattrs::{Of, Reader};
use crate::fs::{Folders, NoAtime, meta_of, same_inode, split};
use atalaya_repo::model::{Kind, Meta};
use atalaya_repo::source::{Extra, Open, Problem};
use atalaya_repo::{Error, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{OFlags, fstat, readlinkat};
use rustix::io::Errno;
use std::time::Duration;

/// So often, and with such pauses, a file is tried again whose lease another program (Samba, mostly) must give back first.
const LEASE_TRIES: u32 = 20;
const LEASE_PAUSE: Duration = Duration::from_millis(50);

/// Opens files relative to their folders, and reads what belongs to a path beside `lstat`.
#[derive(Debug)]
pub struct Opener {
    folders: Folders,
    noatime: NoAtime,
    xattrs: Reader,
    link: Vec<u8>,
}

impl Opener {
    /// Paths are relative to the root of the file system.
    ///
    /// # Errors
    /// If even that cannot be opened.
    pub fn new() -> Result<Self> {
        let folders = Folders::at_root().map_err(|e| Error::io("cannot open /", &e.into()))?;
        Ok(Self { folders, noatime: NoAtime::default(), xattrs: Reader::new(), link: Vec::new() })
    }

    fn open_fd(&mut self, path: &[u8], meta: &Meta) -> rustix::io::Result<OwnedFd> {
        let (folder, name) = split(path);
        let (dir, _) = self.folders.folder(folder)?;
        for _ in 0..LEASE_TRIES {
            match self.noatime.open(dir, name, OFlags::RDONLY, meta.uid) {
                Err(Errno::AGAIN) => std::thread::sleep(LEASE_PAUSE),
                result => return result,
            }
        }
        Err(Errno::AGAIN)
    }

    fn try_open(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> rustix::io::Result<OpenFile> {
        let fd = self.open_fd(path, meta)?;
        // Of a tiny file it is enough to look once, after reading. An empty one is not read.
        let tiny = (1..SPARSE_FROM_BYTES).contains(&meta.size);
        let stat = if tiny { None } else { Some(fstat(&fd)?) };
        if stat.is_some_and(|stat| !same_inode(&meta_of(&stat), meta)) {
            return Err(Errno::STALE);
        }
        self.xattrs.read(&Of::File(fd.as_fd()), meta.dev, extra)?;
        Ok(match stat {
            Some(stat) => OpenFile::looked_at(fd, meta, &stat),
            None => OpenFile::new(fd, meta),
        })
    }

    fn try_describe(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> rustix::io::Result<()> {
        let (folder, name) = split(path);
        let name = if name.is_empty() { b"." } else { name };
        let (dir, _) = self.folders.folder(folder)?;
        if meta.kind == Kind::Symlink {
            let target = readlinkat(dir, name, std::mem::take(&mut self.link))?;
            extra.target.extend_from_slice(target.as_bytes());
            self.link = target.into_bytes();
        }
        self.xattrs.read(&Of::Name(dir, name), meta.dev, extra)
    }
}

impl Open for Opener {
    type File = OpenFile;

    fn open(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> std::result::Result<OpenFile, Problem> {
        extra.clear();
        self.try_open(path, meta, extra).map_err(|err| problem(path, err))
    }

    fn another(&self) -> Result<Self> {
        Self::new()
    }

    fn describe(&mut self, path: &[u8], meta: &Meta, extra: &mut Extra) -> std::result::Result<(), Problem> {
        extra.clear();
        self.try_describe(path, meta, extra).map_err(|err| problem(path, err))
    }
}

fn problem(path: &[u8], err: Errno) -> Problem {
    let why = match err {
        Errno::NOENT => "vanished before it was read".into(),
        Errno::ACCESS | Errno::PERM => {
            format!("cannot be opened: {err}; run the backup as root or with CAP_DAC_READ_SEARCH, or exclude it")
        }
        Errno::LOOP | Errno::NOTDIR | Errno::STALE | Errno::NXIO | Errno::INVAL => {
            "was replaced by something else while the backup ran; the next one will have it".into()
        }
        Errno::AGAIN => "cannot be opened: another program keeps a lease on it".into(),
        err => format!("cannot be opened: {err}"),
    };
    Problem { path: path.to_vec(), why, missing: err != Errno::NOENT }
}
