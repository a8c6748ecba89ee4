//! When a window begins and ends, by the clock of its zone.

use std::fmt;
use std::ops::RangeInclusive;

use atalaya_base::zone;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::{Every, every};
use crate::limits::{WINDOW_AHEAD_SECONDS, WINDOW_MINUTES_MAX, WINDOW_MINUTES_ONCE_MAX};

/// Days between which anything that comes again comes again: the first Sundays of two months are 35 apart at most.
const LOOK_DAYS: i32 = 40;
/// A day that comes again lasts no longer; two, because clocks are set back.
const BACK_DAYS: i32 = WINDOW_MINUTES_MAX.div_ceil(24 * 60) as i32 + 1;
const BACK_DAYS_ONCE: i32 = WINDOW_MINUTES_ONCE_MAX.div_ceil(24 * 60) as i32 + 1;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// When it begins first.
    pub begins: DateTime,
    /// When it ends.
    pub lasts: Lasts,
    /// On which days it comes again; `None` for once.
    pub every: Option<Every>,
    /// Whose clock counts.
    pub zone: Place,
}

/// How long a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lasts {
    /// Until the clock there shows this, that day or the next.
    To(Time),
    /// So many minutes that really pass.
    Minutes(u32),
}

/// A zone by its name. It may come to be unknown, when the machine's list of zones is another; then the window waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Place {
    name: String,
    zone: Option<TimeZone>,
}

impl From<String> for Place {
    fn from(name: String) -> Self {
        let zone = zone::named(&name);
        let known = zone.as_ref().and_then(|zone| zone.iana_name()).map(str::to_owned);
        Self { name: known.unwrap_or(name), zone }
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.name
    }
}

impl Place {
    /// As it is written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is known here.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.zone.is_some()
    }
}

/// From when to when, in seconds since 1970; the end is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first second.
    pub begins: i64,
    /// Later than that.
    pub ends: i64,
}

/// What somebody wrote.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// `2026-11-28T22:00`, by the clock of the zone.
    pub begins: &'a str,
    /// See [`Every`]; `None` for once.
    pub every: Option<&'a str>,
    /// `05:00`; this or minutes.
    pub to: Option<&'a str>,
    /// This or `to`.
    pub minutes: Option<u32>,
    /// Such as `Europe/Madrid`.
    pub zone: &'a str,
}

/// Why that is no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such time in a calendar.
    Begins,
    /// It begins later than anybody plans.
    Far,
    /// It would be over already.
    Over,
    /// There are no such days.
    Every,
    /// It has no end, or two.
    Ends,
    /// There is no such time of day, or it is that of its beginning.
    To,
    /// It is too short or too long.
    Minutes,
    /// Nobody knows that zone here.
    Zone,
}

impl Wrong {
    /// Which part of [`Asked`].
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Begins | Self::Far | Self::Over => "begins",
            Self::Every => "every",
            Self::To => "to",
            Self::Ends | Self::Minutes => "minutes",
            Self::Zone => "zone",
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Begins => "must be a time of the calendar such as 2026-11-28T22:00",
            Self::Far => "must be less than two years ahead",
            Self::Over => "it would be over already",
            Self::Every => every::WRONG,
            Self::Ends => "give either this or to",
            Self::To => "must be a time of day such as 05:00, and another than that of the beginning",
            Self::Minutes => "must be 1 to 1440, or up to 20160 for what happens once",
            Self::Zone => "must be a time zone that is known here, such as Europe/Madrid or UTC",
        })
    }
}

