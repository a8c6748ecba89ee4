//! Rows that cannot be read: each is told once, and is a gap from then on.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// As it stands in gaps.
pub(super) const WHY: &str = "damaged";
/// Rows that are remembered as told; with more the log has said enough.
const TOLD_MAX: usize = 1_000;

/// Rows that were told.
#[derive(Debug, Default)]
pub(super) struct Damage(Mutex<BTreeSet<i64>>);

impl Damage {
    /// A row cannot be read. Says whether that was told now.
    pub(super) fn tell(&self, row: i64, why: &atalaya_history::Error) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = told.len() < TOLD_MAX && told.insert(row);
        if is_new {
            tracing::error!(row, %why, "a block of history cannot be read and is left out");
        }
        is_new
    }
}
