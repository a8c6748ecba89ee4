//! What the walker may use of memory.

/// Longest path that is backed up, in bytes; the engine's own limit.
pub(crate) const PATH_BYTES_MAX: usize = 64 << 10;

/// Longest name of a file, in bytes. Linux says 255, but FUSE allows 1,024 and NTFS 765.
pub(crate) const NAME_BYTES_MAX: usize = 1024;

/// One call of `getdents` fills at most this much (about 1,000 names).
pub(crate) const DENTS_BYTES: usize = 32 << 10;

/// The walker's shares of the memory budget, in bytes. The defaults are what a backup uses; tests use tiny ones.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// For listing and sorting one folder. What is above it is sorted in runs through the spool.
    pub sort_bytes: usize,
    /// For the listings of all open levels together, merge buffers included.
    pub stack_bytes: usize,
    /// Runs that are merged at once; each has a buffer of at least one record (4 KiB).
    pub fan_in: usize,
}

impl Default for Shares {
    fn default() -> Self {
        Self { sort_bytes: 1 << 20, stack_bytes: 512 << 10, fan_in: 64 }
    }
}

impl Shares {
    /// The buffer of each of `runs` runs that are merged: together at most half of the stack's share,
    /// if that is enough for one record each.
    pub(crate) fn run_buffer(&self, runs: usize) -> usize {
        (self.stack_bytes / 2 / runs.max(1)).clamp(super::record::RECORD_BYTES_MAX, 64 << 10)
    }
}
