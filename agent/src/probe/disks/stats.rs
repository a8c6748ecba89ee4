//! `/proc/diskstats`: what each disk did since the start.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::view::Disk;
use procfs_core::DiskStat;

use crate::probe::disks::list::DISKS_MAX;
use crate::probe::measure::{gained, per_second};

/// Of a sector in `/proc/diskstats`, whatever the disk's own are.
const SECTOR_BYTES: u64 = 512;

/// What a disk did since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::probe) struct Work {
    reads: u64,
    read_sectors: u64,
    writes: u64,
    written_sectors: u64,
    busy_millis: u64,
}

/// What the disks `named` did. Lines are read one by one: one that is damaged, or of the short kind that partitions had
/// before Linux 2.6.25, costs no other.
pub(in crate::probe) fn parse<'a>(text: &str, named: impl Fn(&str) -> Option<&'a str>) -> BTreeMap<&'a str, Work> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let Ok(stat) = DiskStat::from_line(line) else { continue };
        let Some(name) = named(&stat.name) else { continue };
        if all.len() < DISKS_MAX {
            all.insert(name, Work::of(&stat));
        }
    }
    all
}

impl Work {
    const fn of(stat: &DiskStat) -> Self {
        Self {
            reads: stat.reads,
            read_sectors: stat.sectors_read,
            writes: stat.writes,
            written_sectors: stat.sectors_written,
            busy_millis: stat.time_in_progress,
        }
    }

    /// Rates since `before`.
    pub(super) fn rates(self, before: Self, passed: Duration, view: &mut Disk) {
        let bytes = |sectors: u64| sectors.saturating_mul(SECTOR_BYTES);
        view.read_bytes_per_second = per_second(bytes(before.read_sectors), bytes(self.read_sectors), passed);
        view.write_bytes_per_second = per_second(bytes(before.written_sectors), bytes(self.written_sectors), passed);
        view.busy_percent =
            per_second(before.busy_millis, self.busy_millis, passed).map(|share| (share / 10.0).min(100.0));
    }

    /// Whether it did something since `before`.
    pub(in crate::probe) fn moved(self, before: Self) -> bool {
        let more = |of: fn(&Self) -> u64| gained(of(&before), of(&self)) != Some(0);
        more(|work| work.reads) || more(|work| work.writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_moves() {
        let line = |numbers: &str| parse(&format!("   8  0 sda {numbers}\n"), |name| (name == "sda").then_some("sda"));
        let before = line("10 0 100 5 20 0 200 9 0 1000 14")["sda"];
        let now = line("20 0 2100 5 20 0 200 9 0 6000 14 0 0 0 0 7 7")["sda"];
        let mut view = Disk::default();
        now.rates(before, Duration::from_secs(10), &mut view);
        assert_eq!((view.read_bytes_per_second, view.write_bytes_per_second), (Some(102_400.0), Some(0.0)));
        assert_eq!(view.busy_percent, Some(50.0));
        assert!(
            now.moved(before) && !now.moved(now) && before.moved(now),
            "counters that went back are another disk's"
        );
        assert!(line("10 0 100 5 20 0 200").is_empty() && line("10 0 x 5 20 0 200 9 0 1000 14").is_empty());
    }

    #[test]
    fn kernels_of_all_ages_and_damaged_lines() {
        let names = ["sda", "sdb", "nvme0n1", "sdc"];
        let named = |name: &str| names.into_iter().find(|known| *known == name);
        let text = "   8       0 sda 1 0 2 5 3 0 4 9 0 6 14\n\
            \u{fffd} 0 sdc 1 0 2 5 3 0 4 9 0 6 14\n\
            8 1 sda1 1 2 3 4\n\n8 16 sdb\n8 16 sdb 1 0 2 5 3 0 4 9 0 6 14 0 0 0 0\n\
            259 0 nvme0n1 1 0 2 5 3 0 4 9 0 6 14 0 0 0 0 0 0 99 more\n\
            8 32 sdc 1 0 2 5 -3 0 4 9 0 6 14\n8 32 sdc 1 0 2 5 99999999999999999999 0 4 9 0 6 14\n8 32 sd";
        let all = parse(text, named);
        let work = Work { reads: 1, read_sectors: 2, writes: 3, written_sectors: 4, busy_millis: 6 };
        assert_eq!(all, BTreeMap::from([("nvme0n1", work), ("sda", work), ("sdb", work)]));
    }

    #[test]
    fn real_files_are_understood() {
        let Some(path) = crate::probe::machines::shared("proc/diskstats") else { return };
        let text = std::fs::read_to_string(path).unwrap();
        let all = parse(&text, |name| (name == "sda").then_some("sda"));
        let expected = Work {
            reads: 25_354_637,
            read_sectors: 1_003_346_126,
            writes: 28_444_756,
            written_sectors: 505_697_032,
            busy_millis: 9_653_880,
        };
        assert_eq!(all["sda"], expected);
    }
}
