//! Two times: people's, which may jump, and the engine's, which does not.

use serde::{Deserialize, Serialize};

use crate::limits::STEP_SECONDS_MAX;

/// Seconds since 1970 by a wall clock: shown to people, and the end of what they set. Never orders events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

/// Seconds on the engine's own clock: delays and intervals. It never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub u64);

impl Moment {
    /// Seconds since `earlier`; 0 if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// So many seconds later.
    #[must_use]
    pub const fn after(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }
}

/// Both, as of the last step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    pub(crate) wall: Option<Wall>,
    pub(crate) moment: Moment,
}

impl Clock {
    /// Goes on to what the wall clock says, by a little at most: a clock that jumps, or a sidecar that was off, says
    /// nothing about how long a node has been silent.
    pub(crate) fn advance(&mut self, now: Wall) {
        let gone = self.wall.map_or(0, |last| u64::try_from(now.0.saturating_sub(last.0)).unwrap_or(0));
        self.moment = self.moment.after(gone.min(STEP_SECONDS_MAX));
        self.wall = Some(now);
    }

    pub(crate) fn now(self) -> Now {
        Now { wall: self.wall.unwrap_or_default(), moment: self.moment }
    }
}

/// The time of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) wall: Wall,
    pub(crate) moment: Moment,
}

/// A delay that may be paused: what was seen before the pause still counts, the pause does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Timer {
    held: u64,
    since: Option<Moment>,
}

impl Timer {
    pub(crate) const fn started(at: Moment) -> Self {
        Self { held: 0, since: Some(at) }
    }

    /// Seconds for which it ran.
    pub(crate) fn ran(self, now: Moment) -> u64 {
        self.held + self.since.map_or(0, |since| now.since(since))
    }

    pub(crate) fn pause(&mut self, now: Moment) {
        *self = Self { held: self.ran(now), since: None };
    }

    pub(crate) fn go_on(&mut self, now: Moment) {
        self.since.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_s_clock_never_goes_back_and_never_leaps() {
        let mut clock = Clock::default();
        let moments = [1_000, 1_010, 500, 520, 900_000, 900_001].map(|wall| {
            clock.advance(Wall(wall));
            clock.moment.0
        });
        assert_eq!(moments, [0, 10, 10, 30, 330, 331]);
        clock.advance(Wall(i64::MIN));
        clock.advance(Wall(i64::MAX));
        assert_eq!(clock.moment.0, 631);
    }

    #[test]
    fn a_pause_does_not_count() {
        let mut timer = Timer::started(Moment(100));
        timer.pause(Moment(130));
        assert_eq!(timer.ran(Moment(500)), 30);
        timer.go_on(Moment(500));
        timer.go_on(Moment(510));
        assert_eq!(timer.ran(Moment(520)), 50);
    }
}
