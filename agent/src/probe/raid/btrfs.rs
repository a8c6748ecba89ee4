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
    /// What the kernel is too old to tell of it.
    pub(super) mute: Option<Mute>,
    /// Whether it is on one disk and is to be: there is nothing to survive.
    pub(super) single: bool,
}

/// What kernels that are too old do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mute {
    Disks,
    Errors,
}

impl Mute {
    /// What that is of the file system `name`, and what it takes.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::Disks => format!("whether Btrfs {name} lacks a disk is unknown: needs kernel 5.6 or later"),
            Self::Errors => format!("errors of Btrfs {name} are unknown: needs kernel 5.14 or later"),
        }
    }
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
    let profiles = profiles(site, &format!("{base}/allocation/data"));
    // Kernels before 5.6 tell no more than who is there. Fewer than the profile takes is too few; what else lacks, nobody
    // knows.
    let old = disks == 0;
    let present = site.names(format!("{base}/devices")).len() as u64;
    let needed = profiles.iter().map(|profile| disks_of(profile)).max().unwrap_or(1);
    if old {
        missing = needed.saturating_sub(present);
    }
    let action = action(site.line(format!("{base}/exclusive_operation")).as_deref());
    // What is kept once is gone with its disk.
    let spared = profiles.iter().map(|profile| spared(profile)).min().unwrap_or(0);
    let state = match action {
        _ if missing > spared => Some("failed"),
        Some("recover") => Some("rebuilding"),
        _ if missing > 0 => Some("degraded"),
        _ => (!old).then_some("ok"),
    };
    let problem = match missing {
        0 if old => Some("whether it lacks a disk is unknown: needs kernel 5.6 or later".to_owned()),
        0 => (state != Some("ok")).then(|| "a disk is being replaced".to_owned()),
        _ if old => Some(format!("it lacks {missing} disks or more")),
        _ => Some(format!("{missing} of {disks} disks lack")),
    };
    let view = Raid {
        name: Some(text(label.as_deref().unwrap_or(uuid))),
        kind: Some(text("btrfs")),
        level: (!profiles.is_empty()).then(|| text(&profiles.join("+"))),
        state: state.map(text),
        problem: problem.as_deref().map(text),
        member_count: (!old).then_some(disks),
        working_count: (!old).then_some(disks.saturating_sub(missing)),
        action: action.map(text),
        error_count: errors,
        ..Raid::default()
    };
    let mute = match errors {
        _ if old => Some(Mute::Disks),
        None => Some(Mute::Errors),
        Some(_) => None,
    };
    let single = needed == 1 && (if old { present } else { disks }) <= 1;
    Pool { id: ObjectId::of(uuid), view, mute, single }
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

/// How many disks a profile takes at least; kernels since 5.15 make raid0 and raid10 of fewer, and tell who lacks.
fn disks_of(profile: &str) -> u64 {
    match profile {
        "raid0" | "raid1" | "raid5" => 2,
        "raid1c3" | "raid6" => 3,
        "raid1c4" | "raid10" => 4,
        _ => 1,
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
