//! Listing, with one small buffer and one descriptor for each level of folders.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat};
use rustix::io::Errno;

use crate::limits::{DIRENT_BYTES, NAME_BYTES_MAX};
use crate::name::is_component;
use crate::{Entry, Error, Result};

type Each<'a> = &'a mut dyn FnMut(&Entry) -> Result<()>;

/// Calls `each` for all objects below `prefix`, which is known to be good.
pub(super) fn list(root: &OwnedFd, prefix: &str, each: Each<'_>) -> Result<()> {
    let start = if prefix.is_empty() { "." } else { prefix };
    let mut entry = Entry { name: prefix.to_owned(), len: 0 };
    match open(root, start) {
        Ok(folder) => walk(&folder, &mut entry, each),
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
        Err(err) => Err(fail(prefix, err)),
    }
}

/// Depth is bounded by the length of a name: 100 folders of one letter.
fn walk(folder: &OwnedFd, entry: &mut Entry, each: Each<'_>) -> Result<()> {
    let base = entry.name.len();
    let mut buf = vec![MaybeUninit::uninit(); DIRENT_BYTES];
    let mut dir = RawDir::new(folder, &mut buf);
    while let Some(item) = dir.next() {
        let item = item.map_err(|err| fail(&entry.name[..base], err))?;
        let Some(leaf) = leaf(item.file_name().to_bytes(), base) else { continue };
        entry.name.truncate(base);
        entry.name.push_str(leaf);
        visit(folder, item.file_type(), base, entry, each)?;
    }
    entry.name.truncate(base);
    Ok(())
}

/// One thing in a folder: an object, a folder, or nothing of ours.
fn visit(folder: &OwnedFd, mut kind: FileType, base: usize, entry: &mut Entry, each: Each<'_>) -> Result<()> {
    if matches!(kind, FileType::RegularFile | FileType::Unknown) {
        let stat = match statat(folder, &entry.name[base..], AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            // Deleted meanwhile.
            Err(Errno::NOENT) => return Ok(()),
            Err(err) => return Err(fail(&entry.name, err)),
        };
        kind = FileType::from_raw_mode(stat.st_mode);
        entry.len = u64::try_from(stat.st_size).unwrap_or(0);
    }
    match kind {
        FileType::RegularFile => each(entry),
        FileType::Directory => descend(folder, base, entry, each),
        _ => Ok(()),
    }
}

fn descend(folder: &OwnedFd, base: usize, entry: &mut Entry, each: Each<'_>) -> Result<()> {
    match open(folder, &entry.name[base..]) {
        Ok(inner) => {
            entry.name.push('/');
            walk(&inner, entry, each)
        }
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(()),
        Err(err) => Err(fail(&entry.name, err)),
    }
}

/// A name that can be part of an object's; all else is not ours.
fn leaf(bytes: &[u8], base: usize) -> Option<&str> {
    let good = is_component(bytes) && base + bytes.len() <= NAME_BYTES_MAX;
    good.then(|| std::str::from_utf8(bytes).ok()).flatten()
}

fn open(parent: &OwnedFd, name: &str) -> std::result::Result<OwnedFd, Errno> {
    openat(parent, name, OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

fn fail(name: &str, err: Errno) -> Error {
    Error::io(&format!("list {name:?}"), &err.into())
}
