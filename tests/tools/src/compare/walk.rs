//! Both trees side by side, relative to folder descriptors, so that no path is too long.

use std::collections::HashMap;
use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat, openat, readlinkat, statat};

use super::content::{compare_content, compare_layout};
use super::entry::{compare_attributes, file_type};
use super::report::Report;
use super::xattrs::compare_xattrs;

/// What both sides have so far.
struct Walk {
    report: Report,
    path: PathBuf,
    /// Of files with several names: (device, inode) in A, and in B where its first name was.
    links: HashMap<(u64, u64), (u64, u64)>,
    /// The same from B to A, so that names that A keeps apart are not one in B.
    back: HashMap<(u64, u64), (u64, u64)>,
    except: Vec<(u64, u64)>,
}

/// Compares the trees `a` and `b`, the top folders' own attributes too unless `ignore_root`.
///
/// Sockets in `a` may be missing in `b`: they belong to a running program.
///
/// Memory grows with the names in one folder and with files that have several names.
///
/// # Errors
/// One of the two cannot be read; differences are no error.
pub fn compare(a: &Path, b: &Path, ignore_root: bool) -> io::Result<Report> {
    compare_except(a, b, ignore_root, &[])
}

/// The same, without the folders and files of `a` that `except` names; missing ones are no error.
///
/// # Errors
/// As for `compare`.
pub fn compare_except(a: &Path, b: &Path, ignore_root: bool, except: &[PathBuf]) -> io::Result<Report> {
    let ids = except.iter().filter_map(|path| path.symlink_metadata().ok());
    let except = ids.map(|meta| (meta.dev(), meta.ino())).collect();
    let mut walk = Walk {
        report: Report::default(),
        path: PathBuf::from("."),
        links: HashMap::new(),
        back: HashMap::new(),
        except,
    };
    let (fd_a, fd_b) = (open(CWD, &c_path(a)?)?, open(CWD, &c_path(b)?)?);
    if !ignore_root {
        let (stat_a, stat_b) = (rustix::fs::fstat(&fd_a)?, rustix::fs::fstat(&fd_b)?);
        compare_attributes(&mut walk.report, &walk.path, &stat_a, &stat_b);
        compare_xattrs(&mut walk.report, &walk.path, &fd_a, &fd_b)?;
    }
    walk.folder(&fd_a, &fd_b)?;
    Ok(walk.report)
}

impl Walk {
    fn folder(&mut self, a: &OwnedFd, b: &OwnedFd) -> io::Result<()> {
        let (names_a, names_b) = (names(a)?, names(b)?);
        let (mut rest_a, mut rest_b) = (names_a.iter().peekable(), names_b.iter().peekable());
        loop {
            match (rest_a.peek(), rest_b.peek()) {
                (None, None) => return Ok(()),
                (Some(in_a), Some(in_b)) if in_a == in_b => {
                    self.path.push(OsStr::from_bytes(in_a.to_bytes()));
                    self.entry(a, b, in_a)?;
                    self.path.pop();
                    rest_a.next();
                    rest_b.next();
                }
                (Some(in_a), in_b) if in_b.is_none_or(|in_b| in_a < in_b) => {
                    if !self.may_miss(a, in_a)? {
                        self.only(in_a, "only in the first");
                    }
                    rest_a.next();
                }
                (_, Some(in_b)) => {
                    self.only(in_b, "only in the second");
                    rest_b.next();
                }
                (Some(_), None) => return Ok(()),
            }
        }
    }

    /// Whether an entry of the first tree may be missing in the second.
    fn may_miss(&self, folder: &OwnedFd, name: &CStr) -> io::Result<bool> {
        let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(file_type(&stat) == FileType::Socket || self.except.contains(&(stat.st_dev, stat.st_ino)))
    }

    fn only(&mut self, name: &CStr, what: &str) {
        let path = self.path.join(OsStr::from_bytes(name.to_bytes()));
        self.report.differs(&path, what);
    }

