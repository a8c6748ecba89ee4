//! SMART figures beside what disks do: read at their own pace, in a thread, so that a disk that is slow to answer holds
//! nothing up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use atalaya_wire::view::Disk;
use atalaya_wire::{ObjectId, Text, text};

use crate::probe::disks::list::{DISKS_MAX, is_placeholder};
use crate::probe::measure::when;
use crate::probe::smart::{Growth, Power, Sweep, ask, parse};
use crate::probe::{Fault, Moment, Result, Site};

/// Of the thread: a report is understood by recursion, of which there is little.
const STACK_BYTES: usize = 256 << 10;
/// How long the reading that asks waits for figures; those that take longer are told with a later one.
const PATIENCE: Duration = Duration::from_secs(3);
/// A disk that holds its answer back for so long does not let go of whoever asks, either.
const HANGS: Duration = Duration::from_secs(20 * 60);

const SILENT: &str = "smartctl gets nothing out of this disk any more; its figures are as old as they say";
const HUNG: &str = "smartctl waits for this disk in vain; its figures are as old as they say";

/// The last figures of each disk, and who gets the next ones.
#[derive(Debug)]
pub(super) struct Smart {
    every: Duration,
    patience: Duration,
    way: Way,
    last: Option<Duration>,
    under_way: Option<Receiver<Round>>,
    growth: BTreeMap<ObjectId, Growth>,
    latest: BTreeMap<ObjectId, Latest>,
    fault: Option<Fault>,
}

/// How disks are asked.
#[derive(Debug)]
enum Way {
    /// Through the helper that listens there.
    Helper(PathBuf),
    /// Directly, as root; lent to the thread while it asks.
    Own(Option<Box<Sweep>>),
}

/// What is known of a disk.
#[derive(Debug, Default)]
struct Latest {
    power: Option<&'static str>,
    disk: Disk,
    at: Option<Text>,
    problem: Option<Text>,
    /// Whether it was left alone, and did nothing since.
    rests: bool,
}

impl Latest {
    /// SMART was asked for and cannot be read. What was bad stays so; what was good is not known any more.
    fn lose(&mut self, why: &str) {
        let disk = &mut self.disk;
        disk.health = disk.health.take().filter(|health| matches!(health.as_str(), "failing" | "warning"));
        disk.temperature_celsius = None;
        self.problem = Some(text(why));
    }
}

/// What came of asking all disks.
#[derive(Debug)]
struct Round {
    told: Vec<(ObjectId, Power, Option<Result<Disk>>)>,
    growth: BTreeMap<ObjectId, Growth>,
    sweep: Option<Box<Sweep>>,
    result: Result<()>,
}

impl Smart {
    pub(super) fn new(every: Duration, helper: PathBuf, root: bool) -> Self {
        let way = if root { Way::Own(Some(Box::default())) } else { Way::Helper(helper) };
        let (growth, latest) = (BTreeMap::new(), BTreeMap::new());
        Self { every, patience: PATIENCE, way, last: None, under_way: None, growth, latest, fault: None }
    }

    /// Begins when it is time, and takes in what came. `names` are the disks of the moment.
    ///
    /// # Errors
    ///
    /// Why there were no figures at the last try.
    pub(super) fn read(&mut self, site: &Site, at: Moment, names: BTreeMap<String, ObjectId>) -> Result<()> {
        if matches!(self.way, Way::Own(_)) && !site.is_real() {
            return Ok(());
        }
        let due = self.last.is_none_or(|last| at.boot.saturating_sub(last) >= self.every);
        let mut patience = Duration::ZERO;
        if due && self.under_way.is_none() && !names.is_empty() {
            self.last = Some(at.boot);
            self.start(site.clone(), at, names);
            patience = self.patience;
        }
        match self.under_way.as_ref().map(|round| round.recv_timeout(patience)) {
            Some(Ok(round)) => {
                self.under_way = None;
                self.take(round, at);
            }
            Some(Err(RecvTimeoutError::Disconnected)) => self.under_way = None,
            Some(Err(RecvTimeoutError::Timeout)) => {
                let since = self.last.map(|last| at.boot.saturating_sub(last)).filter(|since| *since >= HANGS);
                if let Some(since) = since {
                    let minutes = since.as_secs() / 60;
                    self.fault =
                        Some(Fault::Failed(format!("reading SMART hangs for {minutes} min: a disk does not answer")));
                }
            }
            None => (),
        }
        self.fault.clone().map_or(Ok(()), Err)
    }

