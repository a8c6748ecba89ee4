//! Which disks there are and what they are called, from `/sys/block` and udev's notes. Nothing here asks a disk: the
//! kernel keeps what it was told when the disk came.

use atalaya_wire::ObjectId;

use crate::probe::Site;

/// Disks that are looked at; boxes with more are no NAS of ours.
pub(in crate::probe) const DISKS_MAX: usize = 32;
/// Of these, whatever the kernel says, none is a disk.
const OTHERS: [&str; 11] = ["loop", "ram", "zram", "dm-", "md", "sr", "fd", "nbd", "zd", "mtdblock", "bcache"];

/// A disk as the kernel knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::probe) struct Found {
    /// The kernel's name of the moment.
    pub(in crate::probe) name: String,
    /// `hdd`, `ssd`, `nvme`, `emmc` or `other`. Bridges on USB call every disk one that turns.
    pub(in crate::probe) kind: &'static str,
    pub(in crate::probe) model: Option<String>,
    pub(in crate::probe) serial: Option<String>,
    pub(in crate::probe) wwn: Option<String>,
    pub(in crate::probe) firmware: Option<String>,
    pub(in crate::probe) bytes: u64,
    pub(in crate::probe) removable: bool,
    /// Whether it is behind a bridge on USB.
    pub(in crate::probe) usb: bool,
    /// Whether the kernel itself put it to sleep.
    pub(in crate::probe) suspended: bool,
}

/// The disks that are `wanted`, by name, and how many there are besides.
pub(in crate::probe) fn list(site: &Site, wanted: impl Fn(&Found) -> bool) -> (Vec<Found>, usize) {
    let names = site.names("/sys/block");
    let mut all = names.iter().filter(|name| is_disk(name)).filter_map(|name| find(site, name)).filter(wanted);
    let disks = all.by_ref().take(DISKS_MAX).collect();
    (disks, all.count())
}

fn is_disk(name: &str) -> bool {
    let part = name.starts_with("mmcblk") && (name.contains("boot") || name.contains("rpmb") || name.contains("gp"));
    !part && !OTHERS.iter().any(|other| name.starts_with(other))
}

fn find(site: &Site, name: &str) -> Option<Found> {
    let base = format!("/sys/block/{name}");
    let line = |path: &str| site.line(format!("{base}/{path}")).filter(|line| !line.is_empty());
    let sectors: u64 = line("size")?.parse().ok()?;
    let hidden = line("hidden").as_deref() == Some("1");
    if sectors == 0 || hidden || !site.path(format!("{base}/device")).exists() {
        return None;
    }
    let notes = line("dev").and_then(|dev| site.text(format!("/run/udev/data/b{dev}")).ok()).unwrap_or_default();
    let note = |key: &str| {
        let value = notes.lines().find_map(|line| line.strip_prefix("E:")?.strip_prefix(key)?.strip_prefix('='))?;
        (!value.trim().is_empty()).then(|| value.trim().to_owned())
    };
    let scsi = || site.text(format!("{base}/device/vpd_pg80")).ok().and_then(|page| page80(&page));
    let model = line("device/model").or_else(|| line("device/name"));
    Some(Found {
        name: name.to_owned(),
        kind: kind(name, line("queue/rotational").as_deref(), line("device/type").as_deref()),
        // The kernel cuts a SCSI disk's at sixteen characters; udev asked the disk itself and writes `_` for a space.
        model: note("ID_MODEL")
            .map(|model| model.replace('_', " "))
            .filter(|long| longer(long, model.as_deref()))
            .or(model),
        serial: line("device/serial").or_else(|| line("serial")).or_else(scsi).or_else(|| note("ID_SERIAL_SHORT")),
        wwn: line("device/wwid").or_else(|| line("wwid")).or_else(|| note("ID_WWN")),
        firmware: ["rev", "firmware_rev", "fwrev"].iter().find_map(|key| line(&format!("device/{key}"))),
        bytes: sectors.saturating_mul(512),
        removable: line("removable").as_deref() == Some("1"),
        usb: on_usb(site, &base),
        suspended: line("device/power/runtime_status").as_deref() == Some("suspended"),
    })
}

/// The kernel's folder of a disk lies below that of what it is connected to.
fn on_usb(site: &Site, base: &str) -> bool {
    let place = site.path(base).canonicalize().unwrap_or_default();
    place.components().any(|part| part.as_os_str().as_encoded_bytes().starts_with(b"usb"))
}

fn longer(long: &str, short: Option<&str>) -> bool {
    short.is_none_or(|short| long.len() > short.len() && long.starts_with(short))
}

fn kind(name: &str, rotational: Option<&str>, card: Option<&str>) -> &'static str {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match rotational {
        _ if starts(&["nvme"]) => "nvme",
        _ if starts(&["mmcblk"]) && card == Some("MMC") => "emmc",
        _ if starts(&["mmcblk", "vd", "xvd"]) => "other",
        Some("1") => "hdd",
        Some("0") => "ssd",
        _ => "other",
    }
}

