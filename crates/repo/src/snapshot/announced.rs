//! Sessions that this state folder knows of. One that was killed, or whose machine lost its power, never says that it ended,
//! and a prune would wait for it until it loses patience; so the next backup says it. A lock tells who is alive.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use atalaya_store::Store;

use super::session::{end_session, put_session};
use crate::keys::Keyring;
use crate::model::Time;
use crate::{Kind, Result, names};

const PREFIX: &str = "session-";

/// A session that is open. Its file is locked as long as this lives.
pub(crate) struct Announced {
    pub(crate) id: [u8; 16],
    /// `None` where the state folder takes no file: then a prune waits until it loses patience.
    alive: Option<(PathBuf, File)>,
}

impl Announced {
    /// Ends sessions of the dead and announces a new one, before the index is read.
    pub(crate) fn begin(state: &Path, store: &dyn Store, keyring: &Keyring, now: Time) -> Result<Self> {
        for (id, path, _lock) in dead(state) {
            // What cannot be said now is said by the next.
            if said(end_session(store, keyring, id, now)).is_ok() {
                let _ = std::fs::remove_file(path);
            }
        }
        let id = crate::crypto::random()?;
        let path = state.join(format!("{PREFIX}{}", names::hex(&id)));
        let alive = locked(&path).ok().map(|file| (path, file));
        put_session(store, keyring, id, now)?;
        Ok(Self { id, alive })
    }

    /// It needs no end but its snapshot.
    pub(crate) fn done(self) {
        if let Some((path, _lock)) = self.alive {
            let _ = std::fs::remove_file(path);
        }
    }

    /// Says that it ended without a snapshot. If that cannot be said, the next backup says it.
    pub(crate) fn end(self, store: &dyn Store, keyring: &Keyring, now: Time) {
        if said(end_session(store, keyring, self.id, now)).is_ok() {
            self.done();
        }
    }
}

fn said(result: Result<()>) -> Result<()> {
    match result {
        Err(err) if err.kind == Kind::AlreadyThere => Ok(()),
        other => other,
    }
}

/// A new file that is locked before anybody finds it under its name.
fn locked(path: &Path) -> std::io::Result<File> {
    let partial = names::partial(path).map_err(|err| std::io::Error::other(err.text))?;
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
    // Where files cannot be locked nobody is taken for dead.
    let _ = file.try_lock();
    std::fs::rename(&partial, path)?;
    Ok(file)
}

/// Files of sessions whose program is gone: each with its lock, so that only one backup ends it.
fn dead(state: &Path) -> Vec<([u8; 16], PathBuf, File)> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(state).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(names::unhex) else {
            continue;
        };
        let Ok(file) = File::open(entry.path()) else { continue };
        match file.try_lock() {
            Ok(()) => out.push((id, entry.path(), file)),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
    out
}
