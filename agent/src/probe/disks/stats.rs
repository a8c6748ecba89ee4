//! `/proc/diskstats`: what each disk did since the start.

use std::collections::BTreeMap;
use std::time::Duration;

use atalaya_wire::view::Disk;

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

/// What the disks `named` did.
pub(in crate::probe) fn parse<'a>(text: &str, named: impl Fn(&str) -> Option<&'a str>) -> BTreeMap<&'a str, Work> {
    let mut all = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace().skip(2);
        let Some(name) = words.next().and_then(&named) else { continue };
        let mut numbers = [0_u64; 10];
        let found = numbers.iter_mut().zip(words).map(|(into, word)| word.parse().map(|number| *into = number));
        let [reads, _, read_sectors, _, writes, _, written_sectors, _, _, busy_millis] = match found.collect() {
            Ok::<Vec<()>, _>(found) if found.len() == 10 => numbers,
            _ => continue,
        };
        if all.len() < DISKS_MAX {
            all.insert(name, Work { reads, read_sectors, writes, written_sectors, busy_millis });
        }
    }
    all
}

impl Work {
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
