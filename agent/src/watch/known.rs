//! What was told of this node before, over restarts. Pure, but for its file.
//!
//! What the configuration no longer names is removed from brokers and from Home Assistant at the next connection.
//! Hardware that is no longer there stays, as a problem, until somebody dismisses it: `gone.rs` compares.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use atalaya_wire::view::{Disk, FileSystem, Net, Raid, Ups};
use atalaya_wire::{ObjectId, Sample, text};
use serde::{Deserialize, Serialize};

use super::board::OWN;

/// Kinds that the configuration or a look at the machine names anew at every start. The probes that tell them.
const NAMED: &[(&str, &[&str])] = &[
    ("service", &["services", "pages"]),
    ("dns", &["dns"]),
    ("noip", &["noip", "noip_client"]),
    ("cert", &["certs", "certificates"]),
    ("log", &["logs"]),
];
/// Kinds that are hardware, or stand for it.
const HARDWARE: &[(&str, &str)] = &[("disk", "disks"), ("fs", "fs"), ("raid", "raid"), ("net", "net"), ("ups", "ups")];

/// What is remembered.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    /// `view/id`, and a sample as text: what hardware was, what a job last did.
    objects: BTreeMap<String, String>,
    /// By output, the views that it keeps.
    views: BTreeMap<String, BTreeSet<String>>,
    /// By output, the entities that Home Assistant has, and their platforms.
    entities: BTreeMap<String, BTreeMap<String, String>>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Known {
    path: PathBuf,
    memory: Memory,
    changed: bool,
    /// Probes that have told what they see since the configuration was read.
    read: BTreeSet<&'static str>,
}

impl Known {
    /// A file that cannot be read is none: all it costs is that what is gone stays on a broker.
    pub(super) fn load(state: &Path) -> Self {
        let path = state.join("known.json");
        let memory = super::node::memory(&path, "hardware that is gone is not missed");
        Self { path, memory, changed: false, read: BTreeSet::new() }
    }

    /// Writes what changed.
    pub(super) fn save(&mut self) -> std::io::Result<()> {
        if self.changed {
            crate::durable::replace(&self.path, &serde_json::to_vec(&self.memory)?)?;
            self.changed = false;
        }
        Ok(())
    }

    /// What is remembered is on the disk no more.
    pub(super) fn write_again(&mut self) {
        self.changed = true;
    }

    /// Another configuration: what it names has to be seen anew.
    pub(super) fn begin_anew(&mut self) {
        self.read.clear();
    }

    /// Remembers what hardware is, so that it can be missed.
    pub(super) fn meet(&mut self, id: &ObjectId, sample: &Sample) {
        if let Some(identity) = identity(sample) {
            self.keep(id, &identity);
        } else if NAMED.iter().any(|(kind, _)| *kind == sample.name()) {
            self.put(name_of(sample.name(), id), String::new());
        }
    }

    /// Remembers a sample as it is.
    pub(super) fn keep(&mut self, id: &ObjectId, sample: &Sample) {
        self.put(name_of(sample.name(), id), sample.to_text().unwrap_or_default());
    }

    fn put(&mut self, name: String, value: String) {
        if self.memory.objects.get(&name) != Some(&value) {
            self.memory.objects.insert(name, value);
            self.changed = true;
        }
    }

    /// What was kept of an object.
    pub(super) fn recall(&self, kind: &str, id: &ObjectId) -> Option<Sample> {
        Sample::from_text(self.memory.objects.get(&name_of(kind, id))?)
    }

    /// Forgets an object; `false` if it was not known.
    pub(super) fn forget(&mut self, kind: &str, id: &ObjectId) -> bool {
        let known = self.memory.objects.remove(&name_of(kind, id)).is_some();
        self.changed |= known;
        known
    }

    /// Probe `probe` has told what it sees. What was known of the kinds that it names, and is not among what is `there`,
    /// is gone for good.
    pub(super) fn settle(
        &mut self,
        probe: &'static str,
        probes: &[&str],
        there: impl Fn(&str, &ObjectId) -> bool,
    ) -> Vec<(&'static str, ObjectId)> {
        if !self.read.insert(probe) {
            return Vec::new();
        }
        let mut out = Vec::new();
        for (kind, tellers) in NAMED {
            let all = tellers.iter().all(|teller| self.read.contains(teller) || !probes.contains(teller));
            if tellers.contains(&probe) && all {
                let ids = self.of(kind).filter_map(|(id, _)| ObjectId::parse(id));
                out.extend(ids.filter(|id| !there(kind, id)).map(|id| (*kind, id)));
            }
        }
        out
    }