    fn entry(&mut self, a: &OwnedFd, b: &OwnedFd, name: &CStr) -> io::Result<()> {
        let stat_a = statat(a, name, AtFlags::SYMLINK_NOFOLLOW)?;
        let stat_b = statat(b, name, AtFlags::SYMLINK_NOFOLLOW)?;
        if self.except.contains(&(stat_a.st_dev, stat_a.st_ino)) {
            return Ok(());
        }
        self.report.entries += 1;
        if file_type(&stat_a) != file_type(&stat_b) {
            self.report.equal(&self.path, "type", file_type(&stat_a), file_type(&stat_b));
            return Ok(());
        }
        compare_attributes(&mut self.report, &self.path, &stat_a, &stat_b);
        match file_type(&stat_a) {
            FileType::Directory => {
                let (in_a, in_b) = (open(a.as_fd(), name)?, open(b.as_fd(), name)?);
                compare_xattrs(&mut self.report, &self.path, &in_a, &in_b)?;
                self.folder(&in_a, &in_b)
            }
            FileType::RegularFile => self.file(a, b, name, &stat_a, &stat_b),
            FileType::Symlink => {
                let (target_a, target_b) = (readlinkat(a, name, Vec::new())?, readlinkat(b, name, Vec::new())?);
                self.report.equal(&self.path, "link target", target_a, target_b);
                self.other(a, b, name, &stat_a, &stat_b)
            }
            _ => self.other(a, b, name, &stat_a, &stat_b),
        }
    }

    fn file(&mut self, a: &OwnedFd, b: &OwnedFd, name: &CStr, stat_a: &Stat, stat_b: &Stat) -> io::Result<()> {
        if self.seen(stat_a, stat_b) {
            return Ok(());
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (fd_a, fd_b) = (openat(a, name, flags, Mode::empty())?, openat(b, name, flags, Mode::empty())?);
        compare_xattrs(&mut self.report, &self.path, &fd_a, &fd_b)?;
        compare_layout(&mut self.report, &self.path, stat_a, stat_b);
        if stat_a.st_size == stat_b.st_size {
            compare_content(&mut self.report, &self.path, &fd_a, &fd_b, stat_a.st_size as u64)?;
        }
        Ok(())
    }

    /// Links and special files: no content, but attributes and names.
    fn other(&mut self, a: &OwnedFd, b: &OwnedFd, name: &CStr, stat_a: &Stat, stat_b: &Stat) -> io::Result<()> {
        if self.seen(stat_a, stat_b) {
            return Ok(());
        }
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (fd_a, fd_b) = (openat(a, name, flags, Mode::empty())?, openat(b, name, flags, Mode::empty())?);
        compare_xattrs(&mut self.report, &self.path, &fd_a, &fd_b)
    }

    /// Whether this is a further name of a file compared before; tells when only one side has it so.
    fn seen(&mut self, a: &Stat, b: &Stat) -> bool {
        if a.st_nlink <= 1 && b.st_nlink <= 1 {
            return false;
        }
        let (id_a, id_b) = ((a.st_dev, a.st_ino), (b.st_dev, b.st_ino));
        match (self.links.get(&id_a), self.back.get(&id_b)) {
            (None, None) => {
                self.links.insert(id_a, id_b);
                self.back.insert(id_b, id_a);
                false
            }
            (Some(there), Some(_)) if *there == id_b => true,
            _ => {
                self.report.differs(&self.path, "hard links go to different files");
                false
            }
        }
    }
}

fn names(folder: &OwnedFd) -> io::Result<Vec<Box<CStr>>> {
    let mut buf = vec![std::mem::MaybeUninit::uninit(); 64 << 10];
    let mut dir = RawDir::new(folder, &mut buf);
    let mut names = Vec::new();
    while let Some(item) = dir.next() {
        let item = item?;
        if !matches!(item.file_name().to_bytes(), b"." | b"..") {
            names.push(Box::from(item.file_name()));
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn open(parent: BorrowedFd<'_>, name: &CStr) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(openat(parent, name, flags, Mode::empty())?)
}

fn c_path(path: &Path) -> io::Result<CString> {
    Ok(CString::new(path.as_os_str().as_bytes())?)
}
