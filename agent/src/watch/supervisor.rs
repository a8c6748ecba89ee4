//! Telling whoever started us: systemd's readiness and watchdog, where there is one.

use std::time::Duration;

use sd_notify::NotifyState;

/// How often the watchdog wants to hear from us; `None` without one.
pub(super) fn watchdog() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|every| every / 2)
}

/// Says `state`; without anybody to hear it, nothing happens.
pub(super) fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}
