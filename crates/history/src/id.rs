//! Numbers of rows. They sort as one asks, so that a range of time is a range of ids.

use std::ops::{Range, RangeInclusive};

use crate::limits::TIME_SECONDS_MAX;
use crate::{Error, Result};

/// A key of an object of a node, as the database counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

/// A node, as the database counts them: from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeNumber(pub u16);

/// What is kept by node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Readings as they came.
    Raw = 1,
    /// Five minutes each.
    FiveMinutes = 2,
    /// Hours, until their month is closed.
    Hours = 3,
}

impl Level {
    /// All, the finest first.
    pub const ALL: [Self; 3] = [Self::Raw, Self::FiveMinutes, Self::Hours];

    /// Seconds that a point stands for, and its time is a multiple of.
    #[must_use]
    pub const fn step(self) -> i64 {
        match self {
            Self::Raw => 1,
            Self::FiveMinutes => 300,
            Self::Hours => 3_600,
        }
    }

    /// Seconds that a block covers.
    #[must_use]
    pub const fn span(self) -> i64 {
        match self {
            Self::Raw => 3_600,
            Self::FiveMinutes => 21_600,
            Self::Hours => 86_400,
        }
    }

    /// Points that a series can have in a block.
    #[must_use]
    pub const fn points_max(self) -> usize {
        (self.span() / self.step()) as usize
    }

    /// Seconds at multiples of which a block may begin: the next level's step, so that none of its points is rolled from
    /// two blocks.
    pub(crate) const fn grain(self) -> i64 {
        match self {
            Self::Raw => Self::FiveMinutes.step(),
            Self::FiveMinutes | Self::Hours => Self::Hours.step(),
        }
    }
}

/// Refuses times before 1970 and from the year 3000 on.
pub(crate) fn check_time(at: i64) -> Result<()> {
    if (0..TIME_SECONDS_MAX).contains(&at) { Ok(()) } else { Err(Error::Refused("its time is not of this age")) }
}

/// A row of `block`: `node << 40 | level << 37 | start in minutes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(i64);

impl BlockId {
    /// The one that a time belongs to, where an hour (six hours, a day) of the node is one block.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: node 0, or a time that is not of this age.
    pub fn of(node: NodeNumber, level: Level, at: i64) -> Result<Self> {
        check_time(at)?;
        Self::starting(node, level, at - at % level.span())
    }

    /// One that begins at `start`, seconds: a piece of an hour that has too many points for one block.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`]: as above, or `start` is no multiple of the next level's step.
    pub fn starting(node: NodeNumber, level: Level, start: i64) -> Result<Self> {
        check_time(start)?;
        if node.0 == 0 || start % level.grain() != 0 {
            return Err(Error::Refused("no block begins there"));
        }
        Ok(Self(first(node, level) | (start / 60)))
    }

    /// From the database.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`]: no block has that id.
    pub fn from_row(id: i64) -> Result<Self> {
        let bad = Error::Damaged("no block has this id");
        let node = u16::try_from(id >> 40).map_err(|_| bad)?;
        let level = *Level::ALL.iter().find(|level| **level as i64 == (id >> 37) & 7).ok_or(bad)?;
        Self::starting(NodeNumber(node), level, (id & ((1 << 37) - 1)) * 60).map_err(|_| bad)
    }

    /// For the database.
    #[must_use]
    pub const fn row(self) -> i64 {
        self.0
    }

    /// Whose it is.
    #[must_use]
    pub const fn node(self) -> NodeNumber {
        NodeNumber((self.0 >> 40) as u16)
    }

    /// Of which level.
    #[must_use]
    pub const fn level(self) -> Level {
        match (self.0 >> 37) & 7 {
            1 => Level::Raw,
            2 => Level::FiveMinutes,
            _ => Level::Hours,
        }
    }

    /// Its first second.
    #[must_use]
    pub const fn start(self) -> i64 {
        (self.0 & ((1 << 37) - 1)) * 60
    }

    /// The first second behind it: where the hour (six hours, day) ends that it begins in.
    #[must_use]
    pub const fn end(self) -> i64 {
        let span = self.level().span();
        (self.start() / span + 1) * span
    }

    /// Ids of the blocks that may hold something of `times`: to read. `None` if nothing can.
    #[must_use]
    pub fn over(node: NodeNumber, level: Level, times: Range<i64>) -> Option<RangeInclusive<i64>> {
        let (from, until) = (times.start.max(0), times.end.min(TIME_SECONDS_MAX));
        let from = from - from % level.span();
        (from < until).then(|| first(node, level) | (from / 60)..=first(node, level) | ((until - 1) / 60))
    }

    /// Ids of the blocks that end at or before `before`: to delete. `None` if none does.
    #[must_use]
    pub fn older(node: NodeNumber, level: Level, before: i64) -> Option<RangeInclusive<i64>> {
        let before = before.clamp(0, TIME_SECONDS_MAX);
        let whole = before - before % level.span();
        (whole > 0).then(|| first(node, level)..=first(node, level) | (whole / 60 - 1))
    }
}

const fn first(node: NodeNumber, level: Level) -> i64 {
    (node.0 as i64) << 40 | (level as i64) << 37
}

/// A calendar month (UTC), counted from January 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(pub u16);

impl Month {
    /// Which one a time lies in; times before 1970 count as 1970, later than the year 3000 as that.
    #[must_use]
    pub fn of(at: i64) -> Self {
        let at = at.clamp(0, TIME_SECONDS_MAX - 1);
        // A mean month is 30.436875 days: the guess is at most one off.
        let guess = (at / 2_629_746) as u16;
        match () {
            () if at < Self(guess).start() => Self(guess - 1),
            () if at >= Self(guess + 1).start() => Self(guess + 1),
            () => Self(guess),
        }
    }

    /// Its first second.
    #[must_use]
    pub fn start(self) -> i64 {
        const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
        let (year, month) = (1970 + i64::from(self.0) / 12, usize::from(self.0) % 12);
        // Leap days belong to the year before until February is over.
        let done = if month < 2 { year - 1 } else { year };
        let leap_days = done / 4 - done / 100 + done / 400 - 477;
        (365 * (year - 1970) + leap_days + BEFORE[month]) * 86_400
    }

    /// The first second behind it.
    #[must_use]
    pub fn end(self) -> i64 {
        Self(self.0.saturating_add(1)).start()
    }
}

/// A row of `month`: `series << 16 | month`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthId {
    /// Whose numbers.
    pub series: SeriesId,
    /// Of which month.
    pub month: Month,
}

impl MonthId {
    /// For the database.
    #[must_use]
    pub const fn row(self) -> i64 {
        (self.series.0 as i64) << 16 | self.month.0 as i64
    }

    /// From the database.
    ///
    /// # Errors
    ///
    /// [`Error::Damaged`]: no month has that id.
    pub fn from_row(id: i64) -> Result<Self> {
        let series = u32::try_from(id >> 16).map_err(|_| Error::Damaged("no month has this id"))?;
        Ok(Self { series: SeriesId(series), month: Month(id as u16) })
    }

    /// Ids of a series' rows from one month to another: to read. Those of a series before a month, to delete, begin
    /// with month 0.
    #[must_use]
    pub fn range(series: SeriesId, months: RangeInclusive<Month>) -> RangeInclusive<i64> {
        let row = |month: &Month| Self { series, month: *month }.row();
        row(months.start())..=row(months.end())
    }
}
