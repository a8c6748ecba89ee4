//! A repository's folder in the state folder: made, shared with other jobs, and cleared of what killed runs left.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::{Error, Result, names};

/// The folder, for as long as the repository is open.
pub(crate) struct State {
    pub(crate) folder: PathBuf,
    /// Shared with everybody who may be writing there; `None` where files cannot be locked.
    _in_use: Option<File>,
}

impl State {
    /// Makes the folder if need be. Only its owner enters it: what it holds names the files of the machine.
    pub(crate) fn open(folder: PathBuf) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|err| Error::io(&format!("cannot make the state folder {}", folder.display()), &err))?;
        let in_use = share(&folder);
        Ok(Self { folder, _in_use: in_use })
    }
}

/// Whoever is there alone clears away what was being written when a run was killed: nobody will rename it any more.
fn share(folder: &Path) -> Option<File> {
    let path = folder.join("in-use");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).ok()?;
    match lock.try_lock() {
        Ok(()) => {
            [folder, &folder.join("index")].into_iter().for_each(clear);
            lock.unlock().ok()?;
        }
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(_)) => return None,
    }
    lock.lock_shared().ok()?;
    Some(lock)
}

fn clear(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "part") {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Puts `bytes` in the place of a file of the state folder: whoever reads it sees the old ones or the new.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = names::partial(path)?;
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|err| Error::io("cannot write to the state folder", &err))
}

/// The same, and after a power cut, too, it is one of the two.
pub(crate) fn replace_durably(path: &Path, bytes: &[u8]) -> Result<()> {
    let partial = names::partial(path)?;
    std::fs::write(&partial, bytes)
        .and_then(|()| File::open(&partial)?.sync_all())
        .and_then(|()| std::fs::rename(&partial, path))
        .map_err(|err| Error::io("cannot write to the state folder", &err))
}

/// Gives a folder another name.
pub(crate) fn rename_if_there(from: &Path, to: &Path) -> Result<()> {
    match std::fs::rename(from, to) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(&format!("cannot rename {} in the state folder", from.display()), &err))
        }
        _ => Ok(()),
    }
}
