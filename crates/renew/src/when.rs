//! When a certificate is renewed: in the window that its authority suggests (ARI, RFC 9773), else by the fraction of its
//! life that is left. Never by fixed days: lives shrink, to 47 days and to six.

use serde::{Deserialize, Serialize};

use crate::limits::DAY_SECONDS;

/// A life under this many seconds is short: less of it is waited for.
pub const SHORT_LIFE_SECONDS: i64 = 10 * DAY_SECONDS;
/// Of a life that is not short, so little left is critical whatever its length: a person needs a weekend.
pub const CRITICAL_SECONDS: i64 = 2 * DAY_SECONDS;

/// From when to when a certificate holds, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Life {
    /// Its first second.
    pub begun: i64,
    /// Its last.
    pub ends: i64,
}

/// In which span an authority wants to be asked, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first second.
    pub start: i64,
    /// Its last.
    pub end: i64,
}

/// Why then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// The authority suggests it.
    Suggested,
    /// Two thirds of its life are over.
    TwoThirds,
    /// Half of a short life is over.
    Half,
}

/// When to renew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// In seconds since 1970. A past one is now.
    pub at: i64,
    /// Why then.
    pub because: Because,
}

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// There is time.
    Fine,
    /// It is to be renewed now.
    Due,
    /// It should have been renewed: tell somebody.
    Late,
    /// It ends before long: wake somebody.
    Critical,
    /// It has ended.
    Over,
}

impl Life {
    /// Its length. One that ends before it begins has none.
    #[must_use]
    pub const fn length(self) -> i64 {
        let length = self.ends.saturating_sub(self.begun);
        if length < 0 { 0 } else { length }
    }

    /// Where one in `of` parts of it is left.
    const fn left(self, of: i64) -> i64 {
        self.ends - self.length() / of
    }

    /// When to renew. `seed` is the same for the same certificate and differs between certificates, so that each has its
    /// point of the window, whenever and however often it is asked.
    #[must_use]
    pub fn due(self, suggested: Option<Window>, seed: u64) -> Due {
        if let Some(at) = suggested.and_then(|window| window.point(seed)) {
            // A window beyond the end would mean never.
            return Due { at: at.min(self.left(12)), because: Because::Suggested };
        }
        match self.length() < SHORT_LIFE_SECONDS {
            true => Due { at: self.left(2), because: Because::Half },
            false => Due { at: self.left(3), because: Because::TwoThirds },
        }
    }

    /// From when on it is late: the end of the window, where there is one, or when a sixth of the life is left, whichever
    /// comes first.
    #[must_use]
    pub fn late(self, suggested: Option<Window>) -> i64 {
        let end = suggested.filter(|window| window.point(0).is_some()).map_or(i64::MAX, |window| window.end);
        end.min(self.left(6))
    }

    /// From when on it is critical: a twelfth left, or two days. The two days do not count for a short life, in which
    /// they would be over before it is late.
    #[must_use]
    pub const fn critical(self) -> i64 {
        let twelfth = self.left(12);
        let days = self.ends - CRITICAL_SECONDS;
        if self.length() >= SHORT_LIFE_SECONDS && days < twelfth { days } else { twelfth }
    }

    /// How things stand at `now`.
    #[must_use]
    pub fn stage(self, suggested: Option<Window>, seed: u64, now: i64) -> Stage {
        if now > self.ends {
            Stage::Over
        } else if now >= self.critical() {
            Stage::Critical
        } else if now >= self.late(suggested) {
            Stage::Late
        } else if now >= self.due(suggested, seed).at {
            Stage::Due
        } else {
            Stage::Fine
        }
    }
}

impl Window {
    /// The point of it that belongs to `seed`; `None` of a window that ends before it begins, which is none.
    #[must_use]
    pub fn point(self, seed: u64) -> Option<i64> {
        let width = u64::try_from(self.end.checked_sub(self.start)?).ok().filter(|width| *width > 0)?;
        self.start.checked_add(i64::try_from(mixed(seed) % width).ok()?)
    }
}

