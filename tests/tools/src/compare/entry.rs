//! Attributes of one thing.

use std::path::Path;

use rustix::fs::{FileType, Stat};

use super::report::Report;

pub(super) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// Mode, owner, time to the nanosecond, and by type: size, device numbers, names.
pub(super) fn compare_attributes(report: &mut Report, path: &Path, a: &Stat, b: &Stat) {
    // A link's mode means nothing on Linux.
    if file_type(a) != FileType::Symlink && a.st_mode != b.st_mode {
        report.differs(path, &format!("mode: {:o} and {:o}", a.st_mode, b.st_mode));
    }
    report.equal(path, "owner", (a.st_uid, a.st_gid), (b.st_uid, b.st_gid));
    report.equal(path, "mtime", (a.st_mtime, a.st_mtime_nsec), (b.st_mtime, b.st_mtime_nsec));
    match file_type(a) {
        FileType::Directory => {}
        FileType::RegularFile => {
            report.equal(path, "size", a.st_size, b.st_size);
        }
        FileType::CharacterDevice | FileType::BlockDevice => {
            report.equal(path, "device", a.st_rdev, b.st_rdev);
        }
        _ => {}
    }
}
