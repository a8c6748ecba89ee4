//! A RAID array or a pool.

use super::macros::view;
use crate::Text;

view! {
    /// A RAID array (md), a Btrfs file system or a ZFS pool: whether it would survive a disk.
    Raid = 5, "raid" {
        /// The kernel's or the pool's name.
        name: Text, Any;
        /// `md`, `btrfs` or `zfs`.
        kind: Text, Any;
        /// Such as `raid1`.
        level: Text, Any;
        /// `ok`, `degraded`, `rebuilding`, `failed` or `inactive`.
        state: Text, Any;
        /// Why it is not `ok`.
        problem: Text, Any;
        /// Disks it should have.
        member_count: u64, Any;
        /// Disks that work.
        working_count: u64, Any;
        /// Disks that failed and are still part of it.
        failed_count: u64, Any;
        /// Disks that stand by.
        spare_count: u64, Any;
        /// `idle`, `check`, `repair`, `resync`, `recover` or `reshape`.
        action: Text, Any;
        /// How far that is.
        action_percent: f32, Step(5.0);
        /// How long that will still take.
        action_left_seconds: u64, Share(0.2);
        /// Blocks that differed at the last check.
        mismatch_count: u64, Any;
        /// Errors of all members that it counts, since it was made or they were cleared.
        error_count: u64, Any;
        /// When all of it was last checked.
        checked_at: Text, Any;
    }
}
