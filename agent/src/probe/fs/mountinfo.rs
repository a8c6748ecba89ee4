//! `/proc/self/mountinfo`: what is mounted where.
//!
//! Line by line and in bytes: a box of containers has thousands of long ones, of which next to none are kept, and a
//! path is whatever somebody called a folder. (`procfs-core` keeps them all with a map of their options each, refuses
//! the table when one is no UTF-8, and leaves escapes in.)

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Mounts that are looked at; what containers see is left out before.
pub(super) const MOUNTS_MAX: usize = 64;
/// Mounts that are held while the best of them are found, besides those that are wanted. 1 MiB of them.
const HELD_MAX: usize = 4096;
/// Of a line. Paths have 4 KiB at most, each byte of which may be escaped; what follows them is not looked at.
const LINE_BYTES_MAX: usize = 64 << 10;
/// No file systems of a disk or another machine: kernel tables, memory, images, and what containers see.
const PSEUDO: [&str; 36] = [
    "autofs",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cramfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "erofs",
    "fuse.gvfsd-fuse",
    "fuse.lxcfs",
    "fuse.portal",
    "fuse.snapfuse",
    "fusectl",
    "hugetlbfs",
    "iso9660",
    "mqueue",
    "nfsd",
    "nsfs",
    "overlay",
    "proc",
    "pstore",
    "ramfs",
    "romfs",
    "rootfs",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "squashfs",
    "sysfs",
    "tmpfs",
    "tracefs",
    "udf",
];

/// A mount.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mount {
    /// Major and minor number of what is mounted, the same for each place that it is mounted at.
    pub(super) device: String,
    /// Whether it is all of it that is mounted there, and not a folder of it.
    pub(super) whole: bool,
    pub(super) path: PathBuf,
    pub(super) kind: String,
    pub(super) source: String,
    /// Whether nothing can be written there.
    pub(super) read_only: bool,
    /// Whether the kernel made it read-only after an error: then the file system is, and the mount does not know; or it
    /// says so.
    pub(super) fell: bool,
}

/// What the table says.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What is worth looking at, by path.
    pub(super) mounts: Vec<Mount>,
    /// How many there are besides.
    pub(super) left_out: usize,
    /// Where else what is told is mounted as well, best first and not more than [`MOUNTS_MAX`].
    pub(super) elsewhere: Vec<PathBuf>,
    /// Where something would be mounted if it was asked for: such places are never touched.
    pub(super) automatic: Vec<PathBuf>,
}

/// Each device once, and where it was `told` before if it is still there: what mounts all of it elsewhere for a while
/// does not move it. `wanted` names more of its places; what is wanted is there however many there are.
///
/// # Errors
///
/// Those of `table`.
pub(super) fn read(
    table: impl BufRead,
    wanted: &dyn Fn(&Mount) -> bool,
    ignored: &dyn Fn(&Mount) -> bool,
    told: &dyn Fn(&Mount) -> bool,
) -> io::Result<Table> {
    let (mut all, mut unheld, mut automatic) = (Vec::<Mount>::new(), 0, Vec::new());
    each(table, |bytes| {
        let Some(mount) = line(bytes) else { return };
        // What is mounted over another hides it. Compared as bytes: part by part takes its time where there are many.
        all.retain(|other| other.path.as_os_str() != mount.path.as_os_str());
        match () {
            () if mount.kind == "autofs" => automatic.push(mount.path),
            () if PSEUDO.contains(&mount.kind.as_str()) => (),
            () if all.len() < HELD_MAX || wanted(&mount) => all.push(mount),
            () => unheld += 1,
        }
    })?;
    let rank = |mount: &Mount| (!told(mount), !mount.whole, mount.path.as_os_str().len(), mount.path.clone());
    all.sort_by_cached_key(rank);
    let mut found = Table { left_out: unheld, automatic, ..Table::default() };
    let mut devices = BTreeSet::new();
    for mount in all {
        let first = devices.insert(mount.device.clone());
        match () {
            () if wanted(&mount) => found.mounts.push(mount),
            // Its device's other places are not told instead.
            () if ignored(&mount) => (),
            () if !first && found.elsewhere.len() < MOUNTS_MAX => found.elsewhere.push(mount.path),
            () if !first => (),
            () if found.mounts.len() < MOUNTS_MAX => found.mounts.push(mount),
            () => found.left_out += 1,
        }
    }
    found.mounts.retain(|mount| !ignored(mount));
    found.mounts.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Hands every line to `take`, without its end and cut where it is too long.
fn each(mut table: impl BufRead, mut take: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if table.by_ref().take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
            table.skip_until(b'\n')?;
        }
        take(line.strip_suffix(b"\n").unwrap_or(&line));
    }
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(line: &[u8]) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ').skip(2);
    let (device, root, path, options) = (words.next()?, words.next()?, words.next()?, words.next()?);
    words.find(|word| *word == b"-")?;
    let (kind, source, own) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    let has = |options: &[u8], word: &[u8]| options.split(|byte| *byte == b',').any(|option| option == word);
    let ro = |options: &[u8]| has(options, b"ro");
    // Since Linux 6.12 an error leaves `ro` out; since 6.15 ext4 says these instead.
    let emergency = has(own, b"emergency_ro") || has(own, b"shutdown");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Mount {
        device: text(device),
        whole: root == b"/",
        path: plain(path).into(),
        kind: text(kind),
        source: text(plain(source).as_bytes()),
        read_only: ro(options) || ro(own) || emergency,
        fell: ro(own) && !ro(options) || emergency,
    })
}

/// Without the escapes for space, tab, line feed, `#` and `\`, which are three octal digits.
fn plain(bytes: &[u8]) -> OsString {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 4).and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = digits.filter(|_| *byte == b'\\').and_then(|digits| u8::from_str_radix(digits, 8).ok());
        out.push(octal.unwrap_or(*byte));
        at += if octal.is_some() { 4 } else { 1 };
    }
    OsString::from_vec(out)
}

impl Mount {
    /// The path as bytes, for ids.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(self.path.as_os_str().as_bytes()).into_owned()
    }
}

#[cfg(test)]
mod tests;
