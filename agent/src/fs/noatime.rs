//! Opening for reading without leaving traces in access times.

use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::fs::{Mode, OFlags, openat};
use rustix::io::{Errno, Result};
use rustix::process::geteuid;

/// Remembers whether the kernel lets us leave access times alone on files of others.
#[derive(Debug, Default)]
pub(crate) struct NoAtime {
    /// Who we are, once it was refused.
    refused_as: Option<u32>,
}

impl NoAtime {
    /// Opens `name` in `dir`, never through a link and never waiting. `uid` is the owner.
    pub(crate) fn open(&mut self, dir: BorrowedFd<'_>, name: &[u8], flags: OFlags, uid: u32) -> Result<OwnedFd> {
        let flags = flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        // Only owners and CAP_FOWNER may; asking again for every file would cost a call each.
        if self.refused_as.is_none_or(|euid| euid == uid) {
            match openat(dir, name, flags | OFlags::NOATIME, Mode::empty()) {
                Err(Errno::PERM) => self.refused_as = Some(geteuid().as_raw()),
                result => return result,
            }
        }
        openat(dir, name, flags, Mode::empty())
    }
}