    /// What was known of hardware of a kind and is not `there`, and what it was.
    pub(super) fn absent(
        &self,
        kind: &'static str,
        there: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = (ObjectId, Option<Sample>)> {
        let absent = self.of(kind).filter(move |(id, _)| !there(id));
        absent.filter_map(|(id, value)| Some((ObjectId::parse(id)?, Sample::from_text(value))))
    }

    fn of(&self, kind: &'static str) -> impl Iterator<Item = (&str, &str)> {
        let each = self.memory.objects.iter();
        each.filter_map(move |(name, value)| Some((name.strip_prefix(kind)?.strip_prefix('/')?, value.as_str())))
    }

    /// Notes that an output keeps a view.
    pub(super) fn told(&mut self, output: &str, kind: &str, id: &ObjectId) {
        let views = self.memory.views.entry(output.to_owned()).or_default();
        self.changed |= views.insert(name_of(kind, id));
    }

    /// Views that an output keeps although they are no longer `there`, as kind and id.
    pub(super) fn stale(&self, output: &str, there: impl Fn(&str, &ObjectId) -> bool) -> Vec<(String, ObjectId)> {
        let views = self.memory.views.get(output).into_iter().flatten();
        let parts = views.filter_map(|name| {
            let (kind, id) = name.split_once('/')?;
            Some((kind.to_owned(), ObjectId::parse(id)?))
        });
        let sweeps =
            |kind: &str| OWN.contains(&kind) || NAMED.iter().any(|(named, _)| *named == kind) || is_hardware(kind);
        let parts = parts.filter(|(kind, id)| sweeps(kind) && !there(kind, id));
        parts.filter(|(kind, id)| !self.awaited(kind, id)).collect()
    }

    /// Whether it may still be seen: its probe has not told yet, or it is kept in mind.
    fn awaited(&self, kind: &str, id: &ObjectId) -> bool {
        let unread = HARDWARE.iter().any(|(known, teller)| *known == kind && !self.read.contains(teller));
        !OWN.contains(&kind) && (unread || self.memory.objects.contains_key(&name_of(kind, id)))
    }

    /// How the names of those entities begin whose objects may still be seen.
    pub(super) fn awaited_entities(&self) -> Vec<String> {
        let own = |name: &str| name.split_once('/').is_some_and(|(kind, _)| OWN.contains(&kind));
        let names = self.memory.objects.keys().filter(|name| !own(name));
        names.map(|name| format!("{}_", name.replacen('/', "_", 1))).collect()
    }

    /// An output keeps that view no longer.
    pub(super) fn removed(&mut self, output: &str, kind: &str, id: &ObjectId) {
        if let Some(views) = self.memory.views.get_mut(output) {
            self.changed |= views.remove(&name_of(kind, id));
        }
    }

    /// Entities that Home Assistant has from an output.
    pub(super) fn entities(&self, output: &str) -> BTreeMap<String, String> {
        self.memory.entities.get(output).cloned().unwrap_or_default()
    }

    /// Home Assistant has these now.
    pub(super) fn discovered(&mut self, output: &str, entities: BTreeMap<String, String>) {
        if self.memory.entities.get(output) != Some(&entities) {
            self.memory.entities.insert(output.to_owned(), entities);
            self.changed = true;
        }
    }
}

/// The kind of hardware that a probe tells, if it does.
pub(super) fn hardware_of(probe: &str) -> Option<&'static str> {
    HARDWARE.iter().find(|(_, teller)| *teller == probe).map(|(kind, _)| *kind)
}

fn is_hardware(kind: &str) -> bool {
    HARDWARE.iter().any(|(known, _)| *known == kind)
}

fn name_of(kind: &str, id: &ObjectId) -> String {
    format!("{kind}/{}", id.as_str())
}

/// What hardware is, without what it does.
fn identity(sample: &Sample) -> Option<Sample> {
    Some(match sample {
        Sample::Disk(disk) => Disk {
            model: disk.model.clone(),
            serial: disk.serial.clone(),
            firmware: disk.firmware.clone(),
            kind: disk.kind.clone(),
            size_bytes: disk.size_bytes,
            ..Disk::default()
        }
        .into(),
        // One that is expected and was never there is the configuration's affair, and goes with it.
        Sample::FileSystem(fs) if fs.state.as_deref() != Some("missing") => {
            FileSystem { mount: fs.mount.clone(), kind: fs.kind.clone(), ..FileSystem::default() }.into()
        }
        Sample::Raid(raid) => Raid { name: raid.name.clone(), ..Raid::default() }.into(),
        Sample::Net(net) => Net { name: net.name.clone(), ..Net::default() }.into(),
        Sample::Ups(ups) => Ups { name: ups.name.clone(), ..Ups::default() }.into(),
        _ => return None,
    })
}

