//! Updates that wait, and whether a restart does. Nothing is fetched, no lock is taken: what is told is as old as the
//! lists that the machine last fetched.

mod apt;
mod kernel;
mod others;

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;
use serde::Deserialize;

use crate::probe::runner::Runner;
use crate::probe::said::{from_unix, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};

/// Package managers are slow on slow disks.
const DEADLINE: Duration = Duration::from_secs(120);

/// Nothing can be said about this probe.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpdatesConfig {}

/// See the module.
#[derive(Default)]
pub struct Updates {
    runner: Runner,
}

impl Updates {
    /// There is nothing to configure.
    #[must_use]
    pub fn new(_config: &UpdatesConfig) -> Self {
        Self::default()
    }
}

/// What waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Waiting {
    pending: u64,
    security: Option<u64>,
}

/// A package manager: its name, what shows that it is here, and where its lists are.
const MANAGERS: [(&str, &str, &[&str]); 3] = [
    ("apt", "/var/lib/dpkg/status", &["/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"]),
    ("opkg", "/usr/lib/opkg/status", &["/var/opkg-lists", "/tmp/opkg-lists", "/var/lib/opkg/lists"]),
    ("apk", "/lib/apk/db/installed", &["/var/cache/apk", "/etc/apk/cache", "/lib/apk/db"]),
];

impl Probe for Updates {
    fn name(&self) -> &'static str {
        "updates"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(6 * 3600)
    }

    fn deadline(&self) -> Duration {
        DEADLINE + Duration::from_secs(30)
    }

    fn apart(&self) -> bool {
        true
    }

    /// Asking apt takes more memory than everything else here, for an answer that is mostly the same.
    fn changed_at(&self, site: &Site, _at: Moment) -> Option<Timestamp> {
        let (_, installed, lists) = MANAGERS.iter().find(|manager| site.path(manager.1).is_file())?;
        lists.iter().chain([installed, &"/run/reboot-required"]).filter_map(|path| fetched(site, path)).max()
    }

    fn read(&mut self, site: &Site, _at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let manager = MANAGERS.iter().find(|manager| site.path(manager.1).is_file());
        let Some((name, _, lists)) = manager else {
            return Err(Fault::Absent("there is neither apt nor opkg nor apk".into()));
        };
        let lists_at = lists.iter().find_map(|path| fetched(site, path));
        // Lists that were never fetched, or lost at a restart, show no updates; that does not mean there are none.
        let waiting = match lists_at {
            None => Err(Fault::Failed(format!("{name} has no lists of packages; fetch them"))),
            Some(_) => match *name {
                "apt" => apt::ask(site, &mut self.runner, DEADLINE),
                "opkg" => others::opkg(site, &mut self.runner, DEADLINE),
                _ => others::apk(site, &mut self.runner, DEADLINE),
            },
        };
        let reason = kernel::restart(site);
        let (waiting, result) = match waiting {
            Ok(waiting) => (Some(waiting), Ok(())),
            // What is known of a restart is worth telling all the same.
            Err(fault) if reason.is_some() => (None, Err(fault)),
            Err(fault) => return Err(fault),
        };
        let view = view::Updates {
            manager: Some(text(name)),
            pending_count: waiting.map(|waiting| waiting.pending),
            security_count: waiting.and_then(|waiting| waiting.security),
            reboot_required: reason.as_ref().map(Option::is_some),
            reboot_reason: reason.flatten().map(|reason| text(&reason)),
            lists_at: lists_at.map(when),
        };
        out(ObjectId::only(), view.into());
        result
    }
}

/// When a file, or the newest one in a folder, was written; `None` for a folder without files.
fn fetched(site: &Site, path: &str) -> Option<Timestamp> {
    let changed = |path: &std::path::Path| {
        let time = fs::metadata(path).ok().filter(fs::Metadata::is_file)?.modified().ok()?;
        from_unix(i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?)
    };
    let own = site.path(path);
    let inside = site.names(path).into_iter().filter(|name| name != "lock").filter_map(|name| changed(&own.join(name)));
    changed(&own).into_iter().chain(inside).max()
}

#[cfg(test)]
mod tests;
