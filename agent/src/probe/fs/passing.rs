//! Which file systems come and go, so that nobody misses them when they are unmounted.

use std::path::{Path, PathBuf};

use crate::probe::Site;
use crate::probe::fs::mountinfo::Mount;

/// What desktops and programs mount for a while.
const PLACES: [&str; 7] = ["/media", "/run", "/snap", "/tmp", "/var/run", "/var/snap", "/var/tmp"];
/// Where containers and virtual machines have theirs, wherever their folder is.
const WITHIN: [&str; 8] = [
    "/@docker/",
    "/containerd/",
    "/containers/storage/",
    "/container-station-data/",
    "/docker/",
    "/kubelet/",
    "/lxc/",
    "/lxd/",
];

/// Sticks, images, what is mounted on demand, and what is mounted where such things are.
pub(super) fn passes(site: &Site, mount: &Mount, automatic: &[PathBuf]) -> bool {
    let path = mount.path.as_path();
    is_place(path)
        || automatic.iter().any(|place| path.starts_with(place))
        || mount.source.starts_with("/dev/loop")
        || mount.source.strip_prefix("/dev/").is_some_and(|name| is_removable(site, name))
}

fn is_place(path: &Path) -> bool {
    let shown = path.to_string_lossy();
    PLACES.iter().any(|place| path.starts_with(place)) || WITHIN.iter().any(|part| shown.contains(part))
}

/// Whether a disk, or the disk of a partition, is made to be taken out.
fn is_removable(site: &Site, name: &str) -> bool {
    let says = |path: String| site.line(path).map(|flag| flag == "1");
    let base = format!("/sys/class/block/{name}");
    // A partition's folder lies in its disk's.
    says(format!("{base}/removable")).or_else(|| says(format!("{base}/../removable"))).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machines::Sketch;

    #[test]
    fn sticks_images_and_containers_come_and_go() {
        let sketch =
            Sketch::new(&[("sys/devices/usb1/sdb/removable", "1\n"), ("sys/devices/ata1/sda/removable", "0\n")]);
        sketch.put("sys/devices/usb1/sdb/sdb1/partition", "1\n");
        sketch.put("sys/devices/ata1/sda/sda1/partition", "1\n");
        sketch.put("sys/class/block/x", "");
        for (name, place) in
            [("sda", "ata1/sda"), ("sda1", "ata1/sda/sda1"), ("sdb", "usb1/sdb"), ("sdb1", "usb1/sdb/sdb1")]
        {
            let at = sketch.site().path(format!("/sys/class/block/{name}"));
            std::os::unix::fs::symlink(format!("../../devices/{place}"), at).unwrap();
        }
        let check = |path: &str, source: &str, expected: bool| {
            let mount = Mount { path: path.into(), source: source.into(), ..Mount::default() };
            assert_eq!(passes(&sketch.site(), &mount, &["/net".into()]), expected, "{source} at {path}");
        };
        for path in ["/", "/srv", "/mnt/backup", "/volume1", "/share/external/My Disk", "/srv/docker", "/mediathek"] {
            check(path, "/dev/sda1", false);
        }
        check("/srv", "/dev/sda", false);
        check("/srv", "/dev/md0", false);
        check("/srv", "nas:/export", false);
        check("/srv", "/dev/../x", false);
        for path in
            ["/media/pi/STICK", "/run/media/x/y", "/net/nas", "/volume1/@docker/btrfs/x", "/var/lib/docker/zfs/graph/a"]
        {
            check(path, "/dev/sda1", true);
        }
        check("/srv", "/dev/sdb1", true);
        check("/srv", "/dev/sdb", true);
        check("/mnt/image", "/dev/loop3", true);
    }
}
