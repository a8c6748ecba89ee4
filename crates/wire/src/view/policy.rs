//! Whether there are enough copies.

use super::macros::view;
use crate::Text;

view! {
    /// Whether what a job backs up exists often enough, on different media and at different places (3-2-1), as the agent's configuration declares them.
    Policy = 19, "policy" {
        /// The job.
        job: Text, Any;
        /// `holds`; `unverified` (it would, but no check has ever read back what is stored); `undeclared` (it may: nobody said on what, or where, some of it is); `broken`.
        verdict: Text, Any;
        /// Whether it is broken; unknown where it may hold.
        broken: bool, Any;
        /// What is missing, in words.
        problem: Text, Any;
        /// Copies that count, the original among them: those that are no older than they may be, and in which no check found damage.
        copies_count: u64, Any;
        /// So many are wanted.
        copies_wanted_count: u64, Any;
        /// Different media that are declared for those.
        media_count: u64, Any;
        /// So many are wanted.
        media_wanted_count: u64, Any;
        /// Different places that are declared for those, besides that of the original.
        places_count: u64, Any;
        /// So many are wanted.
        places_wanted_count: u64, Any;
        /// Copies that do not count: out of date, damaged, or never made.
        lapsed_count: u64, Any;
        /// Of when the oldest copy is that counts.
        oldest_at: Text, Any;
        /// When a check last read back a part of a copy that counts and found it sound.
        verified_at: Text, Any;
    }
}
