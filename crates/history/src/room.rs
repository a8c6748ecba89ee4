//! What is taken away next: by age, and by the size limit down to the floors.

use crate::id::{Level, Month};
use crate::limits::{FLOOR_SECONDS, FULL_PERCENT, TIME_SECONDS_MAX};

/// What is kept for a time of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Level 1.
    Raw,
    /// Level 2.
    FiveMinutes,
    /// Levels 3 and 4.
    Hours,
    /// Events, runs, records: by age alone.
    Events,
}

impl Tier {
    const ALL: [Self; 4] = [Self::Raw, Self::FiveMinutes, Self::Hours, Self::Events];

    /// Seconds that the size limit leaves; `None` where it takes nothing.
    const fn floor(self) -> Option<i64> {
        let [raw, five_minutes, hours] = FLOOR_SECONDS;
        match self {
            Self::Raw => Some(raw),
            Self::FiveMinutes => Some(five_minutes),
            Self::Hours => Some(hours),
            Self::Events => None,
        }
    }

    /// The first second of the row that a time is in.
    fn row_start(self, at: i64) -> i64 {
        match self {
            Self::Raw => at - at.rem_euclid(Level::Raw.span()),
            Self::FiveMinutes => at - at.rem_euclid(Level::FiveMinutes.span()),
            Self::Hours => Month::of(at).start(),
            Self::Events => at,
        }
    }

    /// The first second behind it.
    fn row_end(self, at: i64) -> i64 {
        match self {
            Self::Raw => self.row_start(at) + Level::Raw.span(),
            Self::FiveMinutes => self.row_start(at) + Level::FiveMinutes.span(),
            Self::Hours => Month::of(at).end(),
            Self::Events => at + 1,
        }
    }
}

/// How long each is kept, in seconds, and how large everything may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// `raw`
    pub raw: i64,
    /// `five_minutes`
    pub five_minutes: i64,
    /// `hours`
    pub hours: i64,
    /// `events`
    pub events: i64,
    /// `size_max`, in bytes
    pub size_max: u64,
}

impl Default for Keep {
    fn default() -> Self {
        const DAY: i64 = 86_400;
        Self { raw: 7 * DAY, five_minutes: 60 * DAY, hours: 3 * 365 * DAY, events: 400 * DAY, size_max: 1 << 30 }
    }
}

impl Keep {
    const fn of(&self, tier: Tier) -> i64 {
        match tier {
            Tier::Raw => self.raw,
            Tier::FiveMinutes => self.five_minutes,
            Tier::Hours => self.hours,
            Tier::Events => self.events,
        }
    }
}

/// What is there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Size of everything: pages in use and what is waiting to be written to them.
    pub bytes: u64,
    /// First second of the oldest row of raw, five minutes, hours (or months), events.
    pub oldest: [Option<i64>; 4],
}

/// Why something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is kept no longer.
    Age,
    /// There is more than fits.
    Size,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: all of it may stay.
    Enough,
    /// Remove rows of this tier, of all nodes, that end at or before that second; then ask again.
    Remove {
        /// Of what.
        tier: Tier,
        /// A row's end.
        before: i64,
        /// And why.
        why: Why,
    },
    /// All is at its floors and there is still so much too much, in bytes: take no more history and tell people.
    Full(u64),
}

/// What goes next. `now` is seconds since 1970 by a clock that is known to be right: a wrong one would throw away.
/// Each answer removes at least one row, so asking until there is none ends.
#[must_use]
pub fn next(keep: &Keep, found: &Found, now: i64) -> Next {
    let sane = |at: i64| at.clamp(0, TIME_SECONDS_MAX);
    let now = sane(now);
    let there = || Tier::ALL.into_iter().zip(found.oldest).filter_map(|(tier, oldest)| Some((tier, sane(oldest?))));
    for (tier, oldest) in there() {
        let before = tier.row_start(now.saturating_sub(keep.of(tier)));
        if tier.row_end(oldest) <= before {
            return Next::Remove { tier, before, why: Why::Age };
        }
    }
    let fits = (u128::from(keep.size_max) * u128::from(FULL_PERCENT) / 100) as u64;
    if found.bytes <= fits {
        return Next::Enough;
    }
    let above = |tier: Tier, oldest: i64| tier.floor().is_some_and(|floor| tier.row_end(oldest) <= now - floor);
    // The share of its time that the oldest has used.
    let used = |(tier, oldest): (Tier, i64)| (now - oldest) as f64 / keep.of(tier).max(1) as f64;
    let furthest = there().filter(|(tier, oldest)| above(*tier, *oldest)).max_by(|a, b| used(*a).total_cmp(&used(*b)));
    furthest.map_or(Next::Full(found.bytes - fits), |(tier, oldest)| Next::Remove {
        tier,
        before: tier.row_end(oldest),
        why: Why::Size,
    })
}
