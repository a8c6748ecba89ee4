//! Which folders got a new name since the last `sync`.

use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use rustix::fs::{Mode, OFlags, fsync, openat, syncfs};
use rustix::io::Errno;

use crate::limits::TOUCHED_DIRS_MAX;
use crate::{Error, Result, locked};

/// The folders to make durable.
#[derive(Debug, Default)]
pub(super) struct Touched {
    folders: Mutex<Folders>,
    /// Held for a whole `sync`, so that a second one does not return while the first is at work for it.
    syncing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Folders {
    names: BTreeSet<String>,
    /// More than are remembered: the whole file system instead.
    all: bool,
}

impl Folders {
    fn add(&mut self, name: &str) {
        if self.all || self.names.contains(name) {
            return;
        }
        if self.names.len() < TOUCHED_DIRS_MAX {
            self.names.insert(name.to_owned());
        } else {
            self.names.clear();
            self.all = true;
        }
    }
}

impl Touched {
    /// Remembers a folder; called after the change in it, so that no `sync` in between forgets it.
    pub(super) fn add(&self, folder: &str) {
        locked(&self.folders).add(folder);
    }

    /// Makes the remembered folders durable. After an error they are remembered still.
    pub(super) fn sync(&self, root: &OwnedFd) -> Result<()> {
        let _one = locked(&self.syncing);
        let folders = std::mem::take(&mut *locked(&self.folders));
        let done = sync_folders(root, &folders);
        if done.is_err() {
            let mut now = locked(&self.folders);
            now.all |= folders.all;
            folders.names.iter().for_each(|name| now.add(name));
        }
        done
    }
}

fn sync_folders(root: &OwnedFd, folders: &Folders) -> Result<()> {
    if folders.all {
        return sync_all(root);
    }
    for name in &folders.names {
        match sync_folder(root, name) {
            // Removed since: nothing in it is waited for.
            Ok(()) | Err(Errno::NOENT) => {}
            // Some network and FUSE mounts have no fsync for folders.
            Err(Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::BADF) => return sync_all(root),
            Err(err) => return Err(Error::io(&format!("make folder {name:?} durable"), &err.into())),
        }
    }
    Ok(())
}

fn sync_folder(root: &OwnedFd, name: &str) -> std::result::Result<(), Errno> {
    let name = if name.is_empty() { "." } else { name };
    fsync(openat(root, name, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

fn sync_all(root: &OwnedFd) -> Result<()> {
    syncfs(root).map_err(|err| Error::io("make the store durable", &err.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_folders_become_all() {
        let mut folders = Folders::default();
        (0..TOUCHED_DIRS_MAX).for_each(|i| folders.add(&i.to_string()));
        assert!(!folders.all && folders.names.len() == TOUCHED_DIRS_MAX);
        folders.add("0");
        assert!(!folders.all, "known already");
        folders.add("one more");
        assert!(folders.all && folders.names.is_empty());
    }
}
