//! One sidecar at a time in a state folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{Error, Kind, Result};

const FILE: &str = "lock";

/// Held as long as the program has the folder.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    /// A process that begins at this moment has the file too, until it is another program; that must not keep the folder.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Whether another sidecar has a state folder. Makes nothing: one that is not there nobody has.
///
/// # Errors
///
/// [`Kind::InUse`] if one does.
pub fn look(folder: &Path) -> Result<()> {
    if folder.join(FILE).exists() { Lock::take(folder).map(drop) } else { Ok(()) }
}

impl Lock {
    /// Takes the folder.
    ///
    /// # Errors
    ///
    /// [`Kind::InUse`] if another process has it.
    pub(super) fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|err| Error::from(err).while_(&format!("open {}", path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                Kind::InUse,
                format!("another atalaya-sidecar has {}; stop it, or give another --state-dir", folder.display()),
            )),
            Err(TryLockError::Error(err)) => Err(Error::from(err).while_(&format!("lock {}", path.display()))),
        }
    }
}
