//! Where backups lie.

use super::macros::view;
use crate::Text;

view! {
    /// A folder of this machine that holds a repository, and the room on its file system.
    Store = 18, "store" {
        /// The folder.
        repo: Text, Any;
        /// Where its file system is mounted.
        mount: Text, Any;
        /// `ok`, `missing` (it is not mounted), or whatever else the file system is.
        state: Text, Any;
        /// Size of the file system.
        size_bytes: u64, Any;
        /// What is free there.
        free_bytes: u64, Share(0.01);
        /// Share that is free.
        free_percent: f32, Step(1.0);
    }
}
