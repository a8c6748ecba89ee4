//! Removes what is in the target but not in the snapshot, or in the way of what is.

use super::site::Site;
use crate::fs::{Folders, meta_of, shown_name, split};
use atalaya_repo::model::{Kind, Meta};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat, unlinkat};
use rustix::io::Errno;
use std::mem::MaybeUninit;

/// A folder is tried so often to be emptied: some file systems show names again under others while they are in use.
const EMPTY_TRIES: u32 = 3;

/// Removes `name` from `dir`, with all that is below, but nothing on another file system and nothing of
/// Atalaya's own. Stops at the first thing that cannot be removed, and says what.
pub(crate) fn remove(site: &Site<'_>, dir: BorrowedFd<'_>, name: &[u8], meta: &Meta) -> Result<(), String> {
    if meta.kind != Kind::Dir {
        return unlinkat(dir, name, AtFlags::empty()).map_err(|err| err.to_string());
    }
    let device = rustix::fs::fstat(dir).map(|stat| meta_of(&stat).dev).map_err(|err| err.to_string())?;
    let above = rustix::io::fcntl_dupfd_cloexec(dir, 0).map_err(|err| err.to_string())?;
    Removal { site, device, folders: Folders::new(above), path: name.to_vec() }.run()
}

/// A tree that is removed from the bottom up, without memory for its width.
struct Removal<'a> {
    site: &'a Site<'a>,
    device: u64,
    folders: Folders,
    /// The present folder, below the one that the tree lies in.
    path: Vec<u8>,
}

impl Removal<'_> {
    fn run(mut self) -> Result<(), String> {
        let mut tries = 0;
        while !self.path.is_empty() {
            if self.remove_folder()? {
                let above = split(&self.path).0.len();
                self.path.truncate(above);
                self.folders.leave(&self.path);
                tries = 0;
            } else if let Some(folder) = self.remove_leaves()? {
                self.path.push(b'/');
                self.path.extend_from_slice(&folder);
                tries = 0;
            } else if tries == EMPTY_TRIES {
                return Err(self.cannot("something is made in it again and again"));
            } else {
                tries += 1;
            }
        }
        Ok(())
    }

    /// Removes the present folder if it is empty.
    fn remove_folder(&mut self) -> Result<bool, String> {
        let (above, name) = split(&self.path);
        let (dir, _) = self.folders.folder(above).map_err(|err| err.to_string())?;
        let found = statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).map(|stat| meta_of(&stat));
        let result = match found {
            Ok(meta) if meta.dev != self.device => Err("another file system is mounted there".to_owned()),
            Ok(meta) if self.site.own.contains(&(meta.dev, meta.ino)) => Err("it belongs to Atalaya itself".to_owned()),
            Ok(_) => match unlinkat(dir, name, AtFlags::REMOVEDIR) {
                Ok(()) => Ok(true),
                Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
                Err(err) => Err(err.to_string()),
            },
            Err(err) => Err(err.to_string()),
        };
        result.map_err(|why| self.cannot(&why))
    }

    /// Removes all but folders from the present folder; gives the first folder that it meets.
    fn remove_leaves(&mut self) -> Result<Option<Vec<u8>>, String> {
        let (above, name) = split(&self.path);
        let (dir, _) = self.folders.folder(above).map_err(|err| err.to_string())?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(dir, name, flags, Mode::empty());
        opened.and_then(|fd| leaves(&fd)).map_err(|err| self.cannot(&err.to_string()))
    }

    fn cannot(&self, why: &str) -> String {
        format!("\"{}\": {why}", shown_name(&self.path))
    }
}

fn leaves(fd: &OwnedFd) -> rustix::io::Result<Option<Vec<u8>>> {
    let mut buf = [MaybeUninit::uninit(); 8192];
    let mut raw = RawDir::new(fd, &mut buf);
    while let Some(entry) = raw.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            return Ok(Some(name.to_bytes().to_vec()));
        }
        match unlinkat(fd.as_fd(), name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(Errno::ISDIR) => return Ok(Some(name.to_bytes().to_vec())),
            Err(err) => return Err(err),
        }
    }
    Ok(None)
}