/// The serial number of a SCSI disk: four bytes of head (the last is the length), then the text.
fn page80(page: &str) -> Option<String> {
    let text: String = page.chars().skip(4).filter(|c| !c.is_control()).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The id of each disk, which survives other ports and names: the serial number; where that says nothing or two have
/// it, the world-wide name; else model and serial number with a hash; at last the kernel's name.
pub(in crate::probe) fn ids(disks: &[Found]) -> Vec<ObjectId> {
    let alone = |of: &dyn Fn(&Found) -> Option<String>, disk: &Found| {
        let mine = of(disk)?;
        (disks.iter().filter(|other| of(other).as_ref() == Some(&mine)).count() == 1).then_some(mine)
    };
    let serial = |disk: &Found| disk.serial.clone().filter(|serial| !is_placeholder(serial));
    let wwn = |disk: &Found| disk.wwn.as_deref().and_then(world_wide);
    let both =
        |disk: &Found| Some(format!("{} {}", disk.model.as_deref()?, disk.serial.as_deref().unwrap_or_default()));
    let id = |disk: &Found| {
        let found = alone(&serial, disk).or_else(|| alone(&wwn, disk)).or_else(|| alone(&both, disk));
        ObjectId::of(found.as_deref().unwrap_or(&disk.name))
    };
    disks.iter().map(id).collect()
}

/// Whether a serial number is what a maker writes who gives none.
pub(in crate::probe) fn is_placeholder(serial: &str) -> bool {
    let upper = serial.trim().to_ascii_uppercase();
    let same = upper.bytes().all(|byte| Some(byte) == upper.bytes().next());
    let words = ["NONE", "UNKNOWN", "NULL", "DEFAULT", "TO BE FILLED BY O.E.M."];
    upper.len() < 4 || same || "01234567890ABCDEF0123456789ABCDEF".contains(&upper) || words.contains(&upper.as_str())
}

/// The digits of `naa.5000…`, `eui.0025…` or `0x5000…`; `None` for names that are made of model and serial number.
fn world_wide(name: &str) -> Option<String> {
    let digits = ["naa.", "eui.", "uuid.", "0x"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
    let good =
        digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') && !is_placeholder(digits);
    good.then(|| digits.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(name: &str, serial: &str, wwn: &str) -> Found {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Found { name: name.into(), model: some("X 1"), serial: some(serial), wwn: some(wwn), ..Found::default() }
    }

    #[test]
    fn ids_are_those_of_the_disk() {
        let check = |disks: &[Found], expected: &[&str]| {
            let ids = ids(disks);
            assert_eq!(ids.iter().map(ObjectId::as_str).collect::<Vec<_>>(), expected);
        };
        check(&[disk("sda", "WD-1234", "")], &["WD-1234"]);
        check(&[disk("sda", "000000", "naa.5000C500a1b2c3d4")], &["5000c500a1b2c3d4"]);
        check(
            &[disk("sda", "S1234", "0x500a075110000001"), disk("sdb", "S1234", "0x500a075110000002")],
            &["500a075110000001", "500a075110000002"],
        );
        check(&[disk("sda", "123456789", "t10.ATA X 1")], &[ObjectId::of("X 1 123456789").as_str()]);
        check(&[disk("sda", "", ""), disk("sdb", "", "")], &["sda", "sdb"]);
        check(&[Found { name: "vda".into(), ..Found::default() }], &["vda"]);
    }

    #[test]
    fn placeholders_are_seen_through() {
        for bad in ["", " ", "000000", "123456789", "0123456789ABCDEF", "0123456789abcdef", "ffffffffffff", "none"] {
            assert!(is_placeholder(bad), "{bad:?}");
        }
        for good in ["WD-WCC7K0AAAAAA", "S466NX0M700001A", "0x1a2b3c4d", "DD564198838B0"] {
            assert!(!is_placeholder(good), "{good:?}");
        }
    }

    #[test]
    fn names_of_what_is_no_disk() {
        for other in ["loop0", "ram1", "zram0", "dm-3", "md127", "sr0", "mmcblk0boot0", "mmcblk0rpmb", "mtdblock2"] {
            assert!(!is_disk(other), "{other}");
        }
        for disk in ["sda", "nvme0n1", "mmcblk0", "vda", "xvda", "sdaa"] {
            assert!(is_disk(disk), "{disk}");
        }
    }

    #[test]
    fn kinds() {
        let check = |name, rotational, card, expected| assert_eq!(kind(name, rotational, card), expected, "{name}");
        check("sda", Some("1"), None, "hdd");
        check("sda", Some("0"), None, "ssd");
        check("sda", None, None, "other");
        check("nvme0n1", Some("1"), None, "nvme");
        check("mmcblk0", Some("0"), Some("MMC"), "emmc");
        check("mmcblk0", Some("0"), Some("SD"), "other");
        check("vda", Some("1"), None, "other");
    }
}
