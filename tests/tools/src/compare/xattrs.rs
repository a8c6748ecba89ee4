//! Extended attributes, which access control lists are too.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{getxattr, listxattr};
use rustix::io::Errno;

use super::report::Report;

type Xattrs = BTreeMap<Vec<u8>, Vec<u8>>;

/// Compares all attributes of two open things, which may be `O_PATH` descriptors.
pub(super) fn compare_xattrs(report: &mut Report, path: &Path, a: &OwnedFd, b: &OwnedFd) -> io::Result<()> {
    let (in_a, in_b) = (read(a)?, read(b)?);
    if in_a == in_b {
        return Ok(());
    }
    for name in in_a.keys().chain(in_b.keys().filter(|name| !in_a.contains_key(*name))) {
        let (a, b) = (in_a.get(name), in_b.get(name));
        if a != b {
            let len =
                |value: Option<&Vec<u8>>| value.map_or("none".to_owned(), |value| format!("{} bytes", value.len()));
            report.differs(path, &format!("xattr {}: {} and {}", String::from_utf8_lossy(name), len(a), len(b)));
        }
    }
    Ok(())
}

/// By the descriptor's magic link, which leads to a link itself and not to its target.
fn read(fd: &OwnedFd) -> io::Result<Xattrs> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    let names = match grow(|buf| listxattr(&path, buf)) {
        Ok(names) => names,
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => return Ok(Xattrs::new()),
        Err(err) => return Err(err.into()),
    };
    let mut all = Xattrs::new();
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        all.insert(name.to_vec(), grow(|buf| getxattr(&path, name, buf))?);
    }
    Ok(all)
}

/// Calls with a buffer that is large enough.
fn grow(call: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
    let mut buf = vec![0; 256];
    loop {
        match call(&mut buf) {
            Ok(len) => {
                buf.truncate(len);
                return Ok(buf);
            }
            Err(Errno::RANGE) if buf.len() < 1 << 20 => buf.resize(buf.len() * 16, 0),
            Err(err) => return Err(err),
        }
    }
}
