//! What one prune leaves for the next: packs that are condemned, and the sessions that deleting them waits for.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::sessions::Waiting;
use crate::config::{decode, encode};
use crate::{Error, Kind, Result, state};

/// The note of one state folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Note {
    /// Sessions of prunes that may not have ended.
    pub(super) sessions: Vec<[u8; 16]>,
    /// The list that is put, and when, in seconds since 1970. Noted before, so that none is left that nobody finishes.
    pub(super) condemned: Option<([u8; 16], i64)>,
    /// Sessions that were open after it was in the store: every other session was put later, and heeds the list. With
    /// seconds since 1970, as the session says. `None` before anybody looked.
    pub(super) waiting: Option<Vec<Waiting>>,
    /// Packs that this prune made of what others have, too. Noted before a run names them.
    #[serde(default)]
    pub(super) moved: Vec<(u8, [u8; 16])>,
}

/// The right to be the only prune or repair with this state folder; `None` where files cannot be locked.
pub(crate) fn alone(state: &Path) -> Result<Option<File>> {
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(state.join("prune-lock"));
    let lock = lock.map_err(|err| Error::io("cannot write to the state folder", &err))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(Error::new(
            Kind::Refused,
            "another prune or repair of this repository is running on this machine; wait for its end",
        )),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// The note, and the right to be the only prune with this state folder.
pub(super) struct Pending {
    path: PathBuf,
    pub(super) note: Note,
    /// `None` where files cannot be locked.
    _lock: Option<File>,
}

impl Pending {
    pub(super) fn open(state: &Path) -> Result<Self> {
        let lock = alone(state)?;
        let path = state.join("prune");
        // A torn note is none: then its list is one of a dead prune.
        let note = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes).ok()).unwrap_or_default();
        Ok(Self { path, note, _lock: lock })
    }

    /// Durable: a list without its note would never be finished by this machine.
    pub(super) fn save(&self) -> Result<()> {
        state::replace_durably(&self.path, &encode(&self.note)?)
    }
}
