//! Whose clock counts: ours, and a node's only for how far apart two of its readings are. Pure.
//!
//! A message cannot come before it was made. So the earliest that `received - boot_millis` has been is the best there is
//! for when the node booted, and no delay on the way moves anything back.

use std::time::Duration;

use atalaya_wire::Stamp;

use crate::clock::Now;
use crate::limits::SKEW_SECONDS_MAX;

/// Clocks drift apart by so much at most: 200 in a million.
const DRIFT_PER_MILLION: i64 = 200;
/// When this program was written: a clock that says less is wrong. 2026-01-01.
pub const BUILT: i64 = 1_767_225_600;
/// A synchronised clock may be ahead of ours by so much.
const AHEAD_SECONDS_MAX: i64 = 120;

/// What is known of a node's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeClock {
    boot: Option<Boot>,
    /// Milliseconds by which its wall clock is ahead of ours.
    skew_millis: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Boot {
    id: [u8; 16],
    /// On our clock that does not jump, in milliseconds; may be before our own start.
    at: i64,
    /// When that was last looked at.
    looked: Duration,
}

/// When a message was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// Milliseconds since 1970 by our clock.
    pub at_millis: i64,
    /// Seconds since then, by our clock.
    pub age_seconds: i64,
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

impl NodeClock {
    /// Goes on with what was known when the program stopped: when the node booted, in milliseconds since 1970.
    #[must_use]
    pub(super) fn known(id: [u8; 16], boot_at_millis: i64, now: Now) -> Self {
        let ours = now.wall_millis.saturating_sub(millis(now.since_start));
        let at = boot_at_millis.saturating_sub(ours);
        Self { boot: Some(Boot { id, at, looked: now.since_start }), skew_millis: 0 }
    }

    /// A message came now. Says when it was made.
    pub(super) fn hear(&mut self, stamp: &Stamp, now: Now) -> Made {
        let since_boot = i64::try_from(stamp.boot_millis).unwrap_or(i64::MAX);
        let arrived = millis(now.since_start).saturating_sub(since_boot);
        let at = match self.boot {
            Some(boot) if boot.id == stamp.boot => {
                let passed = millis(now.since_start.saturating_sub(boot.looked));
                boot.at.saturating_add(passed / (1_000_000 / DRIFT_PER_MILLION)).min(arrived)
            }
            _ => arrived.min(first(stamp, since_boot, now)),
        };
        self.boot = Some(Boot { id: stamp.boot, at, looked: now.since_start });
        let age = arrived - at;
        let at_millis = now.wall_millis.saturating_sub(age);
        self.skew_millis = stamp.wall_millis.saturating_sub(at_millis);
        Made { at_millis, age_seconds: age / 1000 }
    }

    /// By how many seconds the node's clock is ahead of ours, if that is worth telling.
    #[must_use]
    pub(super) fn skew_seconds(&self) -> Option<i64> {
        let seconds = self.skew_millis / 1000;
        (seconds.abs() > SKEW_SECONDS_MAX).then_some(seconds)
    }

    /// Its boot's id and time in milliseconds since 1970, to be remembered.
    #[must_use]
    pub(super) fn boot(&self, now: Now) -> Option<([u8; 16], i64)> {
        let ours = now.wall_millis.saturating_sub(millis(now.since_start));
        self.boot.map(|boot| (boot.id, ours.saturating_add(boot.at)))
    }
}

/// Of a boot that nobody knows, the first message may have waited long. If its clock is synchronised, it says how long.
fn first(stamp: &Stamp, since_boot: i64, now: Now) -> i64 {
    let plausible = BUILT * 1000..=now.wall_millis + AHEAD_SECONDS_MAX * 1000;
    if !stamp.synchronised || !plausible.contains(&stamp.wall_millis) {
        return i64::MAX;
    }
    let age = now.wall_millis - stamp.wall_millis;
    millis(now.since_start).saturating_sub(age).saturating_sub(since_boot)
}

