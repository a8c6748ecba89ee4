//! How the watching itself goes.

use super::macros::view;
use crate::Text;

view! {
    /// A probe: whether it can see what it should.
    Probe = 16, "probe" {
        /// `ok`, `absent` (no such thing here), `denied`, `failed` or `stuck`.
        state: Text, Any;
        /// Why, and what it needs.
        problem: Text, Any;
        /// How long it took.
        duration_seconds: f32, Quiet;
    }
}
