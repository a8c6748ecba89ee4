//! How the watching itself goes.

use super::macros::view;
use crate::Text;

view! {
    /// A probe: whether it can see what it should.
    Probe = 16, "probe" {
        /// `ok`, `absent` (no such thing here), `denied`, `failed` or `stuck`.
        state: Text, Any;
        /// Why, and what it needs; with `ok`, how much was left out because there is so much of it.
        problem: Text, Any;
        /// How long it took.
        duration_seconds: f32, Quiet;
    }
}
