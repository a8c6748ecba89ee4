//! Writes what is delivered. Runs in the threads of `View::fetch`.

use super::attrs::{Attrs, Handle, Now};
use super::files::{File, Files};
use super::report::Action;
use super::site::Site;
use crate::fs::Folders;
use atalaya_repo::model::Kind;
use atalaya_repo::view::Want;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, ftruncate, openat, unlinkat};
use rustix::io::{Errno, Result, pwrite};

/// Takes pieces of a window's files.
pub(crate) struct Writer<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) files: &'a Files,
}

/// A file that was just made, and its mode.
pub(crate) struct Made {
    pub(crate) fd: OwnedFd,
    mode: u32,
}

impl Writer<'_> {
    /// As `View::fetch` wants it: pieces of one chunk, and the chunk.
    pub(crate) fn deliver(&self, wants: &[Want], chunk: atalaya_repo::Result<&[u8]>) {
        if self.site.tally.is_over() {
            return;
        }
        let mut folders = match self.site.folders() {
            Ok(folders) => folders,
            Err(err) => return self.site.tally.give_up(err),
        };
        for want in wants {
            let Some(file) = self.files.get(want.file) else { continue };
            let bytes = piece(want, &chunk);
            self.take(&mut folders, file, want, bytes);
        }
        self.site.give_back(folders);
    }

    fn take(&self, folders: &mut Folders, file: &File, want: &Want, bytes: std::result::Result<&[u8], String>) {
        let result = match bytes {
            Ok(_) if file.has_failed() => return,
            Ok(bytes) if file.in_pieces() => self.add(folders, file, want, bytes),
            Ok(bytes) => self.whole(folders, file, bytes),
            Err(why) => {
                if file.fail() {
                    self.remove(folders, file);
                    self.site.tally.failed(&self.files.path(file), why);
                }
                return;
            }
        };
        if let Err(err) = result
            && file.fail()
        {
            self.remove(folders, file);
            self.site.lost(&self.files.path(file), "write the file", err);
        }
    }

    /// Takes away what is there of a file that comes in pieces; others are not there yet.
    fn remove(&self, folders: &mut Folders, file: &File) {
        if file.in_pieces()
            && let Ok((dir, _)) = folders.folder(self.files.folder(file))
        {
            let _ = unlinkat(dir, self.files.name(file), AtFlags::empty());
        }
    }

    /// All of a file.
    fn whole(&self, folders: &mut Folders, file: &File, bytes: &[u8]) -> Result<()> {
        let (dir, _) = folders.folder(self.files.folder(file))?;
        let name = self.files.name(file);
        let made = self.create(dir, name, file, self.first_mode(file))?;
        match write_at(made.fd.as_fd(), bytes, 0) {
            Ok(()) => {
                self.site.tally.wrote(file.size);
                self.finish_attrs(&made, file, &self.files.path(file));
            }
            Err(err) => {
                let _ = unlinkat(dir, name, AtFlags::empty());
                return Err(err);
            }
        }
        Ok(())
    }

    /// One piece of a file that was made before.
    fn add(&self, folders: &mut Folders, file: &File, want: &Want, bytes: &[u8]) -> Result<()> {
        let (dir, _) = folders.folder(self.files.folder(file))?;
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = openat(dir, self.files.name(file), flags, Mode::empty())?;
        // Somebody may have put another file in its place, a link to one of the system's, say.
        #[allow(clippy::unnecessary_cast)]
        if fstat(&fd)?.st_ino as u64 != file.ino {
            return Err(Errno::STALE);
        }
        write_at(fd.as_fd(), bytes, want.at)?;
        self.site.tally.wrote(bytes.len() as u64);
        if file.arrived() {
            self.finish_attrs(&Made { fd, mode: 0o600 & !self.site.me.umask }, file, &self.files.path(file));
        }
        Ok(())
    }

    /// Makes an empty file in place of whatever has its name.
    fn create(&self, dir: BorrowedFd<'_>, name: &[u8], file: &File, mode: u32) -> Result<Made> {
        if file.exists {
            match unlinkat(dir, name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(err) => return Err(err),
            }
        }
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = openat(dir, name, flags, Mode::from_bits_truncate(mode as _))?;
        Ok(Made { fd, mode: mode & !self.site.me.umask })
    }

    /// The final mode, where nobody can make use of it too early and nothing is in the way of it.
    fn first_mode(&self, file: &File) -> u32 {
        let Attrs { mode, uid, gid, .. } = file.attrs;
        let plain = !file.odd_folder && file.xattrs.is_empty();
        let mine = uid == self.site.me.uid && gid == self.site.me.gid;
        if plain && mine && mode & 0o7000 == 0 { mode } else { 0o600 }
    }

    /// Makes an empty file.
    pub(crate) fn empty(&self, dir: BorrowedFd<'_>, name: &[u8], path: &[u8], file: &File) -> Result<()> {
        let made = self.create(dir, name, file, self.first_mode(file))?;
        self.finish_attrs(&made, file, path);
        Ok(())
    }

    /// Makes a file of its full length, one hole, for the pieces to come. Gives its inode.
    #[allow(clippy::unnecessary_cast)]
    pub(crate) fn prepare(&self, dir: BorrowedFd<'_>, name: &[u8], file: &File) -> Result<(Made, u64)> {
        let made = self.create(dir, name, file, 0o600)?;
        let ready = ftruncate(&made.fd, file.size).and_then(|()| fstat(&made.fd));
        match ready {
            Ok(stat) => Ok((made, stat.st_ino as u64)),
            Err(err) => {
                let _ = unlinkat(dir, name, AtFlags::empty());
                Err(err)
            }
        }
    }

    /// The content is there; now what belongs to it, the time last.
    pub(crate) fn finish_attrs(&self, made: &Made, file: &File, path: &[u8]) {
        let now = Now {
            kind: Kind::File,
            // In an odd folder it may have been given anything.
            mode: if file.odd_folder { u32::MAX } else { made.mode },
            uid: if file.odd_folder { u32::MAX } else { self.site.me.uid },
            gid: if file.odd_folder { u32::MAX } else { self.site.me.gid },
            mtime: None,
            bare: !file.odd_folder,
        };
        let handle = Handle { fd: made.fd.as_fd(), path_only: false };
        self.site.set(path, handle, &file.attrs, &file.xattrs, &now);
        self.site.tally.done(if file.exists { Action::Replaced } else { Action::Created }, path);
    }
}

/// The bytes of a piece, or why they cannot be had.
pub(crate) fn piece<'c>(want: &Want, chunk: &atalaya_repo::Result<&'c [u8]>) -> std::result::Result<&'c [u8], String> {
    let from = want.offset as usize;
    match chunk {
        Ok(bytes) => bytes
            .get(from..from.saturating_add(want.len as usize))
            .ok_or_else(|| format!("its content is damaged: chunk {} is shorter than the snapshot says", want.chunk)),
        Err(err) => Err(format!("its content cannot be read: {err}")),
    }
}

fn write_at(fd: BorrowedFd<'_>, mut bytes: &[u8], mut at: u64) -> Result<()> {
    while !bytes.is_empty() {
        match pwrite(fd, bytes, at) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => (bytes, at) = (&bytes[n..], at + n as u64),
            Err(Errno::INTR) => {}
            Err(err) => return Err(err),
        }
    }
    Ok(())
}
