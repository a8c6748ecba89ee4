//! `/proc/self/mountinfo`: what is mounted where.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Mounts that are looked at; a box of containers has more, but they are all left out.
pub(super) const MOUNTS_MAX: usize = 64;
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
    device: String,
    /// Whether it is all of it that is mounted there, and not a folder of it.
    whole: bool,
    pub(super) path: PathBuf,
    pub(super) kind: String,
    pub(super) source: String,
    /// Whether nothing can be written there.
    pub(super) read_only: bool,
    /// Whether the kernel made it read-only after an error: then the file system is, and the mount does not know.
    pub(super) fell: bool,
}

/// What is worth looking at, each device once unless `wanted` names its other places.
pub(super) fn mounts(text: &str, wanted: &dyn Fn(&Mount) -> bool) -> Vec<Mount> {
    let mut all: Vec<Mount> = Vec::new();
    for mount in text.lines().filter_map(line) {
        // What is mounted over another hides it.
        all.retain(|other| other.path != mount.path);
        all.push(mount);
    }
    all.retain(|mount| !PSEUDO.contains(&mount.kind.as_str()));
    let rank = |mount: &Mount| (!mount.whole, mount.path.as_os_str().len(), mount.path.clone());
    all.sort_by_cached_key(rank);
    let mut kept: Vec<Mount> = Vec::new();
    for mount in all {
        if kept.len() < MOUNTS_MAX && (wanted(&mount) || kept.iter().all(|other| other.device != mount.device)) {
            kept.push(mount);
        }
    }
    kept.sort_by(|a, b| a.path.cmp(&b.path));
    kept
}

/// Where something would be mounted if it was asked for: such places are never touched.
pub(super) fn automatic(text: &str) -> Vec<PathBuf> {
    text.lines().filter_map(line).filter(|mount| mount.kind == "autofs").map(|mount| mount.path).collect()
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue`
fn line(line: &str) -> Option<Mount> {
    let (place, what) = line.split_once(" - ")?;
    let (mut place, mut what) = (place.split(' ').skip(2), what.split(' '));
    let (device, root, path, options) = (place.next()?, place.next()?, place.next()?, place.next()?);
    let (kind, source, own) = (what.next()?, what.next()?, what.next().unwrap_or_default());
    let has = |options: &str| options.split(',').any(|option| option == "ro");
    let source = PathBuf::from(plain(source));
    Some(Mount {
        device: device.to_owned(),
        whole: root == "/",
        path: plain(path).into(),
        kind: kind.to_owned(),
        source: source.to_string_lossy().into_owned(),
        read_only: has(options) || has(own),
        fell: has(own) && !has(options),
    })
}

/// Without the escapes for space, tab, line feed, `#` and `\`, which are three octal digits.
fn plain(name: &str) -> OsString {
    let bytes = name.as_bytes();
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
mod tests {
    use super::*;
    use crate::probe::machines::machine;

    #[test]
    fn names_are_without_escapes() {
        let check = |name: &str, expected: &str| assert_eq!(plain(name), expected, "{name}");
        check("/mnt/My\\040Disk", "/mnt/My Disk");
        check("\\134x\\011\\012\\043", "\\x\t\n#");
        check("/a\\04", "/a\\04");
        check("/a\\999\\", "/a\\999\\");
        check("", "");
    }

    fn check(name: &str, wanted: &str, expected: &[&str]) {
        let text = machine(name).text("/proc/self/mountinfo").unwrap();
        let found = mounts(&text, &|mount| mount.path.as_os_str() == wanted);
        assert_eq!(found.iter().map(Mount::shown).collect::<Vec<_>>(), expected, "{name}");
    }

    #[test]
    fn only_real_ones_and_each_once() {
        check("nas-arm", "", &["/mnt/office", "/share/CACHEDEV1_DATA", "/share/external/My Disk"]);
        check(
            "nas-arm",
            "/share/Public",
            &["/mnt/office", "/share/CACHEDEV1_DATA", "/share/Public", "/share/external/My Disk"],
        );
        check("pi", "", &["/", "/boot/firmware"]);
        check("pc-nvme", "", &["/", "/home", "/mnt/nas", "/rpool"]);
        assert_eq!(automatic(&machine("nas-arm").text("/proc/self/mountinfo").unwrap()), [PathBuf::from("/mnt/auto")]);
    }

    #[test]
    fn what_is_mounted_over_another_hides_it() {
        let text = "1 0 8:1 / /x rw - ext4 /dev/sda1 rw\n2 1 8:2 / /x rw - xfs /dev/sda2 rw\n";
        let found = mounts(text, &|_| false);
        assert_eq!((found.len(), found[0].kind.as_str()), (1, "xfs"));
    }

    #[test]
    fn damaged_lines_are_passed_over() {
        for text in ["", " - ", "1 2 3", "1 2 3:4 / /x - ext4", "1 0 8:1 / /x rw ext4 /dev/sda1 rw"] {
            assert!(mounts(text, &|_| true).is_empty(), "{text}");
        }
        let many: String = (0..500).map(|n| format!("1 0 8:{n} / /x{n} rw - ext4 /dev/a rw\n")).collect();
        assert_eq!(mounts(&many, &|_| true).len(), MOUNTS_MAX);
    }

    #[test]
    fn the_kernel_makes_it_read_only_behind_the_mount() {
        let check = |options: &str, own: &str, expected: (bool, bool)| {
            let mount = line(&format!("1 0 8:1 / /x {options} - ext4 /dev/sda1 {own}")).unwrap();
            assert_eq!((mount.read_only, mount.fell), expected, "{options} {own}");
        };
        check("rw,relatime", "rw,errors=remount-ro", (false, false));
        check("rw,relatime", "ro,errors=remount-ro", (true, true));
        check("ro,relatime", "ro,errors=remount-ro", (true, false));
        check("ro,relatime shared:1 master:2", "rw", (true, false));
    }
}
