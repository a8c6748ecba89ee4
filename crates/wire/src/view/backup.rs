//! A backup job.

use super::macros::view;
use crate::Text;

view! {
    /// A backup job: what it does now, how the last run went, when the next one is.
    Backup = 9, "backup" {
        /// Its name.
        job: Text, Any;
        /// How much what it protects matters: 1, 2 or 3.
        tier: u64, Any;
        /// How old the last good backup may be.
        rpo_seconds: u64, Any;
        /// `idle`, `waiting`, `running`, `paused` or `retrying`.
        state: Text, Any;
        /// Why it waits, pauses or retries.
        reason: Text, Any;
        /// `ok`, `warnings` (some files could not be read), `failed`, `stopped` or `never`.
        result: Text, Any;
        /// Why it failed, in words, or what the warnings are.
        problem: Text, Any;
        /// Runs in a row that failed.
        failures_count: u64, Any;
        /// Whether the last good backup is older than `rpo_seconds`.
        overdue: bool, Any;
        /// When the last run began.
        started_at: Text, Any;
        /// When the last run ended.
        ended_at: Text, Any;
        /// When the last good run ended, with warnings or without.
        succeeded_at: Text, Any;
        /// When the next one begins.
        next_at: Text, Any;
        /// How long the last run took.
        duration_seconds: f32, Any;
        /// Size of everything the last run saw.
        source_bytes: u64, Any;
        /// What the last run read of that.
        read_bytes: u64, Any;
        /// What was new in it.
        added_bytes: u64, Any;
        /// What the store grew by.
        stored_bytes: u64, Any;
        /// Files of the last run.
        files_count: u64, Any;
        /// Files that were not there before.
        files_new_count: u64, Any;
        /// Files that were there, but different.
        files_changed_count: u64, Any;
        /// Files that were as before.
        files_unchanged_count: u64, Any;
        /// Files that could not be read.
        files_failed_count: u64, Any;
        /// Id of the last snapshot.
        snapshot: Text, Any;
        /// `verified`, `unverified` or `damaged`: what the last check said of the repository.
        checked: Text, Any;
        /// How far the run is.
        progress_percent: f32, Step(1.0);
        /// How long it will still take.
        left_seconds: u64, Share(0.1);
        /// How fast it reads.
        read_bytes_per_second: f32, Quiet;
    }
}
