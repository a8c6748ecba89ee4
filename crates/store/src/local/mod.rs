//! A store in a folder.
//!
//! An object is written to a file without a name, made durable, and then given
//! its name by a hard link, which never overwrites: readers see a whole object
//! or none. Where a kernel (before 3.11) or file system has no such files, or no
//! hard links, the steps in [`publish`] do the same by other means.

mod list;
mod publish;
mod touched;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstatvfs, openat, statat, unlinkat};
use rustix::io::{Errno, pread, retry_on_intr};

use crate::{Body, Entry, Error, Kind, Result, SpoolFile, Store, check_name, check_prefix, spool};
use touched::Touched;

/// Holds named spool files. A name with a leading dot is no object name.
const SPOOL_FOLDER: &str = ".tmp";

/// Objects as files below one folder.
///
/// Symbolic links below it are not followed: they are no objects.
#[derive(Debug)]
pub struct LocalStore {
    root: OwnedFd,
    path: PathBuf,
    touched: Touched,
    /// Cleared once an anonymous file turns out not to be usable here.
    anonymous: AtomicBool,
    /// Cleared by tests only, to take the paths of poorer file systems.
    links: AtomicBool,
    noreplace: AtomicBool,
    /// Held where "is it there" and "rename" are two steps.
    renaming: Mutex<()>,
}

impl LocalStore {
    /// Opens the store in the folder `path`.
    ///
    /// # Errors
    /// `Kind::NotFound` when it is not there, `Kind::Denied` when it may not be read.
    pub fn open(path: &Path) -> Result<Self> {
        let what = || format!("open {}", path.display());
        let path = path.canonicalize().map_err(|err| Error::io(&what(), &err))?;
        let root = openat(CWD, &path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|err| Error::io(&what(), &err.into()))?;
        // A store that only reads cannot clean and need not.
        let _ = spool::remove_stale_spools(&path.join(SPOOL_FOLDER));
        Ok(Self {
            root,
            path,
            touched: Touched::default(),
            anonymous: AtomicBool::new(true),
            links: AtomicBool::new(true),
            noreplace: AtomicBool::new(true),
            renaming: Mutex::new(()),
        })
    }

    /// Makes the folder `path`, unless it is there, and opens it. Its parent must
    /// exist: a mount that is missing must not become a folder on the system disk.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        match rustix::fs::mkdir(path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(err) => return Err(Error::io(&format!("create {}", path.display()), &err.into())),
        }
        let store = Self::open(path)?;
        let parent = openat(&store.root, "..", OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        // Not readable for us is no reason to refuse: then somebody else made the folder.
        if let Ok(parent) = parent {
            let _ = rustix::fs::fsync(parent);
        }
        Ok(store)
    }

    /// Does without anonymous files, hard links or `RENAME_NOREPLACE`, as some file systems must.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn without(mut self, anonymous: bool, links: bool, noreplace: bool) -> Self {
        self.anonymous = AtomicBool::new(!anonymous);
        self.links = AtomicBool::new(!links);
        self.noreplace = AtomicBool::new(!noreplace);
        self
    }

    /// Which folder is full or not to be written is what a person has to know.
    fn refused(&self, err: Error) -> Error {
        match err.kind {
            Kind::Full | Kind::Denied => {
                Error { text: format!("cannot write to {}: {}", self.place(), err.text), ..err }
            }
            _ => err,
        }
    }

    fn open_object(&self, name: &str) -> std::result::Result<OwnedFd, Errno> {
        // NONBLOCK: a pipe put there by mistake must not hang a backup.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        retry_on_intr(|| openat(&self.root, name, flags, Mode::empty()))
    }
}

impl Store for LocalStore {
    fn put(&self, name: &str, body: Body<'_>) -> Result<()> {
        check_name(name)?;
        self.put_checked(name, body).map_err(|err| self.refused(err))
    }

    fn sync(&self) -> Result<()> {
        self.touched.sync(&self.root).map_err(|err| self.refused(err))
    }

    fn get(&self, name: &str, offset: u64, buf: &mut [u8]) -> Result<()> {
        check_name(name)?;
        let what = || format!("read {name}");
        let fd = self.open_object(name).map_err(|err| read_error(&what(), err))?;
        if buf.is_empty() && length(&fd).map_err(|err| read_error(&what(), err))? < offset {
            return Err(short(name, offset, 0));
        }
        let mut done = 0;
        while done < buf.len() {
            let at = offset.saturating_add(done as u64);
            if i64::try_from(at).is_err() {
                return Err(short(name, offset, buf.len()));
            }
            let want = &mut buf[done..];
            match retry_on_intr(|| pread(&fd, &mut *want, at)) {
                Ok(0) => return Err(short(name, offset, buf.len())),
                Ok(got) => done += got,
                Err(err) => return Err(read_error(&what(), err)),
            }
        }
        Ok(())
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(&Entry) -> Result<()>) -> Result<()> {
        check_prefix(prefix)?;
        list::list(&self.root, prefix, each)
    }

    fn stat(&self, name: &str) -> Result<u64> {
        check_name(name)?;
        let what = || format!("look at {name}");
        let stat = statat(&self.root, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|err| read_error(&what(), err))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(Error::new(Kind::NotFound, format!("{}: not a file", what())));
        }
        u64::try_from(stat.st_size).map_err(|_| Error::new(Kind::Io, format!("{}: impossible length", what())))
    }

    fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let deleted = unlinkat(&self.root, name, AtFlags::empty());
        deleted.map_err(|err| self.refused(read_error(&format!("delete {name}"), err)))?;
        self.touched.add(publish::split(name).0);
        Ok(())
    }

    fn spool(&self, _fallback: &Path) -> Result<SpoolFile> {
        self.spool_here().map_err(|err| self.refused(err))
    }

    fn free(&self) -> Result<Option<u64>> {
        let stat =
            fstatvfs(&self.root).map_err(|err| Error::io(&format!("ask for room in {}", self.place()), &err.into()))?;
        Ok(Some(stat.f_bavail.saturating_mul(stat.f_frsize)))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

/// Length of a regular file; anything else is no object.
fn length(fd: &OwnedFd) -> std::result::Result<u64, Errno> {
    let stat = rustix::fs::fstat(fd)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(Errno::ISDIR);
    }
    u64::try_from(stat.st_size).map_err(|_| Errno::OVERFLOW)
}

/// A folder, a link, or a file where a folder should be: no such object.
fn read_error(what: &str, err: Errno) -> Error {
    match err {
        Errno::NOTDIR | Errno::ISDIR | Errno::LOOP => Error::new(Kind::NotFound, format!("{what}: no such object")),
        err => Error::io(what, &io::Error::from(err)),
    }
}

fn short(name: &str, offset: u64, len: usize) -> Error {
    Error::new(Kind::Truncated, format!("read {name}: it ends before {len} bytes from {offset}"))
}
