//! How much memory the daemon has, and giving it back. How it is done is the program's matter; the library only says when.

use std::sync::OnceLock;

static HOW: OnceLock<fn()> = OnceLock::new();

/// Sets what [`give_back`] does. The first counts.
pub fn give_back_by(how: fn()) {
    let _ = HOW.set(how);
}

/// What was needed only until now is over: arguments read, a configuration understood.
pub(crate) fn give_back() {
    if let Some(how) = HOW.get() {
        how();
    }
}

/// Bytes of memory that the program has now.
pub(crate) fn now() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}
