//! Probe `system`: processor, memory, load, temperature.

mod clock;
mod sensors;
mod stat;

use std::fs;
use std::time::Duration;

use atalaya_wire::view::System as View;
use atalaya_wire::{ObjectId, Sample};
use jiff::Timestamp;
use serde::Deserialize;

use crate::probe::measure::when;
use crate::probe::{Moment, Probe, Result, Site};
use stat::{Stat, Ticks};

pub use clock::ask_clock_by;
pub(crate) use clock::synchronised;

/// What may be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SystemConfig {
    /// Sensors that are wrong: a chip such as `nct6775`, or one of its sensors such as `nct6775 AUXTIN0`.
    pub ignored_sensors: Vec<String>,
}

/// The machine itself.
#[derive(Debug)]
pub struct System {
    config: SystemConfig,
    before: Option<Ticks>,
    started: Option<i64>,
}

impl System {
    /// One that has read nothing yet.
    #[must_use]
    pub const fn new(config: SystemConfig) -> Self {
        Self { config, before: None, started: None }
    }

    /// A clock that is being adjusted moves the start by a second now and then, which is no news.
    fn started(&mut self, now: i64) -> i64 {
        match self.started {
            Some(before) if before.abs_diff(now) <= 2 => before,
            _ => *self.started.insert(now),
        }
    }
}

impl Probe for System {
    fn name(&self) -> &'static str {
        "system"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn read(&mut self, site: &Site, _: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let stat = Stat::parse(&site.text("/proc/stat")?);
        let mut view = View::default();
        if let (Some(now), Some(before)) = (stat.ticks, self.before) {
            now.shares(before, &mut view);
        }
        self.before = stat.ticks;
        let started = stat.started.map(|seconds| self.started(seconds));
        view.booted_at = started.and_then(|seconds| Timestamp::from_second(seconds).ok()).map(when);
        let online = site.line("/sys/devices/system/cpu/online").and_then(|list| stat::processors(&list));
        view.cpu_count = online.or((stat.processors > 0).then_some(stat.processors));
        stat::memory(&site.text("/proc/meminfo").unwrap_or_default(), &mut view);
        stat::loads(&site.text("/proc/loadavg").unwrap_or_default(), &mut view);
        let pressure = |of: &str| stat::pressure(&site.text(format!("/proc/pressure/{of}")).ok()?);
        (view.memory_pressure_percent, view.io_pressure_percent) = (pressure("memory"), pressure("io"));
        view.uptime_seconds = site.text("/proc/uptime").ok().and_then(|text| stat::uptime(&text));
        view.process_count = processes(site);
        view.clock_synchronised = synchronised(site);
        sensors::sensors(site, &self.config.ignored_sensors, &mut view);
        out(ObjectId::only(), view.into());
        Ok(())
    }
}

/// Unknown where `/proc` hides the processes of others (`hidepid=2`), the first one among them.
fn processes(site: &Site) -> Option<u64> {
    if !site.path("/proc/1").is_dir() {
        return None;
    }
    let number = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit);
    Some(fs::read_dir(site.path("/proc")).ok()?.flatten().filter(number).count() as u64)
}

#[cfg(test)]
mod tests;
