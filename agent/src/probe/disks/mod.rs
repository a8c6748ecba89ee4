//! Probe `disks`: what disks do, and how healthy they are. Nothing that it reads itself wakes one.

pub(super) mod list;
mod smart;
pub(super) mod stats;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::{place, whole};
use atalaya_wire::view::Disk;
use atalaya_wire::{ObjectId, Sample, Text, text};
use serde::Deserialize;

use crate::probe::smart::speaks;
use crate::probe::{Fault, Moment, Probe, Result, Site};
use list::{Found, ids, is_placeholder, list};
use smart::Smart;
use stats::{Work, parse};

/// What may be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DisksConfig {
    /// Disks that are left out, by serial number or by the kernel's name.
    pub ignored: Vec<String>,
    /// Whether SMART is read.
    pub smart: bool,
    /// How often, in seconds. Longer than the disks' idle timers, or they never fall asleep while something uses them
    /// now and then.
    #[serde(deserialize_with = "whole::<_, 60, 604_800>")]
    pub smart_every_seconds: u64,
    /// Where the helper for SMART listens.
    #[serde(deserialize_with = "place")]
    pub smart_helper: PathBuf,
}

impl Default for DisksConfig {
    fn default() -> Self {
        let smart_helper = "/run/atalaya/smart.sock".into();
        Self { ignored: Vec::new(), smart: true, smart_every_seconds: 1800, smart_helper }
    }
}

/// Every disk.
#[derive(Debug)]
pub struct Disks {
    config: DisksConfig,
    /// What each did until the last reading, and when that was.
    before: BTreeMap<String, Work>,
    before_at: Duration,
    /// Those that are made to be taken out.
    passing: BTreeSet<ObjectId>,
    /// What each was last known to do.
    powers: BTreeMap<ObjectId, Text>,
    smart: Option<Smart>,
    left_out: usize,
}

impl Disks {
    /// One that has read nothing yet. As root it asks disks itself, else through the helper.
    #[must_use]
    pub fn new(config: DisksConfig) -> Self {
        Self::with(config, nix::unistd::geteuid().is_root())
    }

    fn with(config: DisksConfig, root: bool) -> Self {
        let every = Duration::from_secs(config.smart_every_seconds.max(60));
        let smart = config.smart.then(|| Smart::new(every, config.smart_helper.clone(), root));
        Self {
            config,
            before: BTreeMap::new(),
            before_at: Duration::ZERO,
            passing: BTreeSet::new(),
            powers: BTreeMap::new(),
            smart,
            left_out: 0,
        }
    }

    fn ignores(&self, disk: &Found) -> bool {
        self.config.ignored.iter().any(|name| *name == disk.name || Some(name) == disk.serial.as_ref())
    }
}

impl Probe for Disks {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn chosen_by(&self) -> &'static str {
        "name what does not matter in probes.disks.ignored"
    }

    fn misses(&self, id: &ObjectId, what: &Sample) -> bool {
        let Sample::Disk(disk) = what else { return true };
        let is = |name: &String| name == id.as_str() || Some(name.as_str()) == disk.serial.as_deref();
        !self.passing.contains(id) && !self.config.ignored.iter().any(is)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let stats = site.text("/proc/diskstats")?;
        let (disks, left_out) = list(site, |disk| !self.ignores(disk));
        self.left_out = left_out;
        if disks.is_empty() {
            return Err(Fault::Absent("there is no disk in /sys/block".into()));
        }
        let work = parse(&stats, |name| disks.iter().find(|disk| disk.name == name).map(|disk| disk.name.as_str()));
        let passed = at.boot.saturating_sub(self.before_at);
        let ids = ids(&disks);
        let smart = self.smart.as_mut().map_or(Ok(()), |smart| {
            let asked = ids.iter().zip(&disks).filter(|(_, disk)| speaks(disk));
            smart.read(site, at, asked.map(|(id, disk)| (disk.name.clone(), id.clone())).collect())
        });
        for (id, disk) in ids.iter().zip(&disks) {
            let (mut view, mut moved) = (describe(disk), false);
            if let (Some(now), Some(before)) = (work.get(disk.name.as_str()), self.before.get(&disk.name)) {
                now.rates(*before, passed, &mut view);
                moved = now.moved(*before);
            }
            if moved {
                view.power = Some(text("active"));
            }
            if self.smart.as_mut().is_some_and(|smart| smart.fill(id, moved, &mut view)) {
                self.powers.remove(id);
            }
            // What nobody can see has not changed: without work a disk is what it was, until it is left alone for that.
            view.power = view.power.or_else(|| self.powers.get(id).cloned());
            if let Some(power) = &view.power {
                self.powers.insert(id.clone(), power.clone());
            }
            out(id.clone(), view.into());
        }
        self.before = work.into_iter().map(|(name, work)| (name.to_owned(), work)).collect();
        self.before_at = at.boot;
        self.powers.retain(|id, _| ids.contains(id));
        self.passing = ids.into_iter().zip(&disks).filter(|(_, disk)| passes(disk)).map(|(id, _)| id).collect();
        // What disks do is told already; only why there is no SMART is left to say.
        smart
    }
}

/// Cards are not removable to the kernel, which sees their slot.
fn passes(disk: &Found) -> bool {
    disk.removable || disk.name.starts_with("mmcblk") && disk.kind != "emmc"
}

fn describe(disk: &Found) -> Disk {
    let some = |of: &Option<String>| of.as_deref().map(text);
    Disk {
        name: Some(text(&disk.name)),
        model: some(&disk.model),
        serial: disk.serial.as_deref().filter(|serial| !is_placeholder(serial)).map(text),
        firmware: some(&disk.firmware),
        kind: Some(text(if disk.removable { "other" } else { disk.kind })),
        size_bytes: Some(disk.bytes),
        power: disk.suspended.then(|| text("standby")),
        ..Disk::default()
    }
}

#[cfg(test)]
mod tests;
