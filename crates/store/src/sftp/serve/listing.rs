//! Folders: made, listed some names at a time, and what is said of what is in them.

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, fsync, mkdirat, openat, statat, unlinkat};

use super::answer::{Done, Server};
use super::handles::Open;
use super::limits::SERVE_NAMES_MAX;
use super::path::{Name, is_allowed, open_folder};
use super::reply::{EOF, FAILURE, NO_SUCH_FILE, Refusal, Reply, only_adds};
use crate::sftp::packet::Fields;

const HANDLE: u8 = 102;
const NAME: u8 = 104;
const ATTRS: u8 = 105;

impl Server {
    pub(super) fn open_dir(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let name = Name::parse(self.string(&mut fields)?)?;
        self.handles.room()?;
        let dir = Dir::new(open_folder(&self.root, name.parts())?)?;
        let handle = self.handles.add(Open::Folder(dir));
        Ok(Reply::to(HANDLE, number).string(&handle))
    }

    /// Files and folders with names that can be asked for; nothing is said of anything else.
    pub(super) fn read_dir(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let handle = fields.string().ok_or_else(Server::cut_short)?;
        let Open::Folder(dir) = self.handles.get(handle)? else {
            return Err(Refusal(FAILURE, "it is no folder".to_owned()));
        };
        let mut names: Vec<(String, Stat)> = Vec::new();
        while names.len() < SERVE_NAMES_MAX {
            let Some(entry) = dir.read() else { break };
            let entry = entry?;
            let name = entry.file_name();
            let Some(text) = name.to_str().ok().filter(|_| is_allowed(name.to_bytes())) else { continue };
            // What was removed meanwhile is not there.
            let Ok(stat) = statat(dir.fd()?, text, AtFlags::SYMLINK_NOFOLLOW) else { continue };
            if is_ours(&stat) {
                names.push((text.to_owned(), stat));
            }
        }
        if names.is_empty() {
            return Err(Refusal(EOF, String::new()));
        }
        let mut reply = Reply::to(NAME, number).u32(names.len() as u32);
        for (name, stat) in &names {
            reply = reply.string(name.as_bytes()).string(line(name, stat).as_bytes()).attrs(stat);
        }
        Ok(reply)
    }

    /// Of links nothing is said, as in listings.
    pub(super) fn look(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let name = Name::parse(self.string(&mut fields)?)?;
        let stat = match name.split() {
            None => fstat(&self.root)?,
            Some((folder, leaf)) => statat(open_folder(&self.root, folder)?, leaf, AtFlags::SYMLINK_NOFOLLOW)?,
        };
        if !is_ours(&stat) {
            return Err(Refusal(NO_SUCH_FILE, "it is neither file nor folder".to_owned()));
        }
        Ok(Reply::to(ATTRS, number).attrs(&stat))
    }

    pub(super) fn look_at_open(&mut self, number: u32, mut fields: Fields<'_>) -> Done {
        let stat = match self.handles.get(fields.string().ok_or_else(Server::cut_short)?)? {
            Open::File(file) => fstat(&file.fd)?,
            Open::Folder(dir) => dir.stat()?,
        };
        Ok(Reply::to(ATTRS, number).attrs(&stat))
    }

    pub(super) fn make_dir(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let name = Name::parse(self.string(&mut fields)?)?;
        if name.is_in_unfinished() {
            return Err(only_adds("make a folder among unfinished files"));
        }
        let (folder, leaf) = self.parent(&name)?;
        mkdirat(&folder, leaf, Mode::RWXU)?;
        // Durable at once: there are few, and much may be in them before anybody asks again.
        let made = openat(&folder, leaf, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        let _ = fsync(made).and_then(|()| fsync(&folder));
        self.scratch.made_folder(&name);
        Ok(())
    }

    pub(super) fn remove_dir(&mut self, mut fields: Fields<'_>) -> Result<(), Refusal> {
        let name = Name::parse(self.string(&mut fields)?)?;
        if !self.scratch.covers(&name) {
            return Err(only_adds("delete"));
        }
        let (folder, leaf) = self.parent(&name)?;
        Ok(unlinkat(folder, leaf, AtFlags::REMOVEDIR)?)
    }

    /// Where a path leads, as far as names say: nobody goes through links here.
    pub(super) fn real_path(&self, number: u32, mut fields: Fields<'_>) -> Done {
        let name = Name::parse(self.string(&mut fields)?)?.shown();
        // Attributes that say nothing.
        Ok(Reply::to(NAME, number).u32(1).string(name.as_bytes()).string(name.as_bytes()).u32(0))
    }
}

/// Whether it is something that clients may know of.
fn is_ours(stat: &Stat) -> bool {
    matches!(FileType::from_raw_mode(stat.st_mode), FileType::RegularFile | FileType::Directory)
}

/// As `ls -l` would show it, for clients that show nothing else.
fn line(name: &str, stat: &Stat) -> String {
    let kind = if FileType::from_raw_mode(stat.st_mode) == FileType::Directory { 'd' } else { '-' };
    let right = |bit: u32, letter: char| if stat.st_mode & bit == 0 { '-' } else { letter };
    let rights: String = (0..9).map(|at| right(0o400 >> at, ['r', 'w', 'x'][at % 3])).collect();
    format!("{kind}{rights} 1 {} {} {:>12} {name}", stat.st_uid, stat.st_gid, stat.st_size)
}
