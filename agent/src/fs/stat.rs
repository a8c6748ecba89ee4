//! From the kernel's `stat` to the snapshot's `Meta`.

use atalaya_repo::model::{Kind, Meta, Time};
use rustix::fs::{FileType, Stat};

fn kind_of(mode: u32) -> Kind {
    match FileType::from_raw_mode(mode as rustix::fs::RawMode) {
        FileType::Directory => Kind::Dir,
        FileType::Symlink => Kind::Symlink,
        FileType::Fifo => Kind::Fifo,
        FileType::Socket => Kind::Socket,
        FileType::CharacterDevice => Kind::CharDevice,
        FileType::BlockDevice => Kind::BlockDevice,
        FileType::RegularFile | FileType::Unknown => Kind::File,
    }
}

/// What is kept of a `stat`. Field widths differ between targets, hence the casts.
#[allow(clippy::unnecessary_cast)]
pub(crate) fn meta_of(stat: &Stat) -> Meta {
    let kind = kind_of(stat.st_mode as u32);
    let device = matches!(kind, Kind::CharDevice | Kind::BlockDevice);
    Meta {
        kind,
        mode: stat.st_mode as u32 & 0o7777,
        uid: stat.st_uid as u32,
        gid: stat.st_gid as u32,
        size: if kind == Kind::File { stat.st_size as u64 } else { 0 },
        mtime: Time { secs: stat.st_mtime as i64, nanos: stat.st_mtime_nsec as u32 },
        ctime: Time { secs: stat.st_ctime as i64, nanos: stat.st_ctime_nsec as u32 },
        ino: stat.st_ino as u64,
        dev: stat.st_dev as u64,
        nlink: stat.st_nlink as u64,
        rdev: if device { stat.st_rdev as u64 } else { 0 },
    }
}

/// Whether both are the same inode of the same kind.
pub(crate) fn same_inode(a: &Meta, b: &Meta) -> bool {
    a.dev == b.dev && a.ino == b.ino && a.kind == b.kind
}
