//! Probe `raid`: whether arrays of md, Btrfs file systems and ZFS pools would survive a disk.

mod array;
mod btrfs;
mod md;
mod mdstat;
mod zfs;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atalaya_wire::view::Raid as View;
use atalaya_wire::{ObjectId, Sample, Text};
use serde::Deserialize;

use crate::probe::measure::when;
use crate::probe::{Fault, Moment, Probe, Result, Site, run};

/// A check that ends from here on came to its end; others were stopped.
const ENDS_PERCENT: f32 = 90.0;
/// How often `zpool` runs while a pool's state stays what it is.
const ZPOOL_EVERY: Duration = Duration::from_secs(300);
const ZPOOL_DEADLINE: Duration = Duration::from_secs(8);

/// What may be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RaidConfig {
    /// Arrays and pools that are left out, by name.
    pub ignored: Vec<String>,
    /// Arrays with places for disks that were never there, as some makers' system arrays have: lacking those is no
    /// fault.
    pub roomy: Vec<String>,
}

/// Every array and pool.
#[derive(Debug)]
pub struct Raid {
    config: RaidConfig,
    /// How far the check of an array was that ran at the last reading.
    checks: BTreeMap<String, f32>,
    checked: BTreeMap<String, Text>,
    pools: BTreeMap<String, Pool>,
    /// Btrfs file systems of one disk: when they are unmounted, `fs` says what is to be said.
    passing: BTreeSet<ObjectId>,
}

/// What `zpool` said about a pool.
#[derive(Debug)]
struct Pool {
    state: String,
    at: Duration,
    view: View,
}

impl Raid {
    /// One that has read nothing yet.
    #[must_use]
    pub const fn new(config: RaidConfig) -> Self {
        Self {
            config,
            checks: BTreeMap::new(),
            checked: BTreeMap::new(),
            pools: BTreeMap::new(),
            passing: BTreeSet::new(),
        }
    }

    fn md(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(&str, ObjectId, View)) {
        let mut arrays = md::arrays(site);
        if arrays.is_empty() {
            arrays = mdstat::arrays(&site.text("/proc/mdstat").unwrap_or_default());
        }
        let before = std::mem::take(&mut self.checks);
        self.checked.retain(|name, _| arrays.iter().any(|array| array.name == *name));
        for array in arrays {
            let mut view = array.view(self.config.roomy.contains(&array.name));
            match array.action.as_deref() {
                Some("check" | "repair") => {
                    self.checks.insert(array.name.clone(), view.action_percent.unwrap_or(0.0));
                }
                Some("idle") if before.get(&array.name).is_some_and(|share| *share >= ENDS_PERCENT) => {
                    self.checked.insert(array.name.clone(), when(at.wall));
                }
                _ => (),
            }
            view.checked_at = self.checked.get(&array.name).cloned();
            out(&array.name, ObjectId::of(&array.name), view);
        }
    }

    fn zfs(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(&str, ObjectId, View)) {
        let found = zfs::pools(site);
        self.pools.retain(|name, _| found.iter().any(|(other, _)| other == name));
        for (name, state) in found {
            let kept = self.pools.get(&name);
            let fresh = kept.filter(|pool| pool.state == state && at.boot.saturating_sub(pool.at) < ZPOOL_EVERY);
            let view = if let Some(pool) = fresh { pool.view.clone() } else { zpool(site, &name, &state) };
            out(&name, ObjectId::of(&name), view.clone());
            if fresh.is_none() {
                self.pools.insert(name, Pool { state, at: at.boot, view });
            }
        }
    }
}

