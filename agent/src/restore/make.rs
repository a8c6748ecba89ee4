//! Makes files and gives them what belongs to them beside content.

use super::attrs::{Attrs, Handle, Now};
use super::files::File;
use super::report::Action;
use super::temp::ALONE;
use super::write::Writer;
use atalaya_repo::model::Kind;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, ftruncate, openat, unlinkat};
use rustix::io::Result;

/// A file that was just made, and its mode.
pub(crate) struct Made {
    pub(crate) fd: OwnedFd,
    pub(super) mode: u32,
}

impl Writer<'_> {
    /// Makes all of a file, in the place of what is there.
    pub(super) fn at_once(
        &self,
        dir: BorrowedFd<'_>,
        name: &[u8],
        number: u32,
        file: &File,
        make: impl FnOnce(&[u8]) -> Result<()>,
    ) -> Result<()> {
        if file.exists { self.site.temps.replace(dir, name, number, make) } else { make(name) }
    }

    /// Makes an empty file where nothing is.
    pub(super) fn create(&self, dir: BorrowedFd<'_>, name: &[u8], mode: u32) -> Result<Made> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(dir, name, flags, Mode::from_bits_truncate(mode as _))?;
        Ok(Made { fd, mode: mode & !self.site.me.umask })
    }

    /// The final mode, where nobody can make use of it too early and nothing is in the way of it.
    pub(super) fn first_mode(&self, file: &File) -> u32 {
        let Attrs { mode, uid, gid, .. } = file.attrs;
        let plain = !file.odd_folder && file.xattrs.is_empty();
        let mine = uid == self.site.me.uid && gid == self.site.me.gid;
        // Whoever it belongs to then: all but the owner may do the same, and the owner no less.
        let even = mode >> 3 & 7 == mode & 7 && mode >> 6 & mode & 7 == mode & 7;
        if plain && (mine || even) && mode & 0o7000 == 0 { mode } else { 0o600 }
    }

    /// Makes an empty file, or one that is all hole.
    pub(crate) fn without_content(&self, dir: BorrowedFd<'_>, name: &[u8], path: &[u8], file: &File) -> Result<()> {
        self.at_once(dir, name, ALONE, file, |name| {
            let made = self.create(dir, name, self.first_mode(file))?;
            if file.size > 0
                && let Err(err) = ftruncate(&made.fd, file.size)
            {
                let _ = unlinkat(dir, name, AtFlags::empty());
                return Err(err);
            }
            self.set_attrs(&made, file, path);
            Ok(())
        })?;
        self.done(file, path);
        Ok(())
    }

    /// Makes file `number` of its full length, one hole, for the pieces to come. Gives its inode.
    #[allow(clippy::unnecessary_cast)]
    pub(crate) fn prepare(&self, dir: BorrowedFd<'_>, name: &[u8], number: u32, file: &File) -> Result<u64> {
        let temp = self.site.temps.name(number);
        let name = if file.exists { &temp } else { name };
        let made = self.create(dir, name, 0o600)?;
        let ready = ftruncate(&made.fd, file.size).and_then(|()| fstat(&made.fd));
        if ready.is_err() {
            let _ = unlinkat(dir, name, AtFlags::empty());
        }
        ready.map(|stat| stat.st_ino as u64)
    }

    /// The content is there; now what belongs to it, the time last.
    pub(super) fn set_attrs(&self, made: &Made, file: &File, path: &[u8]) {
        let now = Now {
            kind: Kind::File,
            // In an odd folder it may have been given anything.
            mode: if file.odd_folder { u32::MAX } else { made.mode },
            uid: if file.odd_folder { u32::MAX } else { self.site.me.uid },
            gid: if file.odd_folder { u32::MAX } else { self.site.me.gid },
            mtime: None,
            device: 0,
            bare: !file.odd_folder,
        };
        let handle = Handle { fd: made.fd.as_fd(), path_only: false };
        self.site.set(path, handle, &file.attrs, &file.xattrs, &now);
    }

    pub(super) fn done(&self, file: &File, path: &[u8]) {
        self.site.tally.done(if file.exists { Action::Replaced } else { Action::Created }, path);
    }
}