/// Seeds that follow each other, such as numbers of a list, get points far from each other (the finisher of SplitMix64).
const fn mixed(seed: u64) -> u64 {
    let seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let seed = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let seed = (seed ^ (seed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    seed ^ (seed >> 31)
}

/// A seed of whatever names a certificate: its fingerprint, or its name for ARI (FNV-1a).
#[must_use]
pub fn seed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = DAY_SECONDS;

    fn life(days: i64) -> Life {
        Life { begun: 0, ends: days * DAY }
    }

    #[test]
    fn by_fraction_of_its_life() {
        for (days, due, late, critical) in [
            (90, 60.0, 75.0, 82.5),
            (47, 47.0 * 2.0 / 3.0, 47.0 * 5.0 / 6.0, 47.0 * 11.0 / 12.0),
            (12, 8.0, 10.0, 10.0),
            (398, 398.0 * 2.0 / 3.0, 398.0 * 5.0 / 6.0, 398.0 * 11.0 / 12.0),
            (6, 3.0, 5.0, 5.5),
            (1, 0.5, 5.0 / 6.0, 11.0 / 12.0),
        ] {
            let at = |days: f64| (days * 86_400.0) as i64;
            let near = |got: i64, days: f64| (got - at(days)).abs() <= 1;
            let life = life(days);
            assert!(near(life.due(None, 7).at, due), "{days}: due {:?}", life.due(None, 7));
            assert!(near(life.late(None), late), "{days}: late {}", life.late(None));
            assert!(near(life.critical(), critical), "{days}: critical {}", life.critical());
            let because = if days < 10 { Because::Half } else { Because::TwoThirds };
            assert_eq!(life.due(None, 7).because, because, "{days}");
        }
    }

    #[test]
    fn in_its_window_at_its_own_point() {
        let window = Window { start: 30 * DAY, end: 32 * DAY };
        let due = |seed| life(90).due(Some(window), seed);
        assert_eq!(due(1), due(1), "stable");
        assert_eq!(due(1).because, Because::Suggested);
        let mut points: Vec<i64> = (0..1000).map(|seed| due(seed).at).collect();
        points.sort_unstable();
        assert!(points.iter().all(|at| (window.start..window.end).contains(at)));
        assert!(points[0] < 30 * DAY + DAY / 10 && points[999] > 32 * DAY - DAY / 10, "all of it is used");
        points.dedup();
        assert!(points.len() > 900, "they keep apart");
        assert_eq!(life(90).late(Some(window)), window.end);
        assert_ne!(seed("a.b"), seed("a.c"));
    }

    #[test]
    fn a_window_that_has_passed_means_now_and_one_that_is_none_counts_for_nothing() {
        let past = Window { start: -DAY, end: -1 };
        assert_eq!(life(90).stage(Some(past), 5, 1), Stage::Late, "revoked: at once, and somebody hears of it");
        for none in
            [Window { start: 5, end: 5 }, Window { start: 6, end: 5 }, Window { start: i64::MIN, end: i64::MAX }]
        {
            assert_eq!(life(90).due(Some(none), 5), life(90).due(None, 5));
            assert_eq!(life(90).late(Some(none)), life(90).late(None));
        }
        let beyond = Window { start: 100 * DAY, end: 101 * DAY };
        assert!(life(90).due(Some(beyond), 5).at < 90 * DAY);
    }

    #[test]
    fn how_things_stand() {
        let at = |day: i64| life(90).stage(None, 1, day * DAY);
        let stages = [(0, Stage::Fine), (59, Stage::Fine), (60, Stage::Due), (75, Stage::Late), (83, Stage::Critical)];
        for (day, stage) in stages.into_iter().chain([(90, Stage::Critical), (91, Stage::Over)]) {
            assert_eq!(at(day), stage, "day {day}");
        }
        let odd = Life { begun: 10, ends: 5 };
        assert_eq!(odd.stage(None, 1, 6), Stage::Over);
    }

    proptest! {
        #[test]
        fn it_only_gets_worse(
            begun in -1_000_000_000i64..1_000_000_000,
            length in 0i64..100_000_000,
            window in proptest::option::of((0i64..100_000_000, 1i64..1_000_000)),
            seed: u64,
            mut times in proptest::collection::vec(-1_100_000_000i64..1_200_000_000, 2..20),
        ) {
            let life = Life { begun, ends: begun + length };
            let window = window.map(|(start, width)| Window { start: begun + start, end: begun + start + width });
            times.sort_unstable();
            let stages: Vec<Stage> = times.iter().map(|now| life.stage(window, seed, *now)).collect();
            prop_assert!(stages.is_sorted());
            prop_assert!(life.late(window) <= life.critical().max(life.late(None)));
            prop_assert!(life.due(window, seed).at <= life.ends);
        }
    }
}
