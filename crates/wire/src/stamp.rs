//! When something was seen, told so that a wrong clock can be seen through later.

use serde::{Deserialize, Serialize};

/// A NAS without a battery boots in 1970: the wall clock stands beside the one that never jumps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Milliseconds since 1970, by the wall clock.
    pub wall_millis: i64,
    /// Milliseconds since this boot, by a clock that never jumps and counts sleep.
    pub boot_millis: u64,
    /// The kernel's random id of this boot.
    pub boot: [u8; 16],
    /// Whether the kernel says that the wall clock is synchronised.
    pub synchronised: bool,
}
