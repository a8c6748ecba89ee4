//! What a file of a snapshot was made of, where it is there still and did not change.

use std::io::{self, Write};
use std::num::NonZeroU64;

use atalaya_repo::model::Entry;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Advice, OFlags, fadvise, fstat};
use rustix::io::{Errno, Result};

use crate::dump::Sink;
use crate::fs::{Folders, NoAtime, has_bytes, has_zeros, meta_of, split};

/// What a comparison came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Equal,
    /// Its source is another one, or not there, or nobody lets us read it.
    Changed,
    Different(String),
}

/// Takes a file's content, and compares it with that of its source.
pub(super) struct Against {
    source: Option<OwnedFd>,
    at: u64,
    /// Why it is not the same.
    differs: Option<String>,
}

impl Against {
    pub(super) fn open(folders: &mut Folders, atime: &mut NoAtime, entry: &Entry) -> Self {
        let (folder, name) = split(&entry.path);
        let mut open = || -> Result<OwnedFd> {
            let (dir, _) = folders.folder(folder)?;
            atime.open(dir, name, OFlags::RDONLY, entry.meta.uid)
        };
        let source = open().ok().filter(|fd| is_unchanged(fd, entry));
        if let Some(fd) = &source {
            // From the disk, not from what the kernel remembers of it.
            let _ = fadvise(fd, 0, None::<NonZeroU64>, Advice::DontNeed);
        }
        Self { source, at: 0, differs: None }
    }

    /// The next bytes of the content.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.compare(bytes.len() as u64, |fd, at| has_bytes(fd.as_fd(), at, bytes));
    }

    /// After all of the content.
    pub(super) fn verdict(self, entry: &Entry) -> Verdict {
        match (self.source, self.differs) {
            // It may have changed in between.
            (Some(fd), _) if !is_unchanged(&fd, entry) => Verdict::Changed,
            (Some(_), Some(why)) => Verdict::Different(why),
            (Some(_), None) => Verdict::Equal,
            (None, _) => Verdict::Changed,
        }
    }

    fn compare(&mut self, len: u64, has: impl FnOnce(&OwnedFd, u64) -> Result<bool>) {
        let at = self.at;
        self.at = at.saturating_add(len);
        let Some(fd) = self.source.as_ref().filter(|_| self.differs.is_none()) else { return };
        match has(fd, at) {
            Ok(true) => {}
            Ok(false) => {
                self.differs = Some(
                    "its source has other bytes now, though its size, times and inode are those of the backup"
                        .to_owned(),
                );
            }
            Err(why) => self.differs = Some(unread(why)),
        }
    }
}

fn unread(why: Errno) -> String {
    format!("it can be restored, but its source cannot be read: {why}")
}

fn is_unchanged(fd: &OwnedFd, entry: &Entry) -> bool {
    fstat(fd).is_ok_and(|stat| entry.is_unchanged(&meta_of(&stat)))
}

impl Write for Against {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for Against {
    fn hole(&mut self, len: u64) -> io::Result<()> {
        self.compare(len, |fd, at| has_zeros(fd.as_fd(), at, len));
        Ok(())
    }
}