impl Plan {
    /// From what somebody wrote, at a moment.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(asked: &Asked<'_>, now: i64) -> Result<Self, Wrong> {
        let begins: DateTime = minute(asked.begins, 16).ok_or(Wrong::Begins)?;
        let every = asked.every.map(str::parse).transpose().map_err(|_| Wrong::Every)?;
        let zone = Place::from(asked.zone.to_owned());
        let lasts = match (asked.to, asked.minutes) {
            (Some(to), None) => {
                let to = minute::<Time>(to, 5).filter(|to| *to != begins.time());
                Lasts::To(to.ok_or(Wrong::To)?)
            }
            (None, Some(minutes)) => {
                let most = if every.is_some() { WINDOW_MINUTES_MAX } else { WINDOW_MINUTES_ONCE_MAX };
                let minutes = Some(minutes).filter(|minutes| RangeInclusive::new(1, most).contains(minutes));
                Lasts::Minutes(minutes.ok_or(Wrong::Minutes)?)
            }
            _ => return Err(Wrong::Ends),
        };
        let plan = Self { begins, lasts, every, zone };
        let known = plan.zone.zone.as_ref().ok_or(Wrong::Zone)?;
        let first = known.to_timestamp(begins).map_err(|_| Wrong::Begins)?.as_second();
        if first - now > WINDOW_AHEAD_SECONDS {
            return Err(Wrong::Far);
        }
        if plan.current(now).or_else(|| plan.next(now)).is_none() {
            return Err(Wrong::Over);
        }
        Ok(plan)
    }

    /// What runs at that moment; of two that overlap the later.
    #[must_use]
    pub fn current(&self, now: i64) -> Option<Span> {
        let back = if self.every.is_some() { BACK_DAYS } else { BACK_DAYS_ONCE };
        let from = self.date(now)?.checked_sub(back.days()).ok()?;
        let begun = self.spans(from, back + 1).take_while(|span| span.begins <= now);
        begun.filter(|span| now < span.ends).last()
    }

    /// What begins next after that moment; `None` for never again, or where nobody knows the zone.
    #[must_use]
    pub fn next(&self, now: i64) -> Option<Span> {
        self.spans(self.date(now)?.max(self.begins.date()), LOOK_DAYS).find(|span| span.begins > now)
    }

    /// Whether it never comes again. One whose zone nobody knows may, when somebody does.
    #[must_use]
    pub fn is_over(&self, now: i64) -> bool {
        self.zone.is_known() && self.current(now).is_none() && self.next(now).is_none()
    }

    fn date(&self, at: i64) -> Option<Date> {
        Some(self.zone.zone.as_ref()?.to_datetime(Timestamp::from_second(at).ok()?).date())
    }

    /// Those that begin on one of so many days, in order.
    fn spans(&self, from: Date, days: i32) -> impl Iterator<Item = Span> {
        let dates = (0..=days).filter_map(move |ahead| from.checked_add(ahead.days()).ok());
        dates.filter(|date| self.is_on(*date)).filter_map(|date| self.span(date))
    }

    fn is_on(&self, date: Date) -> bool {
        let first = self.begins.date();
        self.every.map_or(date == first, |every| date >= first && every.holds(date))
    }

    /// A time that the clock leaves out is as much later as the clock is set forward; one that it shows twice is the first.
    fn span(&self, date: Date) -> Option<Span> {
        let zone = self.zone.zone.as_ref()?;
        let real = |at: DateTime| zone.to_timestamp(at).ok().map(Timestamp::as_second);
        let from = date.to_datetime(self.begins.time());
        let begins = real(from)?;
        let ends = match self.lasts {
            Lasts::Minutes(minutes) => begins + i64::from(minutes) * 60,
            Lasts::To(time) => {
                let to = date.to_datetime(time);
                let to = if to > from { to } else { to.checked_add(1.day()).ok()? };
                // Where the clock leaves out the beginning, the end may come before it.
                let whole = begins + from.duration_until(to).as_secs();
                real(to).filter(|ends| *ends > begins).unwrap_or(whole)
            }
        };
        Some(Span { begins, ends })
    }
}

/// A time to the minute: nothing before, such as a sign, and nothing behind, such as a zone that would not count.
fn minute<T: std::str::FromStr>(text: &str, length: usize) -> Option<T> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || b"-T:".contains(&byte));
    text.parse().ok().filter(|_| plain)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begins = self.begins.strftime("%Y-%m-%dT%H:%M");
        match self.lasts {
            Lasts::To(to) => write!(f, "{begins} to {}", to.strftime("%H:%M"))?,
            Lasts::Minutes(minutes) => write!(f, "{begins} for {minutes} min")?,
        }
        write!(f, " {}", self.zone.name)?;
        self.every.map_or(Ok(()), |every| write!(f, ", every {every}"))
    }
}
