//! What time it is, by every clock there is.

use atalaya_wire::Stamp;

use crate::clock;
use crate::probe::system::synchronised;
use crate::probe::{Moment, Site};

/// Now.
pub(super) fn moment() -> Moment {
    Moment { boot: clock::boot(), wall: clock::wall() }
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
