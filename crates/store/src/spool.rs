//! Files that bodies are written to before they are put.
//!
//! A spool file has no name (`O_TMPFILE`) where kernel and file system know how,
//! so that nothing is left of a killed process. Elsewhere it has a name and a
//! lock (`flock`) that lives as long as its process; one without a lock is stale.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{FlockOperation, Mode, OFlags, flock, fstat, open};
use rustix::io::Errno;

use crate::limits::SPOOL_TRIES_MAX;
use crate::{Error, Kind, Result, SpoolFile};

/// What the names of spool files start with, so that cleaning touches nothing else.
const PREFIX: &str = ".atalaya-spool-";

/// Numbers the named spool files of this process; a name that is taken is passed over. Not every ARM counts 64 bits at once.
static COUNTER: AtomicUsize = AtomicUsize::new(0);

/// An empty spool file in `dir`, without a name where that is possible.
///
/// # Errors
/// The folder is not there, is full or cannot be written.
pub fn spool_in(dir: &Path) -> Result<SpoolFile> {
    match anonymous(dir)? {
        Some(spool) => Ok(spool),
        None => named(dir),
    }
}

/// Removes the spool files that killed processes left in `dir`; those in use stay.
///
/// # Errors
/// The folder cannot be read. What cannot be removed is left for the next time.
pub fn remove_stale_spools(dir: &Path) -> Result<()> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(fail(dir, &err)),
    };
    for entry in entries {
        let entry = entry.map_err(|err| fail(dir, &err))?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            remove_if_stale(&entry.path());
        }
    }
    Ok(())
}

/// A spool file without a name; `None` where the kernel or file system has no such thing.
pub(crate) fn anonymous(dir: &Path) -> Result<Option<SpoolFile>> {
    // Mode 0400 is what the object will have; the descriptor writes all the same.
    match open(dir, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RUSR) {
        Ok(fd) => Ok(Some(SpoolFile { file: File::from(fd), path: None })),
        // Before Linux 3.11 the flag reads as "open this folder for writing".
        Err(Errno::ISDIR | Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS) => Ok(None),
        Err(err) => Err(fail(dir, &err.into())),
    }
}

/// A locked spool file with a name.
pub(crate) fn named(dir: &Path) -> Result<SpoolFile> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
    for _ in 0..SPOOL_TRIES_MAX {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("{PREFIX}{}-{number}", std::process::id()));
        match open(&path, flags, Mode::RUSR | Mode::WUSR) {
            Ok(fd) => {
                let file = File::from(fd);
                if lock_new(&file) {
                    return Ok(SpoolFile { file, path: Some(path) });
                }
            }
            Err(Errno::EXIST) => {}
            Err(err) => return Err(fail(dir, &err.into())),
        }
    }
    Err(Error::new(Kind::Io, format!("no free name for a spool file in {}", dir.display())))
}

/// Locks a file just made; false when a cleaner was quicker and has removed it or will.
fn lock_new(file: &File) -> bool {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => fstat(file).is_ok_and(|stat| stat.st_nlink > 0),
        Err(Errno::WOULDBLOCK) => false,
        // No locks on this file system: cleaners cannot lock either and leave the file alone.
        Err(_) => true,
    }
}

/// Removes `path` if nobody holds its lock. While the lock is ours and the file
/// has a name, nobody else removes or replaces it, so the path is still that file.
fn remove_if_stale(path: &Path) {
    let Ok(fd) = open(path, OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) else {
        return;
    };
    let unused = flock(&fd, FlockOperation::NonBlockingLockExclusive).is_ok();
    if unused && fstat(&fd).is_ok_and(|stat| stat.st_nlink > 0) {
        let _ = std::fs::remove_file(path);
    }
}

fn fail(dir: &Path, err: &io::Error) -> Error {
    Error::io(&format!("spool in {}", dir.display()), err)
}
