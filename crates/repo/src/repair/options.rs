//! What a repair is told, and what it tells.

use crate::check::CheckOptions;

/// What a repair is told.
pub struct RepairOptions<'a> {
    /// How it looks for damage: it begins as a check does, and says what it finds in the same way.
    pub check: CheckOptions<'a>,
    /// Does what is to be done; else that is only said.
    pub apply: bool,
}

/// What a repair found, and did or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairSummary {
    /// As a check counts them, harmless ones left out.
    pub findings: u64,
    /// Index runs that are damaged: one is made anew from all that is known and in the place of all.
    pub damaged_runs: u64,
    /// Packs that were in no index and have what was missing.
    pub named_packs: u64,
    /// Packs that are damaged, missing or not what the index says: no index names them any more.
    pub dropped_packs: u64,
    /// Blobs of these that can be read and are nowhere else, and their bytes: they are stored once more.
    pub saved_blobs: u64,
    /// See `saved_blobs`.
    pub saved_bytes: u64,
    /// Files, over all snapshots, that cannot be restored whole.
    pub lost_files: u64,
    /// Snapshots that are made anew, without what is lost: ids in hex.
    pub renewed_snapshots: Vec<String>,
    /// Snapshots of which nothing is left: ids in hex.
    pub lost_snapshots: Vec<String>,
    /// Key files that open nothing, and objects about keys that count for nothing.
    pub damaged_keys: u64,
    /// Small objects that were taken out, and are kept under `damaged/`.
    pub set_aside: u64,
}

impl RepairSummary {
    /// Whether there is anything to do.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self { findings: self.findings, ..Self::default() }
    }

    /// Whether something is gone for good.
    #[must_use]
    pub fn is_loss(&self) -> bool {
        self.lost_files > 0 || !self.renewed_snapshots.is_empty() || !self.lost_snapshots.is_empty()
    }
}
