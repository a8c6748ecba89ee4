//! `/proc/stat`, `/proc/meminfo`, `/proc/loadavg`, `/proc/uptime`, `/proc/pressure`, and lists of processors.
//!
//! `procfs-core` reads them, but for `meminfo`: there one line that is missing among seventeen would cost every figure,
//! a key that ends in anything but ASCII would be a panic, and sizes are multiplied without a look at overflow.

use atalaya_wire::view::System;
use procfs_core::{CpuTime, ExplicitSystemInfo, FromBufReadSI, FromRead, KernelStats, LoadAverage, Uptime};

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

/// Lines that are demanded, but mean nothing to us; what the kernel says comes later, and counts.
const DEMANDED: &str = "ctxt 0\nprocesses 0\nbtime 0\n";
/// Demanded as well, for units that nobody asks for here.
const UNITS: ExplicitSystemInfo =
    ExplicitSystemInfo { boot_time_secs: 0, ticks_per_second: 100, page_size: 4096, is_little_endian: true };

impl Stat {
    /// Nothing is known where it is damaged.
    pub(super) fn parse(text: &str) -> Self {
        // Interrupts are most of it on machines with many processors, and nobody needs a copy.
        let lines = text.split_inclusive('\n').filter(|line| line.starts_with("cpu") || line.starts_with("btime"));
        let text: String = std::iter::once(DEMANDED).chain(lines).collect();
        let Ok(stat) = KernelStats::from_buf_read(text.as_bytes(), &UNITS) else { return Self::default() };
        Self {
            ticks: Some(Ticks::of(&stat.total)),
            processors: stat.cpu_time.len() as u64,
            started: i64::try_from(stat.btime).ok().filter(|seconds| *seconds > 0),
        }
    }
}

impl Ticks {
    /// Kernels before 2.6.24 have fewer columns. Guests are counted in `user` and `nice` already.
    fn of(time: &CpuTime) -> Self {
        let sum = |parts: &[Option<u64>]| parts.iter().flatten().fold(0_u64, |all, part| all.saturating_add(*part));
        Self {
            user: time.user.saturating_add(time.nice),
            system: sum(&[Some(time.system), time.irq, time.softirq]),
            idle: time.idle,
            iowait: time.iowait.unwrap_or(0),
            steal: time.steal.unwrap_or(0),
        }
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

/// `2.11 1.54 1.20 3/412 12345`
pub(super) fn loads(text: &str, view: &mut System) {
    let Ok(loads) = LoadAverage::from_read(text.as_bytes()) else { return };
    let sane = |load: f32| (load.is_finite() && load >= 0.0).then_some(load);
    (view.load_1, view.load_5, view.load_15) = (sane(loads.one), sane(loads.five), sane(loads.fifteen));
}

/// Seconds since the start, from `128472.31 482119.30`.
pub(super) fn uptime(text: &str) -> Option<u64> {
    let uptime = Uptime::from_read(text.as_bytes()).ok()?.uptime;
    (uptime.is_finite() && uptime >= 0.0).then_some(uptime as u64)
}

/// The share of the last minute from `some avg10=0.00 avg60=1.23 …`. Only a line with something behind its first word
/// is handed on: the crate counts on that.
pub(super) fn pressure(text: &str) -> Option<f32> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    let share = procfs_core::parse_pressure_record(line).ok()?.avg60;
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
    fn what_is_damaged_in_the_kernels_tables_is_unknown() {
        let stat = Stat::parse("cpu  1 2 3 4 5 6 7 8 9 10 11\ncpu0 1 2 3 4\nintr x\nctxt x\nbtime 7\nprocs_running -1");
        assert_eq!((stat.processors, stat.started, stat.ticks.is_some()), (1, Some(7), true));
        for text in
            ["", "cpu", "cpu ", "cpu0 1 2 3 4\n", "cpu 1 2 3 -4", "cpu 1 2 3 4\ncpu1 \u{fffd}", "btime x\ncpu 1 2 3 4"]
        {
            assert_eq!(Stat::parse(text), Stat::default(), "{text:?}");
        }
        assert_eq!(Stat::parse("cpu 1 2 3 4\nbtime 18446744073709551615\n").started, None);
        let max = format!("cpu{}", format!(" {}", u64::MAX).repeat(10));
        assert!(Stat::parse(&max).ticks.is_some_and(|ticks| ticks.user == u64::MAX && ticks.system == u64::MAX));
        for text in ["", "1", "1 2 3", "x 1 2 3/4 5", "1 2 3 4 5", "1 2 3 4/ 5", "\u{fffd}"] {
            let mut view = System::default();
            loads(text, &mut view);
            assert_eq!(view, System::default(), "{text:?}");
        }
        let mut view = System::default();
        loads("NaN -1 inf 1/2 3\n", &mut view);
        assert_eq!(view, System::default());
        for text in ["", "\n", "x 1", "-1 1", "NaN 1", "inf 1"] {
            assert_eq!(uptime(text), None, "{text:?}");
        }
        assert_eq!((uptime("12.99 3.5\n"), uptime("1e300 1")), (Some(12), Some(u64::MAX)));
        for text in ["some", "some ", "some\u{fffd}", "some avg10=1 avg60", "some avg60==1", "\u{fffd}"] {
            assert_eq!(pressure(text), None, "{text:?}");
        }
    }

    #[test]
    fn memory_of_old_kernels_and_damaged_lines() {
        let check = |text: &str, expected: (Option<u64>, Option<u64>)| {
            let mut view = System::default();
            memory(text, &mut view);
            assert_eq!((view.memory_total_bytes, view.memory_available_bytes), expected, "{text:?}");
        };
        // Linux 3.2 has no `MemAvailable`; a key may end in anything, and a size may be too large for bytes.
        check("MemTotal: 8 kB\nMemFree: 2 kB\nBuffers: 1 kB\nCached: 1 kB\n", (Some(8 << 10), Some(4 << 10)));
        check("Mem\u{fffd}\n\u{e9} 1 kB\nMemTotal\nMemTotal:\nMemTotal: 8 kB\n", (None, None));
        check("\u{e9} 1 kB\n\n:\nMemTotal: 8 kB", (Some(8 << 10), None));
        check("MemTotal: 18446744073709551615 kB\nMemAvailable: -1 kB\n", (None, None));
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
