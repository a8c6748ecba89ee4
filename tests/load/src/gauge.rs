//! What a process takes, as the kernel says.

use std::fs;

/// The kernel tells times of the processor in hundredths of a second, whatever its own clock is.
const TICKS_PER_SECOND: f64 = 100.0;

/// At one moment.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub(crate) struct Gauge {
    /// Seconds of processor so far.
    pub(crate) cpu_seconds: f64,
    /// Bytes given to the disk so far.
    pub(crate) written_bytes: u64,
    /// Resident bytes.
    pub(crate) rss_bytes: u64,
    /// Of those, its own; the rest is programs and libraries.
    pub(crate) own_bytes: u64,
    /// The most there ever was.
    pub(crate) peak_bytes: u64,
    /// Threads.
    pub(crate) threads: u64,
}

impl Gauge {
    /// Of this process; `None` if it is not there.
    pub(crate) fn read(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        // Of another user's process it cannot be read.
        let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
        Some(Self {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS_PER_SECOND,
            written_bytes: find(&io, "write_bytes"),
            rss_bytes: find(&status, "VmRSS") * 1024,
            own_bytes: find(&status, "RssAnon") * 1024,
            peak_bytes: find(&status, "VmHWM") * 1024,
            threads: find(&status, "Threads"),
        })
    }
}

/// The number behind `key:`, or 0.
fn find(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
    line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernel_is_understood() {
        let own = Gauge::read(std::process::id()).unwrap();
        assert!(own.rss_bytes > 100_000 && own.peak_bytes >= own.rss_bytes && own.threads >= 1, "{own:?}");
        assert_eq!(find("rchar: 5\nwrite_bytes: 4096\n", "write_bytes"), 4096);
        assert!(Gauge::read(u32::MAX).is_none());
    }
}