impl Probe for Raid {
    fn name(&self) -> &'static str {
        "raid"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn chosen_by(&self) -> &'static str {
        "name what does not matter in probes.raid.ignored"
    }

    fn misses(&self, id: &ObjectId, what: &Sample) -> bool {
        let Sample::Raid(raid) = what else { return true };
        let ignored = self.config.ignored.iter().any(|name| Some(name.as_str()) == raid.name.as_deref());
        !ignored && !self.passing.contains(id)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let ignored = self.config.ignored.clone();
        let mut any = false;
        let mut tell = |name: &str, id: ObjectId, view: View| {
            any = true;
            if !ignored.iter().any(|other| other == name) {
                out(id, view.into());
            }
        };
        self.md(site, at, &mut tell);
        let mut mute = None;
        self.passing.clear();
        for pool in btrfs::pools(site) {
            let name = pool.view.name.clone().unwrap_or_default();
            mute = pool.mute.map(|mute| mute.of(&name)).or(mute);
            if pool.single {
                self.passing.insert(pool.id.clone());
            }
            tell(&name, pool.id, pool.view);
        }
        self.zfs(site, at, &mut tell);
        match mute {
            Some(why) => Err(Fault::Denied(why)),
            None if any => Ok(()),
            None => Err(Fault::Absent("there is no array of md, no mounted Btrfs and no ZFS pool".into())),
        }
    }
}

