//! Hours, days, weeks, months and years, as the calendar of a place has them.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// How often one is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// One for each hour that passed: the one that the clock shows twice in autumn counts twice.
    Hour,
    /// One for each day of the place.
    Day,
    /// One for each week, from Monday.
    Week,
    /// One for each month.
    Month,
    /// One for each year.
    Year,
}

impl Period {
    /// All, the shortest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year];

    /// Which one a moment is in: equal for moments of the same one, rising with time. A moment that no calendar knows is
    /// brought to the nearest that is known.
    #[must_use]
    pub fn number(self, secs: i64, zone: &TimeZone) -> i64 {
        let secs = secs.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        if self == Self::Hour {
            // Where the offset is not of whole hours, an hour still begins when the clock there shows :00.
            let offset = Timestamp::from_second(secs).map_or(0, |at| zone.to_offset(at).seconds());
            return (secs + i64::from(offset)).div_euclid(3600) - i64::from(offset).div_euclid(3600);
        }
        let Ok(at) = Timestamp::from_second(secs) else { return 0 };
        let date = zone.to_datetime(at).date();
        match self {
            Self::Hour | Self::Day => days(date),
            // 1970 began with a Thursday.
            Self::Week => (days(date) + 3).div_euclid(7),
            Self::Month => i64::from(date.year()) * 12 + i64::from(date.month()),
            Self::Year => i64::from(date.year()),
        }
    }

    /// About how long one is, in seconds.
    #[must_use]
    pub fn about_secs(self) -> i64 {
        match self {
            Self::Hour => 3600,
            Self::Day => 86_400,
            Self::Week => 7 * 86_400,
            Self::Month => 2_629_746,
            Self::Year => 31_556_952,
        }
    }
}

/// Days since 1970-01-01.
fn days(date: jiff::civil::Date) -> i64 {
    let epoch = jiff::civil::Date::constant(1970, 1, 1);
    date.since(epoch).map_or(0, |span| i64::from(span.get_days()))
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hour => "hourly",
            Self::Day => "daily",
            Self::Week => "weekly",
            Self::Month => "monthly",
            Self::Year => "yearly",
        })
    }
}
