//! Files: made where there is none, written until they have their names, read, and made durable.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{
    AtFlags, FileType, Mode, OFlags, RenameFlags, Stat, fchmod, fstat, fsync, linkat, openat, renameat_with, statat,
    unlinkat,
};
use rustix::io::{Errno, pread, pwrite, retry_on_intr};

use super::answer::{Done, Server};
use super::handles::{File, Open};
use super::limits::{SERVE_DATA_BYTES_MAX, SERVE_STALE_SECONDS};
use super::path::{Name, open_folder};
use super::reply::{EOF, FAILURE, NO_SUCH_FILE, Refusal, only_adds};
use crate::sftp::packet::{CREATE, Fields, WRITE};

const HANDLE: u8 = 102;
const DATA: u8 = 103;

impl Server {
    /// Whatever a client means by its flags: to write is to make a file that is not there.
    pub(super) fn open_file(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let name = Name::parse(self.string(&mut fields)?)?;
        let flags = fields.u32().ok_or_else(Server::cut_short)?;
        self.handles.room()?;
        let (folder, leaf) = self.parent(&name)?;
        let file = match (flags & WRITE != 0, flags & CREATE != 0) {
            (false, _) => self.open_to_read(folder, leaf, &name)?,
            (true, true) => self.make_file(folder, leaf, &name)?,
            (true, false) => return Err(only_adds("write to what is there")),
        };
        let handle = self.handles.add(Open::File(file));
        Ok(super::reply::Reply::to(HANDLE, number).string(&handle))
    }

    fn open_to_read(&self, folder: OwnedFd, leaf: &str, name: &Name) -> Result<File, Refusal> {
        // NONBLOCK: a pipe put there by mistake must not hang the connection.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = retry_on_intr(|| openat(&folder, leaf, flags, Mode::empty()))?;
        if FileType::from_raw_mode(fstat(&fd)?.st_mode) != FileType::RegularFile {
            return Err(Refusal(NO_SUCH_FILE, "it is no file".to_owned()));
        }
        Ok(File { fd, folder, name: name.clone(), writable: false })
    }

    fn make_file(&mut self, folder: OwnedFd, leaf: &str, name: &Name) -> Result<File, Refusal> {
        self.scratch.expect(name)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = retry_on_intr(|| openat(&folder, leaf, flags, Mode::RUSR | Mode::WUSR));
        let fd = made.map_err(|err| match err {
            Errno::EXIST => only_adds("write to what is there"),
            err => err.into(),
        })?;
        self.scratch.made_file(name);
        Ok(File { fd, folder, name: name.clone(), writable: true })
    }

    pub(super) fn read(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let file = self.handles.file(fields.string().ok_or_else(Server::cut_short)?)?;
        let (at, len) = (fields.u64().ok_or_else(Server::cut_short)?, fields.u32().ok_or_else(Server::cut_short)?);
        let mut bytes = vec![0; SERVE_DATA_BYTES_MAX.min(len as usize)];
        i64::try_from(at).map_err(|_| Refusal(EOF, String::new()))?;
        let got = retry_on_intr(|| pread(&file.fd, &mut bytes[..], at))?;
        if got == 0 && len > 0 {
            return Err(Refusal(EOF, String::new()));
        }
        Ok(super::reply::Reply::to(DATA, number).string(&bytes[..got]))
    }

    pub(super) fn write(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let file = self.handles.file(fields.string().ok_or_else(Server::cut_short)?)?;
        let (mut at, mut bytes) =
            (fields.u64().ok_or_else(Server::cut_short)?, fields.string().ok_or_else(Server::cut_short)?);
        if !file.writable {
            return Err(only_adds("write to what has its name"));
        }
        if at.checked_add(bytes.len() as u64).is_none_or(|end| i64::try_from(end).is_err()) {
            return Err(Refusal(FAILURE, "no file is so long".to_owned()));
        }
        while !bytes.is_empty() {
            let wrote = retry_on_intr(|| pwrite(&file.fd, bytes, at))?;
            (at, bytes) = (at + wrote as u64, &bytes[wrote..]);
        }
        Ok(())
    }

    /// The file and, unlike stock servers, the folder that has its name.
    pub(super) fn sync(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let file = self.handles.file(fields.string().ok_or_else(Server::cut_short)?)?;
        fsync(&file.fd)?;
        match fsync(&file.folder) {
            // Some file systems cannot.
            Err(Errno::INVAL) => Ok(()),
            done => Ok(done?),
        }
    }

    /// Gives an unfinished file its name, if nothing has it.
    pub(super) fn rename(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let (from, to) = (Name::parse(self.string(&mut fields)?)?, Name::parse(self.string(&mut fields)?)?);
        if !self.scratch.is_own(&from) {
            return Err(only_adds("rename what has its name"));
        }
        if to.is_in_unfinished() {
            return Err(only_adds("rename an unfinished file to another one"));
        }
        let ((old, leaf), (new, name)) = (self.parent(&from)?, self.parent(&to)?);
        // Whoever has it open writes to it no more, whatever comes of this.
        self.handles.settle(&from);
        link_or_rename(&old, leaf, &new, name)?;
        self.scratch.done(&from);
        Ok(())
    }

    pub(super) fn remove(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let name = Name::parse(self.string(&mut fields)?)?;
        let (folder, leaf) = self.parent(&name)?;
        // What is not there is told apart: nothing is refused by that.
        let stat = statat(&folder, leaf, AtFlags::SYMLINK_NOFOLLOW)?;
        let mine = self.scratch.is_own(&name) || self.scratch.covers(&name);
        let may_go = mine || (name.is_unfinished() && is_stale(&stat));
        if !may_go {
            return Err(only_adds("delete"));
        }
        unlinkat(&folder, leaf, AtFlags::empty())?;
        self.scratch.done(&name);
        Ok(())
    }

    pub(super) fn parent<'n>(&self, name: &'n Name) -> Result<(OwnedFd, &'n str), Refusal> {
        let (folder, leaf) = name.split().ok_or_else(|| Refusal(FAILURE, "it is a folder".to_owned()))?;
        Ok((open_folder(&self.root, folder)?, leaf))
    }
}

/// A hard link never overwrites; where there are none, the kernel is asked not to.
fn link_or_rename(old: impl AsFd, leaf: &str, new: impl AsFd, name: &str) -> Result<(), Refusal> {
    match linkat(&old, leaf, &new, name, AtFlags::empty()) {
        Ok(()) => {
            unlinkat(&old, leaf, AtFlags::empty())?;
        }
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {
            renameat_with(&old, leaf, &new, name, RenameFlags::NOREPLACE)?;
        }
        Err(err) => return Err(err.into()),
    }
    // As the local store leaves objects; FAT has no modes.
    if let Ok(fd) = openat(&new, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty()) {
        let _ = fchmod(fd, Mode::RUSR);
    }
    Ok(())
}

/// Nobody is at work on it any more; by this machine's clock.
fn is_stale(stat: &Stat) -> bool {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |now| now.as_secs());
    i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(stat.st_mtime) > SERVE_STALE_SECONDS
}
