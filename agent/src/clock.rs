//! The daemon's clocks and waits. Built with the feature `simulate`, which is for tests alone, they run fast and jump.

use std::time::Duration;

use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};

#[cfg(feature = "simulate")]
mod simulated;

/// Since the machine started, by a clock that never jumps and goes on while the machine sleeps.
pub(crate) fn boot() -> Duration {
    let real = real();
    #[cfg(feature = "simulate")]
    let real = simulated::boot(real);
    real
}

/// The same for what is about others, such as a broker's patience: never simulated.
pub(crate) fn real() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

/// By the wall clock.
pub(crate) fn wall() -> Timestamp {
    let real = Timestamp::now();
    #[cfg(feature = "simulate")]
    let real = simulated::wall(real);
    real
}

/// How long to wait for so much of the daemon's time to go by.
pub(crate) fn wait(time: Duration) -> Duration {
    #[cfg(feature = "simulate")]
    let time = simulated::wait(time);
    time
}

/// How much of the daemon's time goes by while others work for so long.
pub(crate) fn goes_by(time: Duration) -> Duration {
    #[cfg(feature = "simulate")]
    let time = simulated::goes_by(time);
    time
}
