//! What walking, reading and restoring share: folders by descriptor, `lstat`, spool files.

mod folders;
mod has;
mod noatime;
mod spool;
mod stat;

pub(crate) use folders::Folders;
pub(crate) use has::{has_bytes, has_zeros};
pub(crate) use noatime::NoAtime;
pub(crate) use spool::SpoolFile;
pub(crate) use stat::{meta_of, same_inode};

use std::borrow::Cow;

/// A path of a snapshot (no leading slash) as people read it.
pub(crate) fn shown(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

/// A single name as people read it.
pub(crate) fn shown_name(name: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(name)
}

/// `folder` and `name` of a path; the folder is empty for what lies in the root.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (&[], path),
    }
}
