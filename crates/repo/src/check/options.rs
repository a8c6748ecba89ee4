//! What a check is told, and what it tells.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use portable_atomic::AtomicU64;

use super::Sample;
use crate::model::Time;

/// What a check is told.
pub struct CheckOptions<'a> {
    /// How much of what is stored is read and verified.
    pub sample: Sample<'a>,
    /// What time it is, to remember when a pack was read.
    pub now: &'a (dyn Fn() -> Time + Sync),
    /// Threads that read packs.
    pub threads: usize,
    /// Where sorting spills to.
    pub spool: &'a Path,
    /// Set to stop.
    pub stop: &'a AtomicBool,
    /// Hears of damage as it is found.
    pub finding: &'a (dyn Fn(&Finding) + Sync),
    /// Counts as it goes.
    pub progress: &'a CheckProgress,
}

/// Counters that a display reads while the check runs.
#[derive(Debug, Default)]
pub struct CheckProgress {
    /// Bytes of packs to be read.
    pub bytes_total: AtomicU64,
    /// Bytes of packs read.
    pub bytes: AtomicU64,
    /// Tree nodes and lists read.
    pub nodes: AtomicU64,
}

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A snapshot is damaged, forged, missing, or its predecessor is.
    Snapshot(String),
    /// A pack is damaged, missing, or not what the index says.
    Pack(String),
    /// Another object (index run, key file, session) is damaged.
    Object(String),
    /// Not as it should be, but nothing depends on it.
    Harmless(String),
    /// A file cannot be restored whole: snapshot id, path, why.
    File(String, Vec<u8>, String),
    /// The names below some place of a snapshot cannot be read: snapshot id, last path before it, why.
    Names(String, Vec<u8>, String),
}

/// What a check did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckSummary {
    /// Findings of all sorts but harmless ones.
    pub findings: u64,
    /// Those among them that are about small objects.
    pub objects: u64,
    /// Harmless ones.
    pub warnings: u64,
    /// Snapshots that verify.
    pub snapshots: u64,
    /// Packs that the index names.
    pub packs: u64,
    /// Packs in the store that the index does not name: left by an interrupted backup, harmless.
    pub unindexed_packs: u64,
    /// Packs that were read whole.
    pub packs_read: u64,
    /// Bytes of packs that were read.
    pub bytes_read: u64,
    /// Where packs were read: those that no check with this state folder has ever found sound.
    pub packs_never_read: u64,
    /// Of the others, when that one was read which was read longest ago, in seconds since 1970.
    pub oldest_read_secs: Option<i64>,
    /// Blobs whose content was verified against its id.
    pub blobs_verified: u64,
    /// Tree nodes and lists that were read.
    pub nodes_read: u64,
    /// Whether trees were checked; a writer's key cannot.
    pub trees_checked: bool,
    /// Whether content was verified against its ids; else only checksums.
    pub content_verified: bool,
    /// Files that cannot be restored whole, over all snapshots.
    pub files_affected: u64,
}
