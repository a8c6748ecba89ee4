//! Asking smartctl about every disk, one after the other, without waking any.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::probe::disks::list::{Found, list};
use crate::probe::disks::stats::{Work, parse};
use crate::probe::smart::REPORT_BYTES_MAX;
use crate::probe::{Fault, Output, Result, Site, run};

/// How long smartctl may take for one disk.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long an idle disk is left alone. Once a day it is looked at all the same, unless it sleeps.
const IDLE: Duration = Duration::from_secs(24 * 3600);
/// Nobody who asks again and again keeps a disk busy.
const AGAIN: Duration = Duration::from_secs(10);
/// What smartctl is told to exit with where a disk sleeps: bits that it never sets together.
const ASLEEP: i32 = 3;
/// Where it may be; makers' systems have it among what people added.
const PROGRAMS: [&str; 3] = ["smartctl", "/usr/sbin/smartctl", "/opt/sbin/smartctl"];
/// How to speak to a disk behind a bridge on USB that smartctl does not know, most frequent first.
const BRIDGES: [&str; 6] = ["sat", "sntjmicron", "sntrealtek", "sntasmedia", "usbjmicron", "usbsunplus"];

/// What a disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    /// It was awake and said something.
    Active,
    /// It sleeps.
    Standby,
    /// It did nothing since it was last read, and is left alone.
    Idle,
    /// Nothing can be got out of it.
    Silent,
    /// smartctl waited for it in vain and was killed.
    Hung,
}

impl Power {
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("active", Self::Active),
        ("standby", Self::Standby),
        ("idle", Self::Idle),
        ("silent", Self::Silent),
        ("hung", Self::Hung),
    ];
}

/// What is remembered of a disk.
#[derive(Debug, Default)]
struct Kept {
    /// How its bridge is spoken to; `None` as smartctl finds best.
    bridge: Option<&'static str>,
    /// Whether all of them were tried in vain.
    hopeless: bool,
    work: Option<Work>,
    asked: Option<Duration>,
}

/// Takes in a disk's name, what it does, and what smartctl said of it.
pub type Tell<'a> = dyn FnMut(&str, Power, &[u8]) -> Result<()> + 'a;

type Ask = Box<dyn FnMut(&[&str]) -> Result<Output> + Send>;

/// Who asks, and what is remembered from one time to the next.
pub struct Sweep {
    ask: Ask,
    /// By kernel's name, model and serial number: what sits on another port is another.
    kept: BTreeMap<(String, Option<String>, Option<String>), Kept>,
}

impl fmt::Debug for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sweep").field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl Default for Sweep {
    fn default() -> Self {
        Self::of(&PROGRAMS, DEADLINE)
    }
}

impl Sweep {
    /// Asks the first of `programs` that is there, and kills it when it says nothing for `deadline`.
    pub(in crate::probe) fn of(programs: &[&str], deadline: Duration) -> Self {
        let programs: Vec<String> = programs.iter().map(|&program| program.to_owned()).collect();
        Self::with(Box::new(move |words| smartctl(&programs, deadline, words)))
    }

    pub(super) fn with(ask: Ask) -> Self {
        Self { ask, kept: BTreeMap::new() }
    }

    /// Hands every disk to `tell`, one after the other. `at` is the time since the start.
    ///
    /// # Errors
    ///
    /// Whatever `tell` says, and [`Fault::Denied`] without smartctl.
    pub fn disks(&mut self, site: &Site, at: Duration, tell: &mut Tell<'_>) -> Result<()> {
        // The probe `disks` tells how many are left out.
        let (disks, _) = list(site, speaks);
        let stats = site.text("/proc/diskstats").unwrap_or_default();
        let work = parse(&stats, |name| disks.iter().find(|disk| disk.name == name).map(|disk| disk.name.as_str()));
        let mut before = std::mem::take(&mut self.kept);
        for disk in &disks {
            let key = (disk.name.clone(), disk.model.clone(), disk.serial.clone());
            let mut kept = before.remove(&key).unwrap_or_default();
            let now = work.get(disk.name.as_str()).copied();
            let told = if let Some(power) = left_alone(disk, &kept, now, at) {
                Ok((power, String::new()))
            } else {
                kept.asked = Some(at);
                self.one(disk, &mut kept)
            };
            kept.work = now;
            self.kept.insert(key, kept);
            if let Err(fault) = told.and_then(|(power, text)| tell(&disk.name, power, text.as_bytes())) {
                // How the others are spoken to is still worth knowing.
                self.kept.append(&mut before);
                return Err(fault);
            }
        }
        Ok(())
    }

