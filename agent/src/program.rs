//! This program, to start it again as another process.

use std::path::PathBuf;

/// After an upgrade the file that we were started from may be another, or gone; what runs is still there.
pub(crate) fn this() -> PathBuf {
    let file = std::env::current_exe().ok().filter(|path| path.exists());
    file.unwrap_or_else(|| PathBuf::from("/proc/self/exe"))
}
