//! What is wanted of a sidecar with a thousand nodes on two cores.

/// Of one core, while nothing happens but frames.
pub(crate) const CORE_SHARE: f64 = 0.5;
/// Resident, at any moment.
pub(crate) const RESIDENT_MIB: f64 = 128.0;
/// From a frame to its alert, for 99 of 100.
pub(crate) const ALERT_SECONDS: f64 = 2.0;
/// From the moment when all connections end until everybody is served again.
pub(crate) const CUT_SECONDS: f64 = 60.0;