    fn one(&mut self, disk: &Found, kept: &mut Kept) -> Result<(Power, String)> {
        if kept.hopeless {
            return Ok((Power::Silent, String::new()));
        }
        match self.said(disk, kept.bridge)? {
            (Power::Active, text) if asks_for_type(&text) => (),
            told => return Ok(told),
        }
        for bridge in BRIDGES {
            match self.said(disk, Some(bridge))? {
                // One that hangs the bridge is not followed by another.
                (Power::Silent | Power::Hung, _) => break,
                (power, text) if power == Power::Standby || text.contains("\"serial_number\"") => {
                    kept.bridge = Some(bridge);
                    return Ok((power, text));
                }
                _ => (),
            }
        }
        kept.hopeless = true;
        Ok((Power::Silent, String::new()))
    }

    /// Nothing where it sleeps, and where smartctl hung or said too much.
    fn said(&mut self, disk: &Found, bridge: Option<&str>) -> Result<(Power, String)> {
        let device = format!("/dev/{}", disk.name);
        let asleep = format!("standby,{ASLEEP}");
        let mut words = vec!["--json=c", "-x", "-n", &asleep];
        if let Some(bridge) = bridge {
            words.extend(["-d", bridge]);
        }
        words.push(&device);
        match (self.ask)(&words) {
            Ok(output) if output.code == Some(ASLEEP) => Ok((Power::Standby, String::new())),
            Ok(output) if output.text.len() <= REPORT_BYTES_MAX && output.code.is_some() => {
                Ok((Power::Active, output.text))
            }
            Ok(_) => Ok((Power::Silent, String::new())),
            Err(Fault::Failed(_)) => Ok((Power::Hung, String::new())),
            Err(fault) => Err(fault),
        }
    }
}

/// Cards and disks of virtual machines have no SMART.
pub(in crate::probe) fn speaks(disk: &Found) -> bool {
    let known = ["sd", "hd", "nvme"].iter().any(|prefix| disk.name.starts_with(prefix));
    known && disk.name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Why it is not asked now, if it is not.
fn left_alone(disk: &Found, kept: &Kept, now: Option<Work>, at: Duration) -> Option<Power> {
    if disk.suspended {
        return Some(Power::Standby);
    }
    let turns = disk.kind == "hdd";
    // Many bridges do not pass the question for the power mode on, and smartctl then asks what wakes the disk: behind
    // one, only a disk that was seen to work is asked.
    if disk.usb && turns && !kept.work.zip(now).is_some_and(|(before, now)| now.moved(before)) {
        return Some(Power::Idle);
    }
    let rests = kept.work.zip(now).is_some_and(|(before, now)| !now.moved(before));
    let since = kept.asked.map(|asked| at.saturating_sub(asked))?;
    (since < AGAIN || turns && rests && since < IDLE).then_some(Power::Idle)
}

fn asks_for_type(text: &str) -> bool {
    text.contains("Unknown USB bridge") || text.contains("specify device type with the -d option")
}

fn smartctl(programs: &[String], deadline: Duration, words: &[&str]) -> Result<Output> {
    for program in programs {
        match run(program, words, deadline) {
            Err(Fault::Absent(_)) => (),
            told => return told,
        }
    }
    Err(Fault::Denied("SMART needs smartctl: install smartmontools".into()))
}
