//! Extended attributes of what is restored, ACLs among them.

use super::attrs::Handle;
use super::report::Refused;
use super::site::Site;
use atalaya_repo::model::{Xattr, XattrValue};
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr};
use rustix::fs::{getxattr, listxattr, removexattr, setxattr};
use rustix::io::{Errno, Result};
use std::borrow::Cow;

/// The kernel's own limit for a list of names (`XATTR_LIST_MAX`).
const NAMES_BYTES_MAX: usize = 64 << 10;

impl Handle<'_> {
    fn names(&self) -> Result<Vec<u8>> {
        let list = |buf: &mut [u8]| {
            if self.path_only { listxattr(self.proc_path(), buf) } else { flistxattr(self.fd, buf) }
        };
        // Nearly all have few, and 64 KiB need not be cleared for each.
        let mut buf = vec![0; 512];
        let len = match list(&mut buf) {
            Err(Errno::RANGE) => {
                buf = vec![0; NAMES_BYTES_MAX];
                list(&mut buf)?
            }
            result => result?,
        };
        buf.truncate(len);
        Ok(buf)
    }

    fn has(&self, name: &[u8], value: &[u8]) -> bool {
        let mut buf = vec![0; value.len() + 1];
        let got = if self.path_only {
            getxattr(self.proc_path(), name, &mut buf[..])
        } else {
            fgetxattr(self.fd, name, &mut buf[..])
        };
        got.is_ok_and(|len| buf[..len] == *value)
    }

    fn put(&self, name: &[u8], value: &[u8]) -> Result<()> {
        if self.path_only {
            setxattr(self.proc_path(), name, value, XattrFlags::empty())
        } else {
            fsetxattr(self.fd, name, value, XattrFlags::empty())
        }
    }

    fn remove(&self, name: &[u8]) -> Result<()> {
        if self.path_only { removexattr(self.proc_path(), name) } else { fremovexattr(self.fd, name) }
    }

    /// Whether what is made in this folder gets an ACL from it.
    pub(crate) fn hands_down_acl(&self) -> bool {
        let mut buf = [0; 4];
        let got = if self.path_only {
            getxattr(self.proc_path(), "system.posix_acl_default", &mut buf[..])
        } else {
            fgetxattr(self.fd, "system.posix_acl_default", &mut buf[..])
        };
        matches!(got, Ok(_) | Err(Errno::RANGE))
    }
}

/// Labels that the system gives by itself stay when a snapshot does not know them.
fn is_ours(name: &[u8]) -> bool {
    name == b"security.capability"
        || [&b"user."[..], b"trusted.", b"system.posix_acl_"].iter().any(|prefix| name.starts_with(prefix))
}

impl Site<'_> {
    /// Sets those that are wanted and removes others; a `bare` inode has none. Says whether anything was changed.
    pub(crate) fn set_xattrs(&self, path: &[u8], handle: Handle<'_>, wanted: &[Xattr], bare: bool) -> bool {
        let mut changed = false;
        if !bare {
            let names = handle.names().unwrap_or_default();
            for name in names.split(|b| *b == 0).filter(|name| is_ours(name)) {
                if !wanted.iter().any(|x| x.name == name) {
                    changed |= self.allowed(Refused::Xattrs, path, handle.remove(name));
                }
            }
        }
        for xattr in wanted {
            match self.value(&xattr.value) {
                Ok(value) if !bare && handle.has(&xattr.name, &value) => {}
                Ok(value) => changed |= self.allowed(Refused::Xattrs, path, handle.put(&xattr.name, &value)),
                Err(err) => self.tally.refused(Refused::Xattrs, path, &err),
            }
        }
        changed
    }

    fn value<'v>(&self, value: &'v XattrValue) -> atalaya_repo::Result<Cow<'v, [u8]>> {
        match value {
            XattrValue::Inline(bytes) => Ok(Cow::Borrowed(bytes)),
            XattrValue::Blob(..) => self.view.xattr_value(value).map(Cow::Owned),
        }
    }
}
