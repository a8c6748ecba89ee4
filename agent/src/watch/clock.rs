//! What time it is, by every clock there is.

use std::time::Duration;

use atalaya_wire::Stamp;
use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::probe::system::synchronised;
use crate::probe::{Moment, Site};

/// Now.
pub(super) fn moment() -> Moment {
    let boot = clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
    Moment { boot, wall: Timestamp::now() }
}

/// Now, for what is sent.
pub(super) fn stamp(at: Moment, boot: [u8; 16]) -> Stamp {
    Stamp {
        wall_millis: at.wall.as_millisecond(),
        boot_millis: u64::try_from(at.boot.as_millis()).unwrap_or(u64::MAX),
        boot,
        synchronised: synchronised(&Site::default()).unwrap_or(false),
    }
}
