//! What a backup is told, and what it tells.

use std::sync::atomic::{AtomicBool, Ordering};

use portable_atomic::AtomicU64;

use crate::budget::Budget;
use crate::model::Time;
use crate::source::Problem;

/// What a backup is told.
pub struct Options<'a> {
    /// Name of the job; its last tree is what unchanged files are found by.
    pub job: String,
    /// Sources as a person would write them, for the snapshot's private part.
    pub sources: Vec<Vec<u8>>,
    /// Name of the machine.
    pub host: String,
    /// Read and compare every byte, also of files that look unchanged.
    pub full: bool,
    /// Memory and threads.
    pub budget: Budget,
    /// Wall clock.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Set to stop; what was uploaded is kept for the next run.
    pub stop: &'a AtomicBool,
    /// Hears of every path that cannot be backed up as it should.
    pub problem: &'a (dyn Fn(&Problem) + Sync),
    /// Hears of what is odd but harms nothing.
    pub notice: &'a (dyn Fn(&str) + Sync),
    /// Where spool files go that the store does not take.
    pub spool: &'a std::path::Path,
    /// Counts as it goes.
    pub progress: &'a Progress,
}

/// Counters that a display reads while the backup runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Paths found by the walk.
    pub found: AtomicU64,
    /// Bytes of the files found.
    pub found_bytes: AtomicU64,
    /// Set when the walk is over, and `found` is final.
    pub walked: AtomicBool,
    /// Paths dealt with.
    pub entries: AtomicU64,
    /// Bytes dealt with.
    pub bytes: AtomicU64,
    /// Bytes of content that were read.
    pub read_bytes: AtomicU64,
    /// Bytes uploaded.
    pub stored_bytes: AtomicU64,
}

impl Progress {
    /// Begins anew, for a backup that has to be done once more.
    pub fn reset(&self) {
        let Self { found, found_bytes, walked, entries, bytes, read_bytes, stored_bytes } = self;
        walked.store(false, Ordering::Relaxed);
        for counter in [found, found_bytes, entries, bytes, read_bytes, stored_bytes] {
            counter.store(0, Ordering::Relaxed);
        }
    }
}

/// What a backup did.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The new snapshot's id in hex.
    pub snapshot: String,
    /// Paths in the snapshot.
    pub entries: u64,
    /// Bytes of content in the snapshot.
    pub bytes: u64,
    /// Files that were not there or were different in the job's last snapshot.
    pub files_read: u64,
    /// Of these, files that were not there.
    pub files_new: u64,
    /// Files carried over from the last snapshot.
    pub files_unchanged: u64,
    /// Entries carried over from the last snapshot, folders and links too.
    pub unchanged: u64,
    /// Bytes of content read.
    pub read_bytes: u64,
    /// Bytes added to the store.
    pub added_bytes: u64,
    /// Data chunks that were new.
    pub new_chunks: u64,
    /// Their bytes, before they were compressed.
    pub new_bytes: u64,
    /// Paths that could not be read, or changed while they were.
    pub problems: u64,
    /// Files whose content is another one than in the job's last snapshot though no time stamp changed; each is told.
    pub files_decayed: u64,
    /// Whether there was a tree of an earlier run to compare with.
    pub had_parent: bool,
    /// Remarks on the repository: missing predecessors and the like.
    pub warnings: Vec<String>,
}
