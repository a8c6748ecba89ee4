//! Errors that ext4 counts. Since Linux 6.12 a file system that the kernel stopped writing to after one does not show it
//! among its options, and only since 6.15 it says `emergency_ro`; in between the count is all there is to see.

use std::collections::BTreeMap;
use std::path::Path;

use crate::probe::Site;
use crate::probe::fs::mountinfo::Mount;

/// How many errors each file system had when it was first seen, by its device.
#[derive(Debug, Default)]
pub(super) struct Errors {
    first: BTreeMap<String, u64>,
}

/// What became of one since it is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Grown {
    pub(super) count: u64,
    /// Whether the kernel writes no more after an error, as it was told to.
    pub(super) stops: bool,
}

impl Errors {
    /// Errors of each mount since it was first seen; of what is unmounted nothing is remembered.
    pub(super) fn look(&mut self, site: &Site, mounts: &[Mount]) -> Vec<Grown> {
        let before = std::mem::take(&mut self.first);
        let of = |mount: &Mount| {
            let counted = mount.kind.starts_with("ext").then(|| count(site, mount)).flatten();
            let Some((name, now)) = counted else { return Grown::default() };
            // A check of the file system sets it back.
            let first = before.get(&mount.device).copied().unwrap_or(now).min(now);
            self.first.insert(mount.device.clone(), first);
            let grown = now - first;
            Grown { count: grown, stops: grown > 0 && stops(site, &name) }
        };
        mounts.iter().map(of).collect()
    }
}

/// The kernel's name of what is mounted, and how many errors that has.
fn count(site: &Site, mount: &Mount) -> Option<(String, u64)> {
    let notes = site.text(format!("/sys/dev/block/{}/uevent", mount.device)).ok()?;
    let name = notes.lines().find_map(|line| line.strip_prefix("DEVNAME="))?;
    let plain = !name.is_empty() && Path::new(name).components().count() == 1;
    let count = plain.then(|| site.number(format!("/sys/fs/ext4/{name}/errors_count"))).flatten()?;
    Some((name.to_owned(), count))
}

/// All options stand here, those of the file system itself among them.
fn stops(site: &Site, name: &str) -> bool {
    let options = site.text(format!("/proc/fs/ext4/{name}/options")).unwrap_or_default();
    options.lines().any(|option| option == "errors=remount-ro")
}
