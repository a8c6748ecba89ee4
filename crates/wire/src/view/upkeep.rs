//! What keeps a repository in shape over years.

use super::macros::view;
use crate::Text;

view! {
    /// A task of a repository's upkeep: what it does now, how the last run went, when the next one is.
    Upkeep = 17, "upkeep" {
        /// Name of the upkeep.
        name: Text, Any;
        /// `forget`, `prune`, `check` or `copy`.
        task: Text, Any;
        /// The repository; of a copy the replica.
        repo: Text, Any;
        /// `idle`, `waiting`, `running`, `paused` or `retrying`.
        state: Text, Any;
        /// Why it waits, pauses or retries.
        reason: Text, Any;
        /// `ok`, `warnings` (done, but for what is told), `failed`, `stopped` or `never`.
        result: Text, Any;
        /// Why it failed or refused, in words, or what the warnings are.
        problem: Text, Any;
        /// What the last run that came to its end found. Forget: `fine`, or `frozen` (something changed suddenly). Prune: `fine`, or `waiting` (for a backup that may rely on what is unused). Check: `verified`, `unverified` or `damaged`. Copy: `fine` (everything is there), or `damaged` (something is damaged or missing here or there).
        verdict: Text, Any;
        /// Runs in a row that failed.
        failures_count: u64, Any;
        /// Whether the last good run is older than two of its times and a day, or of a copy than it may be.
        overdue: bool, Any;
        /// When the last run began.
        started_at: Text, Any;
        /// When the last good run ended, with warnings or without; the last run of all ended `duration_seconds` after it began.
        succeeded_at: Text, Any;
        /// When the next one begins.
        next_at: Text, Any;
        /// How long the last run took.
        duration_seconds: f32, Any;
        /// Snapshots that are there after it.
        snapshots_count: u64, Any;
        /// Forget: snapshots that the last run forgot.
        forgotten_count: u64, Any;
        /// Forget: jobs of which nothing was forgotten, because most of their content changed at once.
        frozen_count: u64, Any;
        /// Prune and copy: packs that the last run deleted.
        deleted_count: u64, Any;
        /// Prune and copy: what that gave back.
        freed_bytes: u64, Any;
        /// Prune: what is unused and stays, in packs that are used in part.
        locked_bytes: u64, Any;
        /// Packs of the repository.
        packs_count: u64, Any;
        /// Prune: size of its packs before the last run.
        stored_bytes: u64, Any;
        /// Check: packs that the last run read whole. Copy: packs that it copied.
        read_count: u64, Any;
        /// Check: what it read of them. Copy: their size.
        read_bytes: u64, Any;
        /// Check and copy: what is not as it should be.
        findings_count: u64, Any;
        /// Check: files that cannot be restored whole.
        affected_count: u64, Any;
        /// Check and copy: the first of what is damaged; more of it is in the agent's log.
        damaged: Text, Any;
    }
}