/// How it is told when it is not there.
pub(super) fn missing(identity: &Sample) -> Option<Sample> {
    let mut sample = identity.clone();
    let gone = || Some(text("it was here before; \"atalaya-agent dismiss\" forgets it"));
    match &mut sample {
        Sample::Disk(disk) => {
            (disk.power, disk.health, disk.problem) = (Some(text("missing")), Some(text("warning")), gone());
        }
        Sample::FileSystem(fs) => fs.state = Some(text("missing")),
        Sample::Raid(raid) => (raid.state, raid.problem) = (Some(text("inactive")), gone()),
        Sample::Net(net) => net.up = Some(false),
        Sample::Ups(ups) => ups.state = Some(text("silent")),
        _ => return None,
    }
    Some(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(power: &str) -> Sample {
        let some = |words: &str| Some(text(words));
        Disk { serial: some("WD-1"), kind: some("hdd"), power: some(power), ..Disk::default() }.into()
    }

    #[test]
    fn hardware_is_remembered_over_restarts_until_it_is_forgotten() {
        let state = tempfile::tempdir().unwrap();
        let id = ObjectId::of("WD-1");
        let mut known = Known::load(state.path());
        known.meet(&id, &disk("active"));
        known.save().unwrap();
        let written = std::fs::metadata(state.path().join("known.json")).unwrap().modified().unwrap();
        // It works, it sleeps: that is not worth a write.
        known.meet(&id, &disk("standby"));
        known.save().unwrap();
        assert_eq!(std::fs::metadata(state.path().join("known.json")).unwrap().modified().unwrap(), written);

        let mut known = Known::load(state.path());
        assert_eq!(known.absent("disk", |id| id == "WD-1").count(), 0);
        let gone: Vec<_> = known.absent("disk", |_| false).collect();
        let [(gone_id, Some(what))] = gone.as_slice() else { panic!("{gone:?}") };
        let Some(Sample::Disk(view)) = missing(what) else { panic!("{what:?}") };
        assert_eq!((gone_id, view.power.as_deref(), view.serial.as_deref()), (&id, Some("missing"), Some("WD-1")));
        assert!(known.forget("disk", &id) && !known.forget("disk", &id));
        assert_eq!(known.absent("disk", |_| false).count(), 0);
    }

    #[test]
    fn what_the_configuration_no_longer_names_is_removed_once_everybody_was_asked() {
        let state = tempfile::tempdir().unwrap();
        let id = ObjectId::of("ssh");
        let mut known = Known::load(state.path());
        known.meet(&id, &atalaya_wire::view::Service::default().into());
        known.told("out", "service", &id);
        known.told("out", "backup", &ObjectId::of("old"));
        let nothing = |_: &str, _: &ObjectId| false;
        // A job is gone at once; a service might still be told by the other probe.
        assert_eq!(known.stale("out", nothing), [("backup".to_owned(), ObjectId::of("old"))]);
        let probes = ["services", "pages"];
        assert!(known.settle("services", &probes, nothing).is_empty());
        assert_eq!(known.settle("pages", &probes, nothing), [("service", id.clone())]);
        assert!(known.settle("pages", &probes, nothing).is_empty(), "once for each configuration");
        assert!(known.forget("service", &id));
        assert_eq!(known.stale("out", nothing).len(), 2);
        known.removed("out", "service", &id);
        assert_eq!(known.stale("out", nothing).len(), 1);
        assert!(known.stale("other", nothing).is_empty());
    }

    #[test]
    fn what_is_kept_comes_back() {
        let state = tempfile::tempdir().unwrap();
        let mut known = Known::load(state.path());
        let view = atalaya_wire::view::Backup { read_bytes: Some(7), ..Default::default() };
        known.keep(&ObjectId::of("a"), &view.clone().into());
        known.save().unwrap();
        let known = Known::load(state.path());
        assert_eq!(known.recall("backup", &ObjectId::of("a")), Some(view.into()));
        std::fs::write(state.path().join("known.json"), "{").unwrap();
        assert_eq!(Known::load(state.path()).recall("backup", &ObjectId::of("a")), None);
    }
}
