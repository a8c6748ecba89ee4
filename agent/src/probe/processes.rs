//! Who runs.
//!
//! `procfs-core` is no help here: it panics on a line of `/proc/<id>/stat` that is cut at the name, and demands forty
//! fields where three are needed.

use std::time::Duration;

use crate::probe::Site;
use crate::probe::said::cut;

/// Clock ticks a second in `/proc/<id>/stat`: the same on every architecture Linux has.
const TICKS: u64 = 100;
/// What is kept of a command line.
const COMMAND_BYTES_MAX: usize = 1024;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    /// Its number.
    pub(crate) id: u32,
    /// Its name, which the kernel cuts to 15 bytes.
    pub(crate) comm: String,
}

/// Hands every process to `each`, in no order. Those that end meanwhile are left out.
pub(crate) fn processes(site: &Site, mut each: impl FnMut(Process)) {
    for name in site.names("/proc") {
        let Ok(id) = name.parse() else { continue };
        if let Some(comm) = site.line(format!("/proc/{id}/comm")) {
            each(Process { id, comm });
        }
    }
}

/// The command line, its words separated by spaces; empty for the kernel's threads.
pub(crate) fn command(site: &Site, id: u32) -> String {
    let Ok(mut text) = site.text(format!("/proc/{id}/cmdline")) else { return String::new() };
    cut(&mut text, COMMAND_BYTES_MAX);
    text.replace('\0', " ").trim_end().to_owned()
}

/// How long after the machine a process started.
pub(crate) fn started(site: &Site, id: u32) -> Option<Duration> {
    let stat = site.line(format!("/proc/{id}/stat"))?;
    // The name stands in parentheses and may hold some itself: fields are counted from the last one.
    let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    Some(Duration::from_millis(ticks.saturating_mul(1000 / TICKS)))
}

/// Processor time that a process has used so far.
#[must_use]
pub fn cpu_time(site: &Site, id: u32) -> Option<Duration> {
    let stat = site.line(format!("/proc/{id}/stat"))?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks()? + ticks()?).saturating_mul(1000 / TICKS)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn processes_are_read_from_proc() {
        let dir = tempfile::tempdir().unwrap();
        let of = |id: &str, file: &str, bytes: &str| {
            fs::create_dir_all(dir.path().join("proc").join(id)).unwrap();
            fs::write(dir.path().join("proc").join(id).join(file), bytes).unwrap();
        };
        of("7", "comm", "a) b (c\n");
        of("7", "cmdline", "/bin/a\0--x\0");
        of("7", "stat", "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 4096 1\n");
        of("self", "comm", "no");
        of("8", "other", "");
        let site = Site::below(dir.path());
        let mut seen = Vec::new();
        processes(&site, |process| seen.push(process));
        assert_eq!(seen, [Process { id: 7, comm: "a) b (c".into() }]);
        assert_eq!(command(&site, 7), "/bin/a --x");
        assert_eq!((started(&site, 7), started(&site, 8)), (Some(Duration::from_millis(123_450)), None));
    }
}
