//! Folders that say of themselves that they are caches (<https://bford.info/cachedir/>).

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, statat};

/// Name of the tag.
pub(crate) const TAG_NAME: &[u8] = b"CACHEDIR.TAG";

const SIGNATURE: &[u8; 43] = b"Signature: 8a477f597d28d172789f06886806bc55";

/// Whether the folder holds a tag with the standard signature.
pub(crate) fn is_tagged(dir: BorrowedFd<'_>) -> bool {
    let regular = |stat: rustix::fs::Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    statat(dir, TAG_NAME, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(regular) && signature(dir) == Some(*SIGNATURE)
}

fn signature(dir: BorrowedFd<'_>) -> Option<[u8; 43]> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let fd = openat(dir, TAG_NAME, flags, Mode::empty()).ok()?;
    let mut bytes = [0; SIGNATURE.len()];
    let read = rustix::io::read(fd.as_fd(), &mut bytes).ok()?;
    (read == bytes.len()).then_some(bytes)
}
