//! When something is over. Two clocks say it: people's, which a restart survives, and the program's, which never jumps. The
//! first of them counts, so that nothing lives longer because a clock was set back.

use std::time::Duration;

use crate::clock::Now;

/// Nothing here lasts longer; a clock that was in 1970 would have it so.
const LONGEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// The end of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// In seconds since 1970.
    pub wall: i64,
    own: Duration,
}

impl End {
    /// At this second since 1970, which was decided earlier.
    #[must_use]
    pub fn at(wall: i64, now: Now) -> Self {
        let left = u64::try_from(wall.saturating_sub(now.seconds())).unwrap_or(0);
        Self { wall, own: now.since_start + Duration::from_secs(left).min(LONGEST) }
    }

    /// After so many seconds.
    #[must_use]
    pub fn after(seconds: i64, now: Now) -> Self {
        Self::at(now.seconds().saturating_add(seconds), now)
    }

    /// Whether that time has come.
    #[must_use]
    pub fn is_over(&self, now: Now) -> bool {
        now.seconds() >= self.wall || now.since_start >= self.own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64, own: u64) -> Now {
        Now { wall_millis: seconds * 1000, since_start: Duration::from_secs(own) }
    }

    #[test]
    fn the_clock_that_is_further_counts() {
        let end = End::after(60, at(1000, 5));
        for (now, over) in [
            (at(1059, 64), false),
            (at(1060, 64), true),
            (at(1059, 65), true),
            (at(0, 64), false),
            (at(0, 65), true),
            (at(5000, 6), true),
        ] {
            assert_eq!(end.is_over(now), over, "{now:?}");
        }
        assert!(End::at(900, at(1000, 5)).is_over(at(1000, 5)), "it was over when it was read");
        assert!(!End::at(i64::MAX, at(-5, 5)).is_over(at(1000, 5)));
    }
}