    fn start(&mut self, site: Site, at: Moment, names: BTreeMap<String, ObjectId>) {
        let (send, receive) = mpsc::sync_channel(1);
        let growth = std::mem::take(&mut self.growth);
        let (helper, mut sweep) = match &mut self.way {
            Way::Helper(path) => (site.path(path), None),
            Way::Own(sweep) => (PathBuf::new(), Some(sweep.take().unwrap_or_default())),
        };
        let work = move || {
            let mut round = Round { told: Vec::new(), growth, sweep: None, result: Ok(()) };
            let mut tell = |name: &str, power: Power, report: &[u8]| {
                if let Some(id) = names.get(name).filter(|_| round.told.len() < DISKS_MAX) {
                    let growth = round.growth.entry(id.clone()).or_default();
                    let figures = (power == Power::Active).then(|| parse(report, growth, at.boot));
                    round.told.push((id.clone(), power, figures));
                }
            };
            round.result = match &mut sweep {
                None => ask(&helper, &mut tell),
                Some(sweep) => sweep.disks(&site, at.boot, &mut |name, power, report| {
                    tell(name, power, report);
                    Ok(())
                }),
            };
            round.sweep = sweep;
            let _ = send.send(round);
        };
        let started = thread::Builder::new().name("smart".into()).stack_size(STACK_BYTES).spawn(work);
        self.under_way = started.is_ok().then_some(receive);
    }

    fn take(&mut self, round: Round, at: Moment) {
        self.growth = round.growth;
        if let Way::Own(sweep) = &mut self.way {
            *sweep = round.sweep;
        }
        self.fault = round.result.err();
        for (id, power, figures) in round.told {
            if self.latest.len() >= 2 * DISKS_MAX && !self.latest.contains_key(&id) {
                continue;
            }
            let latest = self.latest.entry(id).or_default();
            latest.power = match power {
                Power::Active => Some("active"),
                Power::Standby => Some("standby"),
                Power::Idle | Power::Silent | Power::Hung => None,
            };
            latest.rests = power == Power::Idle;
            match (figures, power) {
                (Some(Ok(disk)), _) => (latest.disk, latest.at, latest.problem) = (disk, Some(when(at.wall)), None),
                (Some(Err(fault)), _) => latest.lose(&fault.to_string()),
                (None, Power::Hung) => latest.lose(HUNG),
                // Bridges that never let anything through are no news.
                (None, Power::Silent) if latest.at.is_some() => latest.lose(SILENT),
                // It cools down, and may fall asleep any moment.
                (None, Power::Idle) => latest.disk.temperature_celsius = None,
                (None, _) => (),
            }
        }
    }

    /// Adds the last figures to what the kernel knows; `moved`: the disk did something since the last reading. Whether
    /// it rests, so that nobody knows what it does.
    pub(super) fn fill(&mut self, id: &ObjectId, moved: bool, view: &mut Disk) -> bool {
        let Some(latest) = self.latest.get_mut(id) else { return false };
        if moved {
            (latest.power, latest.rests) = (Some("active"), false);
        }
        if view.power.is_none() {
            view.power = latest.power.map(text);
        }
        let disk = latest.disk.clone();
        // A bridge shows a number of its own; the one that the id is made of stays where it says something.
        let own = view.serial.take().filter(|serial| !is_placeholder(serial));
        *view = Disk {
            name: view.name.take(),
            size_bytes: view.size_bytes,
            power: view.power.take(),
            read_bytes_per_second: view.read_bytes_per_second,
            write_bytes_per_second: view.write_bytes_per_second,
            busy_percent: view.busy_percent,
            model: disk.model.or_else(|| view.model.take()),
            serial: own.or(disk.serial),
            firmware: disk.firmware.or_else(|| view.firmware.take()),
            kind: disk.kind.or_else(|| view.kind.take()),
            smart_at: latest.at.clone(),
            problem: both(disk.problem, latest.problem.clone()),
            ..disk
        };
        // One that sleeps has cooled down since.
        if view.power.as_deref() == Some("standby") {
            view.temperature_celsius = None;
        }
        latest.rests
    }
}

/// What is wrong with a disk, and why no more is known.
fn both(bad: Option<Text>, unknown: Option<Text>) -> Option<Text> {
    match (bad, unknown) {
        (Some(bad), Some(unknown)) => Some(text(&format!("{bad}; {unknown}"))),
        (bad, unknown) => bad.or(unknown),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::probe::machines::{Sketch, at};

    #[test]
    fn a_helper_that_hangs_holds_up_nobody() {
        let sketch = Sketch::new(&[("x", "")]);
        let site = sketch.site();
        let listener = UnixListener::bind(site.path("/s")).unwrap();
        let mut smart = Smart::new(Duration::from_secs(60), "/s".into(), false);
        smart.patience = Duration::from_millis(10);
        let names = BTreeMap::from([("sda".to_owned(), ObjectId::of("S"))]);
        assert_eq!(smart.read(&site, at(0), names.clone()), Ok(()));
        assert_eq!(smart.read(&site, at(600), names.clone()), Ok(()), "it may be slow");
        let told = smart.read(&site, at(1200), names.clone());
        assert!(matches!(told, Err(Fault::Failed(why)) if why.contains("for 20 min")));
        // When it comes back, it is asked anew: here, that nobody is there any more.
        drop(listener);
        smart.patience = Duration::from_secs(30);
        smart.last = None;
        while !matches!(smart.read(&site, at(1300), names.clone()), Err(Fault::Denied(_))) {
            smart.last = None;
            std::thread::yield_now();
        }
    }
}
