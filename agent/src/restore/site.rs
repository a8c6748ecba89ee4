//! Where things are restored to, shared by all threads.

use super::clock::Clock;
use super::tally::Tally;
use super::temp::Temps;
use crate::fs::Folders;
use atalaya_repo::view::View;
use atalaya_repo::{Error, Kind, Result};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Who restores: what new files belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Me {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Bits that the system takes away from modes of new files.
    pub(crate) umask: u32,
}

/// See the module.
pub(crate) struct Site<'a> {
    pub(crate) view: &'a dyn View,
    pub(crate) tally: Tally<'a>,
    pub(crate) me: Me,
    /// Device and inode of folders that are never deleted.
    pub(crate) own: Vec<(u64, u64)>,
    pub(crate) temps: Temps,
    pub(crate) clock: Clock,
    root: OwnedFd,
    /// Open folders, one set for each thread that is at work.
    pool: Mutex<Vec<Folders>>,
}

/// The folder that was named.
pub(crate) struct Target {
    pub(crate) fd: OwnedFd,
    /// It was not there before.
    pub(crate) created: bool,
}

impl Me {
    /// Asks the system.
    #[allow(clippy::unnecessary_cast)]
    pub(crate) fn new() -> Self {
        // It can only be read by setting it. For the moment between, files of other threads get less, not more.
        let old = rustix::process::umask(Mode::RWXG | Mode::RWXO);
        rustix::process::umask(old);
        Self {
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            umask: old.bits() as u32,
        }
    }
}

impl Target {
    /// Opens or makes the folder; `own` are folders of Atalaya that nothing is restored into.
    pub(crate) fn open(path: &Path, own: &[(u64, u64)], dry_run: bool) -> Result<Self> {
        refuse_own(path, own)?;
        let cannot = |what: &str, err| Error::io(&format!("cannot {what} the target {}", path.display()), &err);
        let there = match path.metadata() {
            Ok(meta) if !meta.is_dir() => {
                let text = format!("cannot restore into {}: it is not a folder; name one", path.display());
                return Err(Error::new(Kind::Usage, text));
            }
            Ok(_) => true,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => false,
            Err(err) => return Err(cannot("look at", err)),
        };
        if !there && !dry_run {
            std::fs::create_dir_all(path).map_err(|e| cannot("make", e))?;
        }
        // Nothing is looked up below a target that would have to be made, so any folder will do.
        let folder = if there || !dry_run { path } else { Path::new("/") };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(folder, flags, Mode::empty()).map_err(|e| cannot("open", e.into()))?;
        Ok(Self { fd, created: !there })
    }
}

fn refuse_own(path: &Path, own: &[(u64, u64)]) -> Result<()> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    // What is there of it already, links followed.
    let there = absolute.ancestors().find_map(|above| above.canonicalize().ok()).unwrap_or_default();
    let is_own = |above: &&Path| above.metadata().is_ok_and(|m| own.contains(&(m.dev(), m.ino())));
    match there.ancestors().find(is_own) {
        None => Ok(()),
        Some(above) => Err(Error::new(
            Kind::Usage,
            format!(
                "cannot restore into {}: {} belongs to Atalaya itself; name another target",
                path.display(),
                above.display()
            ),
        )),
    }
}

/// Device and inode of those folders that are there.
pub(crate) fn ids<'p>(folders: impl Iterator<Item = &'p PathBuf>) -> Vec<(u64, u64)> {
    folders.filter_map(|path| path.metadata().ok()).map(|m| (m.dev(), m.ino())).collect()
}

impl<'a> Site<'a> {
    pub(crate) fn new(view: &'a dyn View, tally: Tally<'a>, root: OwnedFd, own: Vec<(u64, u64)>) -> Self {
        let temps = Temps::new(root.as_fd());
        Self { view, tally, me: Me::new(), own, temps, clock: Clock::default(), root, pool: Mutex::new(Vec::new()) }
    }

    /// The target.
    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Folders below the target, opened one by one.
    pub(crate) fn folders(&self) -> Result<Folders> {
        let pooled = self.pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(folders) = pooled {
            return Ok(folders);
        }
        let fd = rustix::io::fcntl_dupfd_cloexec(&self.root, 0);
        fd.map(Folders::new).map_err(|e| Error::io("cannot open the target once more", &e.into()))
    }

    /// Hands them back for the next one.
    pub(crate) fn give_back(&self, folders: Folders) {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner).push(folders);
    }

    /// A path that cannot be restored. Where no other could be either, the restore ends.
    pub(crate) fn lost(&self, path: &[u8], what: &str, err: Errno) {
        let (kind, hint) = match err {
            Errno::NOSPC | Errno::DQUOT => {
                (Kind::Full, "free some room and run it again: what is there already is kept")
            }
            Errno::ROFS => (Kind::Denied, "mount it for writing, or name another target"),
            Errno::EXIST => {
                let why = "the file system takes its name for that of something else that is there (upper and lower \
                           case, or forms of accents)";
                return self.tally.failed(path, format!("cannot {what}: {why}; restore it elsewhere"));
            }
            err => return self.tally.failed(path, format!("cannot {what}: {err}")),
        };
        let shown = String::from_utf8_lossy(path);
        self.tally.give_up(Error::new(kind, format!("cannot go on restoring at {shown}: {err}; {hint}")));
    }
}
