//! Whether a disk is `ok`, a `warning` or `failing`, and why.

use std::time::Duration;

use atalaya_wire::view::Disk;
use atalaya_wire::{Text, text};
use serde::{Deserialize, Serialize};

use crate::probe::smart::figures::{count, timeouts};
use crate::probe::smart::json::Report;

/// How long growth stays a warning.
const GROWTH: Duration = Duration::from_secs(24 * 3600);
/// Entries of the disk's log of errors that are older, in hours of use, are history.
const LOGGED_HOURS: u64 = 30 * 24;

/// An attribute that tells of a disk's end: its number, what it counts, and from which count on it warns and fails.
///
/// Warnings: any count, because disks with none fail at a fraction of the rate of others. Failing: from where the yearly
/// rate of failure is above a sixth (Backblaze's figures, as scrutiny has them). Single sectors that could not be read
/// come from power cuts, too, so it takes ten.
struct Limit(i64, &'static str, u64, u64);

const NEVER: u64 = u64::MAX;
const LIMITS: [Limit; 8] = [
    Limit(5, "sectors replaced", 1, 17),
    Limit(10, "starts tried again", 1, NEVER),
    Limit(184, "errors between cache and host", 1, NEVER),
    Limit(187, "errors told to the computer", 1, 10),
    Limit(196, "replacements of sectors", 1, 17),
    Limit(197, "sectors that could not be read", 1, 10),
    Limit(198, "sectors that could not be corrected", 1, 10),
    Limit(201, "read errors off track", 1, NEVER),
];

/// What a disk said before, and when that last grew: some counts mean nothing, but their growth does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Growth {
    crc: Grown,
    timeouts: Grown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Grown {
    last: Option<u64>,
    at: Option<Duration>,
}

impl Grown {
    /// Whether it grew lately.
    fn lately(&mut self, now: Option<u64>, at: Duration) -> bool {
        if let (Some(last), Some(now)) = (self.last, now)
            && now > last
        {
            self.at = Some(at);
        }
        self.last = now.or(self.last);
        // A time after now is one of an earlier boot.
        self.at.and_then(|grown| at.checked_sub(grown)).is_some_and(|since| since < GROWTH)
    }
}

/// The verdict so far.
#[derive(Default)]
struct Verdict {
    known: bool,
    warnings: Vec<String>,
    failures: Vec<String>,
}

impl Verdict {
    fn limit(&mut self, count: Option<u64>, what: &str, warn: u64, fail: u64) {
        let Some(count) = count else { return };
        self.known = true;
        match count {
            _ if count >= fail => self.failures.push(format!("{count} {what}")),
            _ if count >= warn => self.warnings.push(format!("{count} {what}")),
            _ => (),
        }
    }

    fn warn(&mut self, is: bool, why: &str) {
        if is {
            self.warnings.push(why.to_owned());
        }
    }

    fn fail(&mut self, is: bool, why: &str) {
        if is {
            self.failures.push(why.to_owned());
        }
    }
}

/// Sets `health` and `problem` of `disk`, whose other figures are there; `at` is the time since the start.
pub(super) fn judge(report: &Report, growth: &mut Growth, at: Duration, disk: &mut Disk) {
    let mut verdict = Verdict { known: report.smart_status.passed.is_some(), ..Verdict::default() };
    let exit = report.smartctl.exit_status.0.unwrap_or(0);
    verdict.fail(report.smart_status.passed == Some(false) || exit & 8 != 0, "the disk says that it fails");
    verdict.fail(exit & 16 != 0, "a value has reached the maker's limit");
    verdict.warn(exit & 32 != 0, "a value was beyond the maker's limit once");
    verdict.warn(exit & 64 != 0 && logged_lately(report, disk), "the disk logged errors lately");
    verdict.warn(exit & 128 != 0 || disk.self_test.as_deref() == Some("failed"), "a self-test failed");
    ata(report, &mut verdict);
    verdict.warn(growth.crc.lately(disk.crc_count, at), "errors on the cable grow: check or replace it");
    verdict.warn(growth.timeouts.lately(timeouts(report), at), "commands time out");
    nvme(report, &mut verdict);
    if report.scsi_error_counter_log.is_some() || report.scsi_grown_defect_list.0.is_some() {
        verdict.limit(disk.reallocated_count, "grown defects", 1, 17);
        verdict.limit(disk.uncorrectable_count, "errors that were not corrected", 1, 10);
    }
    let (warned, failed) = (!verdict.warnings.is_empty(), !verdict.failures.is_empty());
    disk.health = match () {
        () if failed => Some(text("failing")),
        () if warned => Some(text("warning")),
        () if verdict.known => Some(text("ok")),
        () => None,
    };
    disk.problem = (warned || failed).then(|| words(&verdict));
}

fn words(verdict: &Verdict) -> Text {
    let all: Vec<&str> = verdict.failures.iter().chain(&verdict.warnings).map(String::as_str).collect();
    text(&all.join("; "))
}

fn ata(report: &Report, verdict: &mut Verdict) {
    for Limit(id, what, warn, fail) in LIMITS {
        // Some disks pack other things into 196, which means nothing where no sector was replaced.
        if id != 196 || count(report, 5) != Some(0) {
            verdict.limit(count(report, id), what, warn, fail);
        }
    }
}

/// Where it does not say when, it may have been now.
fn logged_lately(report: &Report, disk: &Disk) -> bool {
    let logs = &report.ata_smart_error_log;
    let newest = [&logs.extended, &logs.summary].iter().find_map(|log| log.table.0.first()?.lifetime_hours.count());
    match (newest, disk.powered_seconds.map(|seconds| seconds / 3600)) {
        // The log counts hours in 16 bits.
        (Some(logged), Some(powered)) => (powered & 0xffff).saturating_sub(logged) < LOGGED_HOURS,
        _ => true,
    }
}

fn nvme(report: &Report, verdict: &mut Verdict) {
    let Some(log) = &report.nvme_smart_health_information_log else { return };
    let flags = log.critical_warning.count().unwrap_or(0);
    verdict.known |= log.critical_warning.0.is_some();
    verdict.fail(flags & 1 != 0, "its reserve is used up");
    verdict.warn(flags & 2 != 0, "it is too hot or too cold");
    verdict.fail(flags & 4 != 0, "it is no longer reliable");
    verdict.fail(flags & 8 != 0, "it can only be read");
    verdict.fail(flags & 16 != 0, "its memory is not safe from power cuts");
    verdict.fail(flags >> 5 != 0, "it gives a critical warning");
    if let (Some(spare), Some(least)) = (log.available_spare.count(), log.available_spare_threshold.count()) {
        verdict.fail(spare < least && flags & 1 == 0, "its reserve is below the maker's limit");
    }
    let used = log.percentage_used.count().unwrap_or(0);
    verdict.fail(used > 100, "it has outlived the writes it was made for");
    verdict.warn((80..=100).contains(&used), "most of the writes it was made for are used");
    verdict.limit(log.media_errors.count(), "media errors", 1, 10);
}
