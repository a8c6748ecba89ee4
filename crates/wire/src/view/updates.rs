//! Software that could be newer.

use super::macros::view;
use crate::Text;

view! {
    /// Updates that wait, and whether a restart does.
    Updates = 13, "updates" {
        /// `apt`, `opkg` or `apk`.
        manager: Text, Any;
        /// Packages that could be newer.
        pending_count: u64, Any;
        /// Of those, the ones that mend a security hole; unknown where the manager does not tell.
        security_count: u64, Any;
        /// Whether a restart is needed.
        reboot_required: bool, Any;
        /// What wants the restart.
        reboot_reason: Text, Any;
        /// When the lists of packages were last fetched.
        lists_at: Text, Any;
    }
}
