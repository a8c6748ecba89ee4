//! Giving a finished file its name, without overwriting.
//!
//! In this order: a hard link to the anonymous file; a hard link to the named
//! one; `RENAME_NOREPLACE` (FAT, some network mounts); look, then rename (old
//! kernels on those). What lies on another file system is copied first.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::atomic::Ordering;

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, RenameFlags, accessat, fchmod, fstat, linkat, mkdirat, openat, renameat, renameat_with,
};
use rustix::io::{Errno, retry_on_intr};

use super::{LocalStore, SPOOL_FOLDER};
use crate::limits::COPY_BYTES;
use crate::{Body, Error, Kind, Result, SpoolFile, locked, spool};

/// Whether the file could be given its name as it lies.
#[derive(PartialEq)]
enum Outcome {
    Published,
    /// It has to be copied, or written as a named file.
    Unlinkable,
}

/// Where an object goes.
struct Target<'a> {
    name: &'a str,
    folder: OwnedFd,
    leaf: &'a str,
}

impl LocalStore {
    /// `put` for a name known to be good.
    pub(super) fn put_checked(&self, name: &str, body: Body<'_>) -> Result<()> {
        let (folder, leaf) = split(name);
        let target = Target { name, folder: self.open_folder(folder)?, leaf };
        let done = match body {
            Body::File(spool) if self.same_device(spool) => self.publish(spool, &target),
            _ => Ok(Outcome::Unlinkable),
        };
        let done = match done {
            Ok(Outcome::Unlinkable) => self.put_copy(body, &target),
            other => other.map(|_| ()),
        };
        // Also for a name that was there: after `sync` the caller may rely on it.
        if done.as_ref().map_or_else(|err| err.kind == Kind::Exists, |()| true) {
            self.touched.add(folder);
        }
        done
    }

    /// An empty spool file in this store.
    pub(super) fn spool_here(&self) -> Result<SpoolFile> {
        if self.anonymous.load(Ordering::Relaxed) {
            match spool::anonymous(&self.path)? {
                Some(spool) => return Ok(spool),
                None => self.anonymous.store(false, Ordering::Relaxed),
            }
        }
        match mkdirat(&self.root, SPOOL_FOLDER, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => spool::named(&self.path.join(SPOOL_FOLDER)),
            Err(err) => Err(Error::io(&format!("make a spool folder in {}", self.path.display()), &err.into())),
        }
    }

    /// Writes `body` to a spool file of our own and publishes that.
    fn put_copy(&self, body: Body<'_>, target: &Target<'_>) -> Result<()> {
        loop {
            let spool = self.spool_here()?;
            fill(&spool, body).map_err(|err| Error::new(err.kind, format!("write {}: {}", target.name, err.text)))?;
            if self.publish(&spool, target)? == Outcome::Published {
                return Ok(());
            }
            if spool.path.is_some() {
                return Err(Error::new(Kind::Io, format!("write {}: it cannot be renamed into place", target.name)));
            }
            // No /proc, or a file system that makes anonymous files but cannot name them.
            self.anonymous.store(false, Ordering::Relaxed);
        }
    }

    /// Makes the file durable, then visible.
    fn publish(&self, spool: &SpoolFile, target: &Target<'_>) -> Result<Outcome> {
        let what = || format!("write {}", target.name);
        spool.file.sync_all().map_err(|err| Error::io(&what(), &err))?;
        let linked = match &spool.path {
            None => {
                let path = format!("/proc/self/fd/{}", spool.file.as_raw_fd());
                linkat(CWD, &path, &target.folder, target.leaf, AtFlags::SYMLINK_FOLLOW)
            }
            Some(path) => {
                // FAT has no modes; that is no reason to fail.
                let _ = fchmod(&spool.file, Mode::RUSR);
                self.link_or_rename(path, target)
            }
        };
        match linked {
            Ok(()) => Ok(Outcome::Published),
            Err(err) if unlinkable(err) => Ok(Outcome::Unlinkable),
            Err(err) => Err(Error::io(&what(), &err.into())),
        }
    }

    fn link_or_rename(&self, path: &std::path::Path, target: &Target<'_>) -> std::result::Result<(), Errno> {
        let mut done = Err(Errno::PERM);
        if self.links.load(Ordering::Relaxed) {
            done = linkat(CWD, path, &target.folder, target.leaf, AtFlags::empty());
        }
        if matches!(done, Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK)) {
            done = Err(Errno::NOSYS);
            if self.noreplace.load(Ordering::Relaxed) {
                done = renameat_with(CWD, path, &target.folder, target.leaf, RenameFlags::NOREPLACE);
            }
        }
        if matches!(done, Err(Errno::NOSYS | Errno::INVAL | Errno::OPNOTSUPP)) {
            done = self.look_and_rename(path, target);
        }
        done
    }

    /// The last resort. Two steps, so only threads of this process are kept from
    /// each other; names are random, so another process has no reason for the same one.
    fn look_and_rename(&self, path: &std::path::Path, target: &Target<'_>) -> std::result::Result<(), Errno> {
        let _alone = locked(&self.renaming);
        match accessat(&target.folder, target.leaf, rustix::fs::Access::EXISTS, AtFlags::empty()) {
            Ok(()) => Err(Errno::EXIST),
            Err(Errno::NOENT) => renameat(CWD, path, &target.folder, target.leaf),
            Err(err) => Err(err),
        }
    }

    /// Opens a folder below the root, making it and those above it where they are missing.
    fn open_folder(&self, folder: &str) -> Result<OwnedFd> {
        let what = || format!("open folder {folder:?} in {}", self.path.display());
        let open = |folder: &str| {
            let folder = if folder.is_empty() { "." } else { folder };
            retry_on_intr(|| {
                openat(&self.root, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
            })
        };
        match open(folder) {
            Err(Errno::NOENT) => self.make_folders(folder)?,
            other => return other.map_err(|err| Error::io(&what(), &err.into())),
        }
        open(folder).map_err(|err| Error::io(&what(), &err.into()))
    }

    fn make_folders(&self, folder: &str) -> Result<()> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for path in ends.map(|end| &folder[..end]) {
            match mkdirat(&self.root, path, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => self.touched.add(split(path).0),
                Err(err) => return Err(Error::io(&format!("make folder {path}"), &err.into())),
            }
        }
        Ok(())
    }

    /// Saves making a file durable that is going to be copied anyway.
    fn same_device(&self, spool: &SpoolFile) -> bool {
        match (fstat(&self.root), fstat(&spool.file)) {
            (Ok(here), Ok(there)) => here.st_dev == there.st_dev,
            _ => false,
        }
    }
}

/// A name's folder (empty at the top) and its last component.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('/').unwrap_or(("", name))
}

/// Errors that say "not this way": another file system, no /proc, a file renamed by an earlier put.
fn unlinkable(err: Errno) -> bool {
    matches!(
        err,
        Errno::XDEV | Errno::NOENT | Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK | Errno::INVAL
    )
}

fn fill(spool: &SpoolFile, body: Body<'_>) -> Result<()> {
    let mut buf = match body {
        Body::Bytes(_) => Vec::new(),
        Body::File(_) => vec![0; COPY_BYTES],
    };
    body.pieces(&mut buf, &mut |offset, piece| {
        spool.file.write_all_at(piece, offset).map_err(|err| Error::io("spool", &err))
    })
}
