//! What a prune is told, and what it tells.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use portable_atomic::AtomicU64;

use crate::model::Time;
use crate::{Error, Kind, Result};

/// How to prune.
pub struct PruneOptions<'a> {
    /// A backup that began longer ago and neither ended nor made a snapshot is taken for dead, in seconds. It decides only
    /// when to become impatient: one that lives all the same finds its fence and does its work again.
    pub grace_secs: i64,
    /// Share of the stored bytes, in percent, that may be unused before it stops and asks.
    pub drop_percent_max: f64,
    /// A pack of which at least so much is unused, in percent of its blobs' bytes, is given up: what is used of it is stored
    /// once more. More than 100 for none.
    pub repack_percent: f64,
    /// Bytes that may be stored once more in one prune; the next one goes on.
    pub repack_bytes_max: u64,
    /// Packs of older key epochs are given up, whatever is used of them.
    pub reencrypt: bool,
    /// Only says what would be done.
    pub dry_run: bool,
    /// Where what does not fit in memory is sorted.
    pub spool: &'a Path,
    /// The present time.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Ends it at the next opportunity; what is done stays done.
    pub stop: &'a AtomicBool,
    /// Counts what is being done.
    pub progress: &'a PruneProgress,
}

/// Counters that move while a prune runs.
#[derive(Debug, Default)]
pub struct PruneProgress {
    /// Tree nodes read.
    pub nodes: AtomicU64,
    /// Blobs stored once more.
    pub moved_blobs: AtomicU64,
    /// Bytes of them as they were stored.
    pub moved_bytes: AtomicU64,
    /// Where packs of older key epochs are given up: what all rounds come to.
    pub moved_bytes_total: AtomicU64,
    /// Packs deleted.
    pub deleted_packs: AtomicU64,
}

/// What a prune found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneSummary {
    /// Snapshots whose data is kept.
    pub snapshots: u64,
    /// Packs in the store, and their bytes.
    pub packs: u64,
    /// See `packs`.
    pub bytes: u64,
    /// Packs of which no snapshot uses anything, and their bytes.
    pub unused_packs: u64,
    /// See `unused_packs`.
    pub unused_bytes: u64,
    /// Bytes of blobs that are not used, in packs of which something is.
    pub locked_bytes: u64,
    /// Packs that are worth giving up, and the bytes of them that are used and were or would be stored once more.
    pub repacked_packs: u64,
    /// See `repacked_packs`.
    pub repacked_bytes: u64,
    /// Bytes of blobs that are not used, in those packs.
    pub repacked_unused_bytes: u64,
    /// Packs of older key epochs that stay for now, and the bytes of them that are used.
    pub old_packs: u64,
    /// See `old_packs`.
    pub old_bytes: u64,
    /// Packs that were deleted, and their bytes.
    pub deleted_packs: u64,
    /// See `deleted_packs`.
    pub deleted_bytes: u64,
    /// Packs that were to be deleted and are used now.
    pub spared_packs: u64,
    /// Backups that may still be running, and that the deletion waits for: id in hex, seconds since 1970 when each began.
    pub waiting: Vec<(String, i64)>,
    /// Sessions that were taken for dead.
    pub fenced: u64,
    /// More is unused than one list names: another prune goes on.
    pub more: bool,
    /// What is odd although nothing failed.
    pub warnings: Vec<String>,
}

impl PruneSummary {
    /// Before everything is counted anew.
    pub(super) fn recount(&mut self) {
        let Self { repacked_packs, repacked_bytes, repacked_unused_bytes, old_packs, old_bytes, more, .. } = *self;
        let warnings = std::mem::take(&mut self.warnings);
        *self = Self {
            repacked_packs,
            repacked_bytes,
            repacked_unused_bytes,
            old_packs,
            old_bytes,
            more,
            warnings,
            ..Self::default()
        };
    }
}

impl PruneOptions<'_> {
    pub(super) fn check_stop(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::new(Kind::Interrupted, "prune was stopped; the next one goes on from there"));
        }
        Ok(())
    }
}
