//! One entry of a snapshot, for people and for programs.

use atalaya_base::text::shown;
use atalaya_repo::model::{Entry, Kind, Meta};
use serde::Serialize;

use super::text::{JsonPath, json_text, shown_path};
use super::times;

/// As `ls -l` shows it.
pub(crate) fn long(entry: &Entry) -> String {
    let meta = &entry.meta;
    let size = match meta.kind {
        Kind::CharDevice | Kind::BlockDevice => format!("{}, {}", major(meta.rdev), minor(meta.rdev)),
        _ => meta.size.to_string(),
    };
    let target = if meta.kind == Kind::Symlink { format!(" -> {}", shown(&entry.target)) } else { String::new() };
    format!(
        "{} {:>5} {:>5} {:>12} {} {}{target}",
        permissions(meta),
        meta.uid,
        meta.gid,
        size,
        times::local(meta.mtime),
        shown_path(&entry.path)
    )
}

/// `drwxr-xr-x`.
pub(crate) fn permissions(meta: &Meta) -> String {
    let kind = match meta.kind {
        Kind::File => '-',
        Kind::Dir => 'd',
        Kind::Symlink => 'l',
        Kind::Fifo => 'p',
        Kind::Socket => 's',
        Kind::CharDevice => 'c',
        Kind::BlockDevice => 'b',
    };
    let mut out = String::from(kind);
    for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
        let bits = meta.mode >> shift;
        out.push(if bits & 4 != 0 { 'r' } else { '-' });
        out.push(if bits & 2 != 0 { 'w' } else { '-' });
        out.push(match (meta.mode & special != 0, bits & 1 != 0) {
            (true, true) => letter,
            (true, false) => letter.to_ascii_uppercase(),
            (false, true) => 'x',
            (false, false) => '-',
        });
    }
    out
}

pub(crate) fn major(dev: u64) -> u64 {
    rustix::fs::major(dev).into()
}

pub(crate) fn minor(dev: u64) -> u64 {
    rustix::fs::minor(dev).into()
}

/// One entry as programs see it; every command that shows entries uses it.
#[derive(Serialize)]
pub(crate) struct JsonEntry {
    #[serde(flatten)]
    path: JsonPath,
    kind: &'static str,
    /// Octal, as in `chmod`.
    mode: String,
    uid: u32,
    gid: u32,
    size: u64,
    mtime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_bytes: Option<String>,
    /// `MAJOR:MINOR`.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    /// The same for all names of one file.
    #[serde(skip_serializing_if = "Option::is_none")]
    link_group: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xattrs: Vec<String>,
    /// It changed while it was read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unstable: bool,
}

impl JsonEntry {
    pub(crate) fn new(entry: &Entry) -> Self {
        let meta = &entry.meta;
        let (target, target_bytes) = match meta.kind {
            Kind::Symlink => {
                let (text, bytes) = json_text(&entry.target);
                (Some(text), bytes)
            }
            _ => (None, None),
        };
        let device = matches!(meta.kind, Kind::CharDevice | Kind::BlockDevice);
        Self {
            path: JsonPath::new(&entry.path),
            kind: kind_name(meta.kind),
            mode: format!("{:04o}", meta.mode),
            uid: meta.uid,
            gid: meta.gid,
            size: meta.size,
            mtime: times::rfc3339(meta.mtime),
            target,
            target_bytes,
            device: device.then(|| format!("{}:{}", major(meta.rdev), minor(meta.rdev))),
            link_group: entry.link.map(|group| format!("{:x}:{:x}", group.dev, group.ino)),
            xattrs: entry.xattrs.iter().map(|xattr| shown(&xattr.name)).collect(),
            unstable: entry.flags.unstable,
        }
    }
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "file",
        Kind::Dir => "folder",
        Kind::Symlink => "symlink",
        Kind::Fifo => "fifo",
        Kind::Socket => "socket",
        Kind::CharDevice => "char-device",
        Kind::BlockDevice => "block-device",
    }
}
