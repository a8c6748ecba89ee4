//! Owner, mode, extended attributes and times: comparing and setting them.

use super::report::Refused;
use super::site::Site;
use atalaya_repo::model::{Kind, Meta, Time, Xattr};
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{AtFlags, CWD, Gid, Mode, Timespec, Timestamps, UTIME_OMIT, Uid};
use rustix::io::{Errno, Result};

/// An inode whose attributes are set.
#[derive(Clone, Copy)]
pub(crate) struct Handle<'a> {
    pub(crate) fd: BorrowedFd<'a>,
    /// Opened with `O_PATH`: of anything, links and devices too, without opening the thing itself.
    pub(crate) path_only: bool,
}

/// What a snapshot says, without kind and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attrs {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) mtime: Time,
}

/// What an inode has now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// `None`: certainly another than wanted.
    pub(crate) mtime: Option<Time>,
    pub(crate) device: u64,
    /// Just made, in a folder that hands nothing down: it has no extended attributes.
    pub(crate) bare: bool,
}

impl From<&Meta> for Attrs {
    fn from(meta: &Meta) -> Self {
        Self { mode: meta.mode & 0o7777, uid: meta.uid, gid: meta.gid, mtime: meta.mtime }
    }
}

impl From<&Meta> for Now {
    fn from(meta: &Meta) -> Self {
        let Meta { kind, mode, uid, gid, mtime, dev, .. } = *meta;
        Self { kind, mode, uid, gid, mtime: Some(mtime), device: dev, bare: false }
    }
}

impl Handle<'_> {
    /// Such a descriptor does nothing by itself, but `/proc` leads from it to the inode.
    pub(crate) fn proc_path(&self) -> String {
        format!("/proc/self/fd/{}", self.fd.as_raw_fd())
    }

    fn chown(&self, uid: Option<u32>, gid: Option<u32>) -> Result<()> {
        let (uid, gid) = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
        if self.path_only {
            rustix::fs::chownat(self.fd, "", uid, gid, AtFlags::EMPTY_PATH)
        } else {
            rustix::fs::fchown(self.fd, uid, gid)
        }
    }

    pub(crate) fn chmod(&self, mode: u32) -> Result<()> {
        let mode = Mode::from_bits_truncate(mode as _);
        if self.path_only { rustix::fs::chmod(self.proc_path(), mode) } else { rustix::fs::fchmod(self.fd, mode) }
    }

    fn set_mtime(&self, mtime: Time) -> Result<()> {
        let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
        let nanos = i64::from(mtime.nanos.min(999_999_999));
        let last_modification = Timespec { tv_sec: mtime.secs, tv_nsec: nanos as _ };
        let times = Timestamps { last_access, last_modification };
        if self.path_only {
            rustix::fs::utimensat(CWD, self.proc_path(), &times, AtFlags::empty())
        } else {
            rustix::fs::futimens(self.fd, &times)
        }
    }
}

impl Site<'_> {
    /// Gives an inode what `want` says, as far as it has not got it; times last, so that a file whose
    /// restore was interrupted never looks finished. Says whether anything was changed.
    pub(crate) fn set(&self, path: &[u8], handle: Handle<'_>, want: &Attrs, xattrs: &[Xattr], now: &Now) -> bool {
        let owner = self.set_owner(path, handle, want, now);
        let marked = self.set_xattrs(path, handle, xattrs, now.bare);
        let mut changed = marked || owner.changed;
        // A program must not run with the rights of somebody it does not belong to.
        let mode = want.mode & !(if owner.uid { 0 } else { 0o4000 }) & !(if owner.gid { 0 } else { 0o2000 });
        if mode != want.mode && now.kind != Kind::Symlink {
            self.tally.refused(
                Refused::SetId,
                path,
                &"its owner or group could not be set, and it must not act for another",
            );
        }
        // chown takes set-id bits away, an ACL changes those of the group.
        let touched = marked || (owner.changed && mode & 0o6000 != 0);
        if now.kind != Kind::Symlink && (now.mode != mode || touched) {
            changed |= self.allowed(Refused::Mode, path, handle.chmod(mode));
        }
        if !now.mtime.is_some_and(|mtime| self.clock.same(now.device, mtime, want.mtime)) {
            changed |= self.allowed(Refused::Times, path, handle.set_mtime(want.mtime));
        }
        changed
    }

    /// Whether `set` would leave all but extended attributes as it is; for a dry run, which tries nothing out.
    pub(crate) fn seem_right(&self, want: &Attrs, now: &Meta) -> bool {
        let held = self.clock.same_by_trial(&self.temps, None, now.dev, now.mtime, want.mtime);
        let now = Attrs::from(now);
        now == Attrs { mtime: if held { now.mtime } else { want.mtime }, ..*want }
    }

    fn set_owner(&self, path: &[u8], handle: Handle<'_>, want: &Attrs, now: &Now) -> Owner {
        let (uid, gid) = (want.uid == now.uid, want.gid == now.gid);
        if uid && gid {
            return Owner { uid, gid, changed: false };
        }
        match handle.chown((!uid).then_some(want.uid), (!gid).then_some(want.gid)) {
            Ok(()) => Owner { uid: true, gid: true, changed: true },
            Err(err) => {
                self.tally.refused(Refused::Owner, path, &err);
                // Without being root one may still give a file to another of one's groups.
                let given = !gid && !uid && handle.chown(None, Some(want.gid)).is_ok();
                Owner { uid, gid: gid || given, changed: given }
            }
        }
    }

    /// Counts a refusal; says whether it was done.
    pub(crate) fn allowed(&self, what: Refused, path: &[u8], result: std::result::Result<(), Errno>) -> bool {
        if let Err(err) = &result {
            self.tally.refused(what, path, err);
        }
        result.is_ok()
    }
}

/// What the file belongs to now: whether as wanted.
struct Owner {
    uid: bool,
    gid: bool,
    changed: bool,
}
