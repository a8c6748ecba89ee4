//! On which days a window comes again, as people write it: `day`, `sat,sun`, `first sun`, `day 15`, `last day`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// Days that come again. Every month has each that can be written here, so that none is left out silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Every {
    /// On these days of each week.
    Week(Days),
    /// On these days of a week of each month.
    Month(Nth, Days),
    /// On this day of each month, 1 to 28.
    Date(i8),
    /// On the last day of each month.
    LastDay,
}

/// Days of the week; one at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days([bool; 7]);

/// Which one in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nth(i8);

/// From Monday.
const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NTH: [(&str, i8); 5] = [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("last", -1)];
/// The last day that every month has.
const DATE_MAX: i8 = 28;
/// What is no such days.
pub(super) const WRONG: &str = "must be \"day\", days such as \"sat,sun\", \"first sun\" to \"fourth sun\", \"last sun\", \
                                \"day 1\" to \"day 28\", or \"last day\"";

impl Every {
    /// Whether it comes on that day.
    #[must_use]
    pub fn holds(self, date: Date) -> bool {
        match self {
            Self::Week(days) => days.hold(date.weekday()),
            Self::Month(nth, days) => days.hold(date.weekday()) && nth.holds(date),
            Self::Date(day) => date.day() == day,
            Self::LastDay => date.day() == date.days_in_month(),
        }
    }
}

impl Days {
    /// All seven.
    pub const ALL: Self = Self([true; 7]);

    /// From Monday; `None` for none.
    #[must_use]
    pub fn of(days: [bool; 7]) -> Option<Self> {
        days.contains(&true).then_some(Self(days))
    }

    /// That one.
    #[must_use]
    pub fn one(day: Weekday) -> Self {
        let mut days = [false; 7];
        let at = usize::try_from(day.to_monday_zero_offset()).unwrap_or_default();
        days.iter_mut().skip(at).take(1).for_each(|day| *day = true);
        Self(days)
    }

    /// From Monday.
    #[must_use]
    pub const fn each(self) -> [bool; 7] {
        self.0
    }

    fn hold(self, day: Weekday) -> bool {
        self.0.iter().zip(Self::one(day).0).any(|(on, is)| *on && is)
    }
}

impl Nth {
    /// From 1; −1 for the last.
    #[must_use]
    pub const fn number(self) -> i8 {
        self.0
    }

    fn holds(self, date: Date) -> bool {
        date.nth_weekday_of_month(self.0, date.weekday()).is_ok_and(|nth| nth == date)
    }
}

impl FromStr for Every {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split(' ').collect::<Vec<_>>()[..] {
            ["day"] => Ok(Self::Week(Days::ALL)),
            ["last", "day"] => Ok(Self::LastDay),
            ["day", date] => {
                let date = date.parse().ok().filter(|date| (1..=DATE_MAX).contains(date));
                date.map(Self::Date).ok_or(WRONG)
            }
            [days] => days.parse().map(Self::Week).map_err(|()| WRONG),
            [nth, days] => {
                let nth = NTH.iter().find(|(name, _)| *name == nth).ok_or(WRONG)?;
                days.parse().map(|days| Self::Month(Nth(nth.1), days)).map_err(|()| WRONG)
            }
            _ => Err(WRONG),
        }
    }
}

impl FromStr for Days {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut on = [false; 7];
        for name in text.split(',') {
            let at = WEEKDAYS.iter().position(|day| *day == name).ok_or(())?;
            // Once each: so it cannot be long either.
            match on.get_mut(at) {
                Some(day) if !*day => *day = true,
                _ => return Err(()),
            }
        }
        Ok(Self(on))
    }
}

impl fmt::Display for Every {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Week(Days::ALL) => f.write_str("day"),
            Self::Week(days) => days.fmt(f),
            Self::Month(Nth(nth), days) => {
                let name = NTH.iter().find(|(_, number)| number == nth).map_or("", |(name, _)| name);
                write!(f, "{name} {days}")
            }
            Self::Date(date) => write!(f, "day {date}"),
            Self::LastDay => f.write_str("last day"),
        }
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = WEEKDAYS.iter().zip(self.0).filter(|(_, on)| *on).map(|(name, _)| *name);
        f.write_str(&on.collect::<Vec<_>>().join(","))
    }
}

impl TryFrom<String> for Every {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Every> for String {
    fn from(every: Every) -> Self {
        every.to_string()
    }
}
