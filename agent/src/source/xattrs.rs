//! Extended attributes, with buffers that are used again.

use crate::fs::shown_name;
use atalaya_repo::model::{Xattr, XattrValue};
use atalaya_repo::source::Extra;
use rustix::fd::{AsRawFd, BorrowedFd};
use rustix::fs::{fgetxattr, flistxattr, lgetxattr, llistxattr};
use rustix::io::{Errno, Result};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The kernel's own limit for a list of names and for a value (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const XATTR_BYTES_MAX: usize = 64 << 10;

/// Whose attributes.
pub(crate) enum Of<'a> {
    /// An open file.
    File(BorrowedFd<'a>),
    /// A name in a folder, not followed if it is a link.
    Name(BorrowedFd<'a>, &'a [u8]),
}

/// Reads them.
#[derive(Debug)]
pub(crate) struct Reader {
    names: Vec<u8>,
    value: Vec<u8>,
    /// A device whose file system has none.
    without: Option<u64>,
}

impl Reader {
    /// Takes its buffers, 128 KiB.
    pub(crate) fn new() -> Self {
        Self { names: vec![0; XATTR_BYTES_MAX], value: vec![0; XATTR_BYTES_MAX], without: None }
    }

    /// Appends all that can be read, sorted by name, and says why where there are more: the content is worth
    /// more than these. `device` is where the file lies.
    ///
    /// # Errors
    /// Only when there is nothing of that name any more.
    pub(crate) fn read(&mut self, of: &Of<'_>, device: u64, out: &mut Extra) -> Result<()> {
        if self.without == Some(device) {
            return Ok(());
        }
        let place = Place::new(of);
        let len = match place.list(&mut self.names) {
            Ok(len) => len,
            Err(Errno::NOTSUP) => {
                self.without = Some(device);
                return Ok(());
            }
            Err(err) if gone(err) => return Err(err),
            Err(err) => {
                out.incomplete = Some(unlisted(err));
                return Ok(());
            }
        };
        for name in self.names[..len].split(|b| *b == 0).filter(|name| !name.is_empty()) {
            match place.get(name, &mut self.value) {
                Ok(len) => {
                    let value = XattrValue::Inline(self.value[..len].to_vec());
                    out.xattrs.push(Xattr { name: name.to_vec(), value });
                }
                // Removed meanwhile.
                Err(Errno::NODATA) => {}
                Err(err) if gone(err) => return Err(err),
                Err(err) => {
                    out.incomplete.get_or_insert_with(|| unread(name, err));
                }
            }
        }
        out.xattrs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }
}

/// What the name leads to is no longer there, or something else is.
fn gone(err: Errno) -> bool {
    matches!(err, Errno::NOENT | Errno::NOTDIR | Errno::STALE | Errno::LOOP)
}

fn unlisted(err: Errno) -> String {
    match err {
        // XFS can hold more of them than Linux can list.
        Errno::TOOBIG | Errno::RANGE => {
            "its extended attributes have too many names to be listed (more than 64 KiB); it was stored without them"
                .into()
        }
        err => format!("its extended attributes cannot be listed: {err}; it was stored without them"),
    }
}

fn unread(name: &[u8], err: Errno) -> String {
    let hint = if matches!(err, Errno::ACCESS | Errno::PERM) { "; run the backup as root to have all" } else { "" };
    format!("its extended attribute \"{}\" cannot be read: {err}; it was stored without it{hint}", shown_name(name))
}

enum Place<'a> {
    File(BorrowedFd<'a>),
    /// There are no `*at` calls for attributes before Linux 6.13; `/proc` leads through the folder's descriptor.
    Path(PathBuf),
}

impl<'a> Place<'a> {
    fn new(of: &Of<'a>) -> Self {
        match of {
            Of::File(fd) => Self::File(*fd),
            Of::Name(dir, name) => {
                let folder = PathBuf::from(format!("/proc/self/fd/{}", dir.as_raw_fd()));
                Self::Path(folder.join(std::ffi::OsStr::from_bytes(name)))
            }
        }
    }

    fn list(&self, buf: &mut [u8]) -> Result<usize> {
        match self {
            Self::File(fd) => flistxattr(fd, buf),
            Self::Path(path) => llistxattr(path, buf),
        }
    }

    fn get(&self, name: &[u8], buf: &mut [u8]) -> Result<usize> {
        match self {
            Self::File(fd) => fgetxattr(fd, name, buf),
            Self::Path(path) => lgetxattr(path, name, buf),
        }
    }
}
