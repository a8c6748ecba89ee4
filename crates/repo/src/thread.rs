//! Starting threads, with an error where the system has none left.

use std::thread::{Builder, Scope, ScopedJoinHandle};

use crate::{Error, Result};

/// Starts `work` in a thread whose name shows in `top -H`.
///
/// # Errors
/// When the system refuses another thread (a limit on tasks, memory).
pub(crate) fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>> {
    Builder::new()
        .name(name.into())
        .spawn_scoped(scope, work)
        .map_err(|err| Error::io("cannot start a thread; look at the limits of processes and memory", &err))
}