/// When a record was made, in seconds since 1970. It may be of a boot long ago, and its order is that of its stream
/// whatever this says.
#[must_use]
pub(super) fn of_record(clock: &mut NodeClock, stamp: &Stamp, now: Now) -> i64 {
    if clock.boot.is_none_or(|boot| boot.id == stamp.boot) {
        return clock.hear(stamp, now).at_millis.div_euclid(1000);
    }
    let plausible = BUILT * 1000..=now.wall_millis + AHEAD_SECONDS_MAX * 1000;
    if stamp.synchronised && plausible.contains(&stamp.wall_millis) {
        return stamp.wall_millis.div_euclid(1000);
    }
    now.seconds()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: i64 = (BUILT + 10_000_000) * 1000;

    fn now(second: u64) -> Now {
        Now { wall_millis: WALL + second as i64 * 1000, since_start: Duration::from_secs(second) }
    }

    fn stamp(boot: u64, wall_millis: i64, synchronised: bool) -> Stamp {
        Stamp { wall_millis, boot_millis: boot * 1000, boot: [1; 16], synchronised }
    }

    #[test]
    fn delay_makes_a_message_old_and_never_moves_others() {
        let mut clock = NodeClock::default();
        assert_eq!(clock.hear(&stamp(1000, 0, false), now(10)).age_seconds, 0);
        let late = clock.hear(&stamp(1010, 0, false), now(80));
        assert_eq!((late.age_seconds, late.at_millis), (59, WALL + 20_014));
        assert_eq!(clock.hear(&stamp(1070, 0, false), now(80)).age_seconds, 0);
    }

    #[test]
    fn forty_clocks_give_one_order() {
        let times = |wall: i64, synchronised: bool| -> Vec<i64> {
            let mut clock = NodeClock::default();
            clock.hear(&stamp(500, wall, synchronised), now(0));
            (1..20)
                .map(|n| {
                    clock.hear(&stamp(500 + n * 60, wall + n as i64 * 60_000, synchronised), now(n * 60)).at_millis
                })
                .collect()
        };
        let right = times(WALL, true);
        for hours in -20..20 {
            assert_eq!(times(WALL + hours * 3_600_000, false), right, "{hours} hours");
        }
        assert_eq!(times(0, false), right);
        let mut clock = NodeClock::default();
        clock.hear(&stamp(5, 7_000, false), now(0));
        assert_eq!(clock.skew_seconds(), Some((7_000 - WALL) / 1000));
    }

    #[test]
    fn what_waited_before_the_first_connection_is_old() {
        let mut clock = NodeClock::default();
        let old = clock.hear(&stamp(100, WALL - 3_600_000, true), now(0));
        assert_eq!(old.age_seconds, 3600);
        assert_eq!(clock.hear(&stamp(3700, WALL, true), now(0)).age_seconds, 0);
    }

    #[test]
    fn our_own_jump_and_our_own_restart_change_no_age() {
        let mut clock = NodeClock::default();
        clock.hear(&stamp(1000, 0, false), now(10));
        let mut jumped = now(70);
        jumped.wall_millis += 7_200_000;
        assert_eq!(clock.hear(&stamp(1060, 0, false), jumped), Made { at_millis: jumped.wall_millis, age_seconds: 0 });
        let (id, at) = clock.boot(now(70)).unwrap();
        let restarted = Now { since_start: Duration::from_secs(1), ..now(100) };
        let mut again = NodeClock::known(id, at, restarted);
        assert_eq!(again.hear(&stamp(1030, 0, false), restarted).age_seconds, 60);
    }

    #[test]
    fn records_of_other_boots_are_placed_by_a_clock_that_can_be_believed() {
        let mut clock = NodeClock::default();
        clock.hear(&stamp(10, WALL, true), now(0));
        let other = |wall_millis, synchronised| Stamp { wall_millis, boot_millis: 5, boot: [9; 16], synchronised };
        let at = |stamp| of_record(&mut clock.clone(), &stamp, now(0));
        assert_eq!(at(other(WALL - 86_400_000, true)), WALL / 1000 - 86_400);
        assert_eq!(at(other(5_000, false)), WALL / 1000);
        assert_eq!(at(other(WALL + 86_400_000, true)), WALL / 1000);
    }
}