/// With what `zpool` says, where it can be run; old ones cannot print numbers whole.
fn zpool(site: &Site, name: &str, state: &str) -> View {
    let mut view = zfs::bare(name, state);
    if site.is_real() && !name.starts_with('-') {
        let ask = |words: &[&str]| run("zpool", words, ZPOOL_DEADLINE).ok().filter(|output| output.code == Some(0));
        if let Some(output) = ask(&["status", "-p", name]).or_else(|| ask(&["status", name])) {
            zfs::status(&output.text, &atalaya_base::zone::local(), &mut view);
        }
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machines::{Sketch, look, machine};

    fn see(raid: &mut Raid, site: &Site, seconds: u64) -> (BTreeMap<String, View>, Result<()>) {
        let (seen, result) = look(raid, site, seconds);
        let view = |(id, sample): (ObjectId, Sample)| match sample {
            Sample::Raid(view) => (id.as_str().to_owned(), view),
            other => panic!("{other:?}"),
        };
        (seen.into_iter().map(view).collect(), result)
    }

    /// Level, state, working of members, failed, spare.
    fn told(view: &View) -> String {
        let word = |text: &Option<Text>| text.as_deref().unwrap_or("?").to_owned();
        let number = |n: Option<u64>| n.map_or_else(|| "?".into(), |n| n.to_string());
        let counts = [view.working_count, view.member_count, view.failed_count, view.spare_count].map(number);
        format!("{} {} {}", word(&view.level), word(&view.state), counts.join(" "))
    }

    fn check(name: &str, expected: &[(&str, &str)]) {
        let (seen, _) = see(&mut Raid::new(RaidConfig::default()), &machine(name), 10);
        let seen: Vec<_> = seen.iter().map(|(id, view)| (id.as_str(), told(view))).collect();
        let expected: Vec<_> = expected.iter().map(|(id, told)| (*id, (*told).to_owned())).collect();
        assert_eq!(seen, expected, "{name}");
    }

    #[test]
    fn kept_machines() {
        check(
            "nas-arm",
            &[("md1", "raid1 ok 2 2 0 0"), ("md13", "raid1 rebuilding 1 2 0 0"), ("md9", "raid1 degraded 1 2 1 0")],
        );
        check(
            "pc-nvme",
            &[
                ("0f0e0d0c-1111-2222-3333-444455556666", "raid1 ok 2 2 ? ?"),
                ("aaaaaaaa-1111-2222-3333-444455556666", "raid1+single failed 1 2 ? ?"),
                ("backup", "? degraded ? ? ? ?"),
                ("rpool", "? ok ? ? ? ?"),
            ],
        );
        check("pi", &[]);
    }

    #[test]
    fn figures_of_md_and_btrfs() {
        let (seen, result) = see(&mut Raid::new(RaidConfig::default()), &machine("nas-arm"), 10);
        let md = &seen["md1"];
        assert_eq!((md.action.as_deref(), md.action_percent), (Some("check"), Some(25.0)));
        assert_eq!((md.action_left_seconds, md.mismatch_count, md.error_count), (Some(28_542), Some(128), Some(3)));
        assert_eq!(seen["md9"].problem.as_deref(), Some("1 of 2 disks lack; failed: sda1"));
        assert_eq!((seen["md9"].error_count, result), (Some(20), Ok(())));
        let (seen, result) = see(&mut Raid::new(RaidConfig::default()), &machine("pc-nvme"), 10);
        let pool = &seen["0f0e0d0c-1111-2222-3333-444455556666"];
        assert_eq!((pool.name.as_deref(), pool.error_count), (Some("tank"), Some(3)));
        assert!(matches!(result, Err(Fault::Denied(why)) if why.contains("5.14")), "the other one tells no errors");
    }

    /// Kernels before 5.6.
    #[test]
    fn without_its_disks_told_btrfs_is_unknown_unless_too_few_are_there() {
        let uuid = "0f0e0d0c-1111-2222-3333-444455556666";
        let check = |profile: &str, disks: &[&str], expected: &str, problem: &str, missed: bool| {
            let sketch = Sketch::new(&[(&format!("sys/fs/btrfs/{uuid}/label"), "tank\n")]);
            sketch.put(&format!("sys/fs/btrfs/{uuid}/allocation/data/{profile}/total_bytes"), "8192\n");
            disks.iter().for_each(|disk| sketch.put(&format!("sys/fs/btrfs/{uuid}/devices/{disk}/size"), "8"));
            let mut raid = Raid::new(RaidConfig::default());
            let (seen, result) = see(&mut raid, &sketch.site(), 10);
            let view = seen[uuid].clone();
            assert_eq!(told(&view), expected);
            assert_eq!(view.problem.as_deref(), Some(problem), "{expected}");
            assert!(matches!(result, Err(Fault::Denied(why)) if why.contains("5.6") && why.contains("tank")));
            assert_eq!(raid.misses(&ObjectId::of(uuid), &view.into()), missed);
        };
        let unknown = "whether it lacks a disk is unknown: needs kernel 5.6 or later";
        check("raid1", &["sda", "sdb"], "raid1 ? ? ? ? ?", unknown, true);
        check("raid1", &["sda"], "raid1 degraded ? ? ? ?", "it lacks 1 disks or more", true);
        check("raid6", &["sda", "sdb"], "raid6 degraded ? ? ? ?", "it lacks 1 disks or more", true);
        check("raid0", &["sda"], "raid0 failed ? ? ? ?", "it lacks 1 disks or more", true);
        check("single", &["sda"], "single ? ? ? ? ?", unknown, false);
        check("single", &["sda", "sdb"], "single ? ? ? ? ?", unknown, true);
    }

    #[test]
    fn a_check_that_came_to_its_end_is_remembered() {
        let sketch = Sketch::new(&[("sys/block/md0/md/array_state", "clean"), ("sys/block/md0/md/level", "raid1")]);
        let mut raid = Raid::new(RaidConfig::default());
        let mut step = |seconds, action: &str, done: &str| {
            sketch.put("sys/block/md0/md/sync_action", action);
            sketch.put("sys/block/md0/md/sync_completed", done);
            see(&mut raid, &sketch.site(), seconds).0["md0"].checked_at.clone().map(|at| at.as_str().to_owned())
        };
        assert_eq!(step(0, "check", "50 / 100"), None);
        assert_eq!(step(60, "idle", "none"), None, "stopped half way");
        assert_eq!(step(120, "check", "99 / 100"), None);
        assert_eq!(step(180, "idle", "none").as_deref(), Some("2023-11-14T22:16:20Z"));
        assert_eq!(step(240, "idle", "none").as_deref(), Some("2023-11-14T22:16:20Z"));
    }

    #[test]
    fn nothing_and_what_is_ignored() {
        let (seen, result) = see(&mut Raid::new(RaidConfig::default()), &Sketch::new(&[]).site(), 10);
        assert!(seen.is_empty() && matches!(result, Err(Fault::Absent(_))));
        let config = RaidConfig { ignored: vec!["md9".into()], ..RaidConfig::default() };
        let (seen, result) = see(&mut Raid::new(config), &machine("nas-arm"), 10);
        assert_eq!((seen.len(), result), (2, Ok(())));
        let sketch = Sketch::new(&[("proc/mdstat", "md0 : active raid1 sda1[0]\n      9 blocks [2/1] [U_]\n")]);
        let (seen, _) = see(&mut Raid::new(RaidConfig::default()), &sketch.site(), 10);
        assert_eq!(told(&seen["md0"]), "raid1 degraded 1 2 0 0", "from mdstat");
    }
}
