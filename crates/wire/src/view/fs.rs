//! A file system.

use super::macros::view;
use crate::Text;

view! {
    /// A mounted file system: room and state.
    FileSystem = 4, "fs" {
        /// Where it is mounted.
        mount: Text, Any;
        /// What is mounted.
        device: Text, Any;
        /// Its type, such as `ext4`.
        kind: Text, Any;
        /// `ok`, `stuck` (it does not answer), `missing` or `read_only` (it became so).
        state: Text, Any;
        /// Size.
        size_bytes: u64, Share(0.001);
        /// What programs without privilege can still write.
        free_bytes: u64, Share(0.02);
        /// Share that is used of what programs without privilege can have.
        used_percent: f32, Step(0.5);
        /// Files it can have; unknown where there is no limit.
        inode_count: u64, Share(0.01);
        /// Files it can still take.
        inodes_free_count: u64, Share(0.05);
        /// Share of files it can have that is used.
        inodes_used_percent: f32, Step(1.0);
        /// Whether it is mounted for reading only.
        read_only: bool, Any;
    }
}
