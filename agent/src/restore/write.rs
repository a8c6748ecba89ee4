//! Writes what is delivered. Runs in the threads of `View::fetch`.

use super::files::{File, Files};
use super::make::Made;
use super::site::Site;
use super::temp::TempName;
use crate::fs::{Folders, meta_of};
use atalaya_repo::view::Want;
use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, Mode, OFlags, fstat, openat, renameat, statat, unlinkat};
use rustix::io::{Errno, Result, pwrite};

/// Takes pieces of a window's files.
pub(crate) struct Writer<'a> {
    pub(crate) site: &'a Site<'a>,
    pub(crate) files: &'a Files,
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
            Ok(bytes) => self.whole(folders, file, want.file, bytes),
            Err(why) => {
                if file.fail() {
                    self.remove(folders, file, want.file);
                    let why = if file.exists { format!("{why}; what was there before was left") } else { why };
                    self.site.tally.failed(&self.files.path(file), why);
                }
                return;
            }
        };
        if let Err(err) = result
            && file.fail()
        {
            self.remove(folders, file, want.file);
            self.site.lost(&self.files.path(file), "write the file", err);
        }
    }

    /// Takes away what is there of a file that comes in pieces; others are not there yet.
    fn remove(&self, folders: &mut Folders, file: &File, number: u32) {
        if file.in_pieces()
            && let Ok((dir, _)) = folders.folder(self.files.folder(file))
            && let temp = self.site.temps.name(number)
            && let name = self.built_as(file, &temp)
            && statat(dir, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| meta_of(&stat).ino == file.ino)
        {
            let _ = unlinkat(dir, name, AtFlags::empty());
        }
    }

    /// Takes away what is there of a file whose pieces do not all come.
    pub(crate) fn abandon(&self, folders: &mut Folders, number: u32) {
        if let Some(file) = self.files.get(number).filter(|file| file.is_partial()) {
            self.remove(folders, file, number);
        }
    }

    /// Its own name where that is free, else the one beside it.
    fn built_as<'n>(&'n self, file: &File, temp: &'n TempName) -> &'n [u8] {
        if file.exists { temp } else { self.files.name(file) }
    }

    /// All of a file.
    fn whole(&self, folders: &mut Folders, file: &File, number: u32, bytes: &[u8]) -> Result<()> {
        let (dir, _) = folders.folder(self.files.folder(file))?;
        let name = self.files.name(file);
        let path = self.files.path(file);
        self.at_once(dir, name, number, file, |name| {
            let made = self.create(dir, name, self.first_mode(file))?;
            if let Err(err) = write_at(made.fd.as_fd(), bytes, 0) {
                let _ = unlinkat(dir, name, AtFlags::empty());
                return Err(err);
            }
            self.site.tally.wrote(file.size);
            self.set_attrs(&made, file, &path);
            Ok(())
        })?;
        self.done(file, &path);
        Ok(())
    }

    /// One piece of a file that was made before.
    fn add(&self, folders: &mut Folders, file: &File, want: &Want, bytes: &[u8]) -> Result<()> {
        let (dir, _) = folders.folder(self.files.folder(file))?;
        let temp = self.site.temps.name(want.file);
        let built = self.built_as(file, &temp);
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = openat(dir, built, flags, Mode::empty())?;
        // Somebody may have put another file in its place, a link to one of the system's, say.
        #[allow(clippy::unnecessary_cast)]
        if fstat(&fd)?.st_ino as u64 != file.ino {
            return Err(Errno::STALE);
        }
        write_at(fd.as_fd(), bytes, want.at)?;
        self.site.tally.wrote(bytes.len() as u64);
        if file.arrived() {
            let path = self.files.path(file);
            self.set_attrs(&Made { fd, mode: 0o600 & !self.site.me.umask }, file, &path);
            if file.exists {
                renameat(dir, built, dir, self.files.name(file))?;
            }
            self.done(file, &path);
        }
        Ok(())
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
