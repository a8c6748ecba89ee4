//! Giving memory back. How it is done is the program's matter; the library only says when.

use std::sync::OnceLock;

static HOW: OnceLock<fn()> = OnceLock::new();

/// Sets what [`give_back`] does. The first counts.
pub fn give_back_by(how: fn()) {
    let _ = HOW.set(how);
}

/// What was needed only until now is over: arguments read, a configuration understood.
pub(crate) fn give_back() {
    if let Some(how) = HOW.get() {
        how();
    }
}
