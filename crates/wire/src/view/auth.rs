//! Attempts to get in.

use super::macros::view;
use crate::Text;

view! {
    /// Log-ins that failed.
    Auth = 14, "auth" {
        /// Failed log-ins of the last ten minutes.
        failed_count: u64, Any;
        /// Failed log-ins since the agent started.
        failed_total_count: u64, Quiet;
        /// When the last one was.
        failed_at: Text, Quiet;
        /// From where it came.
        failed_from: Text, Any;
        /// Where that is read: `journal`, `logread`, `btmp` or a file; `journal, in part` where more came than is read, so
        /// that the counts are at least that.
        source: Text, Any;
    }
}
