//! Tables of kept machines, and those that are damaged or long.

use super::*;
use crate::probe::machines::machine;

#[test]
fn names_are_without_escapes() {
    let check = |name: &str, expected: &str| assert_eq!(plain(name.as_bytes()), expected, "{name}");
    check("/mnt/My\\040Disk", "/mnt/My Disk");
    check("\\134x\\011\\012\\043", "\\x\t\n#");
    check("/a\\04", "/a\\04");
    check("/a\\999\\", "/a\\999\\");
    check("", "");
}

/// Of a table, with those that are wanted.
fn mounts(text: impl AsRef<[u8]>, wanted: &dyn Fn(&Mount) -> bool) -> Vec<Mount> {
    read(text.as_ref(), wanted, &|_| false, &|_| false).unwrap().mounts
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
    let text = machine("nas-arm").text("/proc/self/mountinfo").unwrap();
    let found = read(text.as_bytes(), &|_| false, &|_| false, &|_| false).unwrap();
    assert_eq!(found.automatic, [PathBuf::from("/mnt/auto")]);
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
    assert_eq!(mounts(&many, &|_| false).len(), MOUNTS_MAX);
}

#[test]
fn the_kernel_makes_it_read_only_behind_the_mount() {
    let check = |options: &str, own: &str, expected: (bool, bool)| {
        let mount = line(format!("1 0 8:1 / /x {options} - ext4 /dev/sda1 {own}").as_bytes()).unwrap();
        assert_eq!((mount.read_only, mount.fell), expected, "{options} {own}");
    };
    check("rw,relatime", "rw,errors=remount-ro", (false, false));
    check("rw,relatime", "ro,errors=remount-ro", (true, true));
    check("ro,relatime", "ro,errors=remount-ro", (true, false));
    check("ro,relatime shared:1 master:2", "rw", (true, false));
    check("rw,relatime", "rw,errors=remount-ro,emergency_ro", (true, true));
    check("rw,relatime", "rw,shutdown", (true, true));
    check("ro,relatime", "ro,emergency_ro", (true, true));
    check("rw,relatime", "rw,no_emergency_ro,shutdown=1", (false, false));
}

#[test]
fn more_than_are_looked_at_are_counted_and_none_that_is_wanted_is_left_out() {
    let table: String = (0..6000).map(|n| format!("1 0 8:{n} / /x{n} rw - ext4 /dev/a rw\n")).collect();
    let wanted = |mount: &Mount| mount.path.ends_with("x5999");
    let found = read(table.as_bytes(), &wanted, &|mount| mount.path.ends_with("x7"), &|_| false).unwrap();
    assert_eq!((found.mounts.len(), found.left_out), (MOUNTS_MAX + 1, 6000 - 2 - MOUNTS_MAX));
    assert!(found.mounts.iter().any(|mount| mount.shown() == "/x5999"));
    assert!(found.mounts.iter().all(|mount| mount.shown() != "/x7"));
    let found = read(table.as_bytes(), &|_| true, &|_| false, &|_| false).unwrap();
    assert_eq!((found.mounts.len(), found.left_out), (6000, 0));
    let twice = "1 0 8:1 / /x rw - ext4 /dev/a rw\n1 0 8:1 /b /x/b rw - ext4 /dev/a rw\n";
    let found = read(twice.as_bytes(), &|_| false, &|mount| mount.path.ends_with("x"), &|_| false).unwrap();
    assert_eq!((found.mounts.len(), found.left_out), (0, 0), "a device whose place is ignored is not told elsewhere");
}

#[test]
fn paths_are_bytes() {
    let found = mounts(b"1 0 8:1 / /a\xff\\040b rw shared:1 - ext4 /dev/\xfe rw\n\xff\n", &|_| false);
    assert_eq!(found[0].path.as_os_str().as_bytes(), b"/a\xff b");
    assert_eq!((found.len(), found[0].shown(), &*found[0].source), (1, "/a\u{fffd} b".into(), "/dev/\u{fffd}"));
    let twice = mounts("1 0 8:1 / /a\\134040 rw - ext4 /dev/a rw\n", &|_| false);
    assert_eq!(twice[0].shown(), "/a\\040", "what an escape gives is no part of another");
}

#[test]
fn long_lines_cost_no_other() {
    let lower = "/lower:".repeat(LINE_BYTES_MAX / 4);
    let table = format!(
        "1 0 0:1 / /c rw - overlay overlay rw,lowerdir={lower}\n2 0 8:1 / /x rw - ext4 /dev/a ro\n3 0 8:2 / /{lower}"
    );
    let found = mounts(&table, &|_| false);
    assert_eq!((found.len(), found[0].shown(), found[0].fell), (1, "/x".into(), true));
}

#[test]
fn what_is_mounted_elsewhere_for_a_while_stays_where_it_was_told() {
    let root = "1 0 0:30 /@ / rw - btrfs /dev/a rw\n";
    let all = format!("{root}2 1 0:30 / /run/timeshift/backup rw - btrfs /dev/a rw\n");
    let shown = |told: &str| {
        let found = read(all.as_bytes(), &|_| false, &|_| false, &|mount| mount.path.as_os_str() == told).unwrap();
        let elsewhere: Vec<_> = found.elsewhere.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        (found.mounts[0].shown(), elsewhere.join(" "))
    };
    assert_eq!(shown("/"), ("/".into(), "/run/timeshift/backup".into()));
    assert_eq!(shown("/x"), ("/run/timeshift/backup".into(), "/".into()));
}
