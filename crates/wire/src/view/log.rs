//! A pattern that is looked for in logs.

use super::macros::view;
use crate::Text;

view! {
    /// A pattern that is looked for in the journal or in a file.
    Log = 15, "log" {
        /// What people call it.
        name: Text, Any;
        /// Where it is looked for.
        source: Text, Any;
        /// Times it was found since the agent started.
        match_count: u64, Any;
        /// When it was last found.
        matched_at: Text, Any;
        /// The line, shortened.
        line: Text, Any;
        /// Why it cannot be looked for, or not in every line.
        problem: Text, Any;
    }
}
