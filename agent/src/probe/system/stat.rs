//! `/proc/stat`, `/proc/meminfo`, `/proc/pressure`, and lists of processors.

use atalaya_wire::view::System;

use crate::probe::measure::percent;

/// Time that all processors spent since the start, in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ticks {
    user: u64,
    system: u64,
    idle: u64,
    iowait: u64,
    steal: u64,
}

/// What `/proc/stat` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stat {
    /// The line `cpu`.
    pub(super) ticks: Option<Ticks>,
    /// Lines of single processors, which only those have that are on.
    pub(super) processors: u64,
    /// When the machine started, in seconds since 1970.
    pub(super) started: Option<i64>,
}

impl Stat {
    pub(super) fn parse(text: &str) -> Self {
        let mut stat = Self::default();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                Some("cpu") => stat.ticks = Ticks::parse(words),
                Some("btime") => stat.started = words.next().and_then(|word| word.parse().ok()),
                Some(word) if word.starts_with("cpu") => stat.processors += 1,
                _ => (),
            }
        }
        stat
    }
}

impl Ticks {
    /// `user nice system idle iowait irq softirq steal guest guest_nice`; old kernels have fewer. Guests are counted
    /// in `user` and `nice` already.
    fn parse<'a>(words: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut n = [0_u64; 8];
        let mut found = 0;
        for (into, word) in n.iter_mut().zip(words) {
            *into = word.parse().ok()?;
            found += 1;
        }
        let sum = |parts: &[u64]| parts.iter().fold(0_u64, |all, part| all.saturating_add(*part));
        (found >= 4).then(|| Self {
            user: sum(&[n[0], n[1]]),
            system: sum(&[n[2], n[5], n[6]]),
            idle: n[3],
            iowait: n[4],
            steal: n[7],
        })
    }

    /// Shares of the time since `before`. The kernel lets idle times go back a little; that counts as none.
    pub(super) fn shares(self, before: Self, view: &mut System) {
        let gained = |of: fn(&Self) -> u64| of(&self).saturating_sub(of(&before));
        let (user, system, steal) = (gained(|t| t.user), gained(|t| t.system), gained(|t| t.steal));
        let (idle, iowait) = (gained(|t| t.idle), gained(|t| t.iowait));
        let busy = user.saturating_add(system).saturating_add(steal);
        let all = busy.saturating_add(idle).saturating_add(iowait);
        view.cpu_percent = percent(busy, all);
        view.cpu_user_percent = percent(user, all);
        view.cpu_system_percent = percent(system, all);
        view.cpu_iowait_percent = percent(iowait, all);
        view.cpu_steal_percent = percent(steal, all);
    }
}

/// Memory and swap, from `/proc/meminfo`.
pub(super) fn memory(text: &str, view: &mut System) {
    let bytes = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    let total = bytes("MemTotal");
    // Kernels before 3.14 leave the estimate to others. What is shared counts as cached, and cannot be dropped.
    let estimate = || {
        let parts = ["Buffers", "Cached", "SReclaimable"].map(|key| bytes(key).unwrap_or(0));
        let free = parts.iter().fold(bytes("MemFree")?, |all, part| all.saturating_add(*part));
        Some(free.saturating_sub(bytes("Shmem").unwrap_or(0)))
    };
    let available = bytes("MemAvailable").or_else(estimate);
    view.memory_total_bytes = total;
    view.memory_available_bytes = available;
    view.memory_used_percent =
        total.zip(available).and_then(|(total, available)| percent(total.saturating_sub(available), total));
    view.swap_total_bytes = bytes("SwapTotal");
    view.swap_used_bytes = bytes("SwapTotal").zip(bytes("SwapFree")).map(|(total, free)| total.saturating_sub(free));
}

/// The share of the last minute from `some avg10=0.00 avg60=1.23 …`.
pub(super) fn pressure(text: &str) -> Option<f32> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let share: f32 = line.split_ascii_whitespace().find_map(|word| word.strip_prefix("avg60="))?.parse().ok()?;
    (0.0..=100.0).contains(&share).then_some(share)
}

/// How many processors `0-3,5` are.
pub(super) fn processors(list: &str) -> Option<u64> {
    list.trim().split(',').try_fold(0_u64, |count, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        count.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted() {
        for (list, count) in
            [("0-3", Some(4)), ("0", Some(1)), ("0-1,4,6-7", Some(5)), ("", None), ("3-1", None), ("a", None)]
        {
            assert_eq!(processors(list), count, "{list}");
        }
        assert_eq!(processors("0-18446744073709551615"), None);
    }

    #[test]
    fn pressure_is_that_of_a_minute() {
        let check = |text, expected| assert_eq!(pressure(text), expected, "{text}");
        check("some avg10=0.00 avg60=1.25 avg300=0.10 total=12345\nfull avg10=0.00 avg60=9 total=1\n", Some(1.25));
        check("full avg60=1\n", None);
        check("some avg60=NaN\n", None);
        check("", None);
    }

    #[test]
    fn memory_that_is_available_is_estimated_on_old_kernels() {
        let check = |text: &str, available: Option<u64>, used: Option<f32>| {
            let mut view = System::default();
            memory(text, &mut view);
            assert_eq!((view.memory_available_bytes, view.memory_used_percent), (available, used), "{text}");
        };
        check("MemTotal: 1000 kB\nMemAvailable: 250 kB\nMemFree: 1 kB\n", Some(256_000), Some(75.0));
        let old =
            "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 50 kB\nCached: 300 kB\nShmem: 20 kB\nSReclaimable: 70 kB\n";
        check(old, Some(512_000), Some(50.0));
        check("MemTotal: 1000 kB\n", None, None);
        check("MemTotal: 99999999999999999999 kB\nMemFree:\n", None, None);
    }

    #[test]
    fn ticks_that_go_back_count_as_none() {
        let ticks = |line: &str| Stat::parse(line).ticks;
        let before = ticks("cpu 100 0 100 800 50 0 0 0 0 0").unwrap();
        let now = ticks("cpu 150 0 100 850 40 0 0 0 0 0").unwrap();
        let mut view = System::default();
        now.shares(before, &mut view);
        assert_eq!((view.cpu_percent, view.cpu_iowait_percent), (Some(50.0), Some(0.0)));
        assert_eq!(ticks("cpu 1 2 3"), None);
        assert_eq!(ticks("cpu 1 2 x 4"), None);
        assert!(ticks("cpu 1 2 3 4").is_some(), "kernels before 2.6 have four");
        assert_eq!(Stat::parse("cpu 1 2 3 4\ncpu0 1 1 1 1\ncpu3 1 1 1 1\nbtime 5\n").processors, 2);
    }

    #[test]
    fn real_files_are_understood() {
        let Some(folder) = crate::probe::machines::shared("proc") else { return };
        let mut view = System::default();
        memory(&std::fs::read_to_string(folder.join("meminfo")).unwrap(), &mut view);
        assert_eq!(view.memory_total_bytes, Some(3_742_148 << 10));
        assert_eq!(view.swap_used_bytes, Some((4_194_300 - 3_155_360) << 10));
        let estimated = 225_472 + 22_040 + 930_888 + 44_772 - 593_840;
        assert_eq!(view.memory_available_bytes, Some(estimated << 10));
    }
}
