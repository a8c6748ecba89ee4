//! What a copy is told, and what it tells.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use portable_atomic::AtomicU64;

use crate::model::Time;

/// How to copy.
pub struct CopyOptions<'a> {
    /// Read everything in both stores, and put the sound object in the place of a damaged one.
    pub heal: bool,
    /// Only says what would be done.
    pub dry_run: bool,
    /// Make a replica also where one was before and is gone, or where the same repository is already.
    pub init: bool,
    /// Share of the replica's bytes, in percent, that may be deleted without being asked for.
    pub drop_percent_max: f64,
    /// Where what does not fit in memory is sorted.
    pub spool: &'a Path,
    /// The present time.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Ends it at the next opportunity; what is done stays done.
    pub stop: &'a AtomicBool,
    /// Counts what is being done.
    pub progress: &'a CopyProgress,
}

/// Counters that move while a copy runs.
#[derive(Debug, Default)]
pub struct CopyProgress {
    /// Packs copied or verified.
    pub packs: AtomicU64,
    /// Bytes of packs copied or verified.
    pub bytes: AtomicU64,
    /// Packs that are to be, once it is known.
    pub total_packs: AtomicU64,
    /// Bytes of these.
    pub total_bytes: AtomicU64,
}

/// What a copy found and did; in a dry run what it would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopySummary {
    /// The target was made a replica.
    pub made: bool,
    /// Packs that were copied, and their bytes.
    pub packs: u64,
    /// See `packs`.
    pub bytes: u64,
    /// Index runs, lists and key files that were copied.
    pub objects: u64,
    /// Snapshots that were copied.
    pub snapshots: u64,
    /// Snapshots that the primary forgot.
    pub deleted_snapshots: u64,
    /// Packs that the primary dropped, and their bytes.
    pub deleted_packs: u64,
    /// See `deleted_packs`.
    pub deleted_bytes: u64,
    /// Other objects that were deleted.
    pub deleted_objects: u64,
    /// Why nothing was deleted although something was to be, or nobody could tell.
    pub not_deleted: Option<String>,
    /// Objects of the primary that were put back from the target.
    pub healed_here: u64,
    /// Objects of the target that were put back from the primary.
    pub healed_there: u64,
    /// Packs that only the target has and no list names.
    pub strays: u64,
    /// Objects that are damaged or missing, and could not be copied or mended.
    pub troubles: u64,
    /// The first hundred of them in words.
    pub told: Vec<String>,
    /// What is odd although nothing failed.
    pub warnings: Vec<String>,
}

impl CopySummary {
    /// What an earlier look at a primary that was changing found is looked for again.
    pub(super) fn begin_round(&mut self) {
        self.troubles = 0;
        self.told.clear();
        self.strays = 0;
    }
}
