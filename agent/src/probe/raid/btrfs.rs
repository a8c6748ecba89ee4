//! Btrfs, from `/sys/fs/btrfs`.

use atalaya_wire::view::Raid;
use atalaya_wire::{ObjectId, text};

use crate::probe::Site;

/// Disks of a file system that are looked at.
const DISKS_MAX: usize = 64;

/// A Btrfs file system.
pub(super) struct Pool {
    pub(super) id: ObjectId,
    pub(super) view: Raid,
    /// Whether the kernel is too old to tell its errors.
    pub(super) mute: bool,
}

/// All that are mounted.
pub(super) fn pools(site: &Site) -> Vec<Pool> {
    let names = site.names("/sys/fs/btrfs");
    let uuids = names.iter().filter(|name| name.len() == 36 && name.matches('-').count() == 4);
    uuids.map(|uuid| pool(site, uuid)).collect()
}

fn pool(site: &Site, uuid: &str) -> Pool {
    let base = format!("/sys/fs/btrfs/{uuid}");
    let label = site.line(format!("{base}/label")).filter(|label| !label.is_empty());
    let (mut disks, mut missing, mut errors) = (0, 0, None);
    for disk in site.names(format!("{base}/devinfo")).iter().take(DISKS_MAX) {
        disks += 1;
        missing += u64::from(site.line(format!("{base}/devinfo/{disk}/missing")).as_deref() == Some("1"));
        if let Ok(stats) = site.text(format!("{base}/devinfo/{disk}/error_stats")) {
            errors = Some(sum(&stats).saturating_add(errors.unwrap_or(0)));
        }
    }
    if disks == 0 {
        // Kernels before 5.6 tell no more than who is there.
        disks = site.names(format!("{base}/devices")).len().min(DISKS_MAX) as u64;
    }
    let profiles = profiles(site, &format!("{base}/allocation/data"));
    let action = action(site.line(format!("{base}/exclusive_operation")).as_deref());
    // What is kept once is gone with its disk.
    let spared = profiles.iter().map(|profile| spared(profile)).min().unwrap_or(0);
    let state = match action {
        _ if missing > spared => "failed",
        Some("recover") => "rebuilding",
        _ if missing > 0 => "degraded",
        _ => "ok",
    };
    let view = Raid {
        name: Some(text(label.as_deref().unwrap_or(uuid))),
        kind: Some(text("btrfs")),
        level: (!profiles.is_empty()).then(|| text(&profiles.join("+"))),
        state: Some(text(state)),
        problem: (state != "ok").then(|| match missing {
            0 => text("a disk is being replaced"),
            _ => text(&format!("{missing} of {disks} disks lack")),
        }),
        member_count: Some(disks),
        working_count: Some(disks.saturating_sub(missing)),
        action: action.map(text),
        error_count: errors,
        ..Raid::default()
    };
    Pool { id: ObjectId::of(uuid), view, mute: errors.is_none() }
}

/// Profiles that hold data; two while they are being converted, or after a disk was written alone.
fn profiles(site: &Site, folder: &str) -> Vec<String> {
    let used = |name: &String| {
        let total: Option<u64> = site.number(format!("{folder}/{name}/total_bytes"));
        total.is_some_and(|bytes| bytes > 0)
    };
    site.names(folder).into_iter().filter(used).collect()
}

fn spared(profile: &str) -> u64 {
    match profile {
        "raid1" | "raid10" | "raid5" => 1,
        "raid1c3" | "raid6" => 2,
        "raid1c4" => 3,
        _ => 0,
    }
}

fn action(operation: Option<&str>) -> Option<&'static str> {
    Some(match operation? {
        "device replace" | "device remove" => "recover",
        "balance" | "balance paused" | "device add" | "resize" => "reshape",
        _ => "idle",
    })
}

/// All of `write_errs 0`, `read_errs 1`, …
fn sum(stats: &str) -> u64 {
    let numbers = stats.lines().filter_map(|line| line.split_once(' ')?.1.trim().parse::<u64>().ok());
    numbers.fold(0, u64::saturating_add)
}
