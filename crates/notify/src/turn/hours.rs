//! Quiet hours: when a set's channels may be heard. What is critical is always heard.

use atalaya_alert::Wall;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::limits::SPANS_MAX;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MINUTES: u16 = 24 * 60;

/// Spans of a week, in a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    spans: Vec<Span>,
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    days: [bool; 7],
    /// Minutes of the day.
    from: u16,
    /// The same; beyond a day's for what ends on the next one.
    until: u16,
}

impl Hours {
    /// From a text such as `mon-fri 08:00-20:00, sat 22:00-02:00`. A span that ends before it begins ends on the next day.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn new(text: &str, zone: TimeZone) -> Result<Self, String> {
        let wrong =
            |part: &str| format!("{part:?} is no span of hours; write \"mon-fri 08:00-20:00\", several with commas");
        let spans = text.split(',').map(|part| span(part.trim()).ok_or_else(|| wrong(part.trim())));
        let spans = spans.take(SPANS_MAX + 1).collect::<Result<Vec<_>, _>>()?;
        if spans.len() > SPANS_MAX {
            return Err(format!("there are more than {SPANS_MAX} spans of hours"));
        }
        Ok(Self { spans, zone })
    }

    /// Since `now` if it may be heard, or from when on. A time that no calendar has is no quiet hour.
    #[must_use]
    pub fn opens(&self, now: Wall) -> Wall {
        let Ok(at) = Timestamp::from_second(now.0) else { return now };
        let local = at.to_zoned(self.zone.clone());
        let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or_default();
        let today = weekday(local.date());
        let open = |span: &Span| {
            (span.on(today) && (span.from..span.until).contains(&minute))
                || (span.on(today + 6) && minute + DAY_MINUTES < span.until)
        };
        if self.spans.iter().any(open) {
            return now;
        }
        let starts = (0..=7).filter_map(|ahead| local.date().checked_add(ahead.days()).ok());
        let starts = starts.flat_map(|date| self.spans.iter().filter_map(move |span| self.start(span, date)));
        starts.filter(|start| *start > now).min().unwrap_or(now)
    }

    fn start(&self, span: &Span, date: Date) -> Option<Wall> {
        let (hour, minute) = (i8::try_from(span.from / 60).ok()?, i8::try_from(span.from % 60).ok()?);
        let at = date.to_datetime(Time::new(hour, minute, 0, 0).ok()?).to_zoned(self.zone.clone()).ok()?;
        span.on(weekday(date)).then(|| Wall(at.timestamp().as_second()))
    }
}

impl Span {
    fn on(&self, day: usize) -> bool {
        self.days.get(day % 7).copied().unwrap_or_default()
    }
}

fn weekday(date: Date) -> usize {
    usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or_default()
}

fn span(text: &str) -> Option<Span> {
    let (days, times) = text.split_once(' ')?;
    let day = |name: &str| DAYS.iter().position(|day| *day == name);
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let (first, last) = (day(first)?, day(last)?);
    let count = (last + 7 - first) % 7;
    let mut on = [false; 7];
    (first..=first + count).for_each(|day| on.iter_mut().skip(day % 7).take(1).for_each(|day| *day = true));
    let (from, until) = times.trim_start().split_once('-')?;
    let (from, until) = (minutes(from)?, minutes(until)?);
    let until = if until < from { until + DAY_MINUTES } else { until };
    (from < until && from < DAY_MINUTES).then_some(Span { days: on, from, until })
}

/// `24:00` is the end of a day.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |text: &str, most: u16| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u16>().ok().filter(|number| digits && *number <= most)
    };
    let minutes = number(hour, 24)? * 60 + number(minute, 59)?;
    (minutes <= DAY_MINUTES).then_some(minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn madrid() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    #[test]
    fn it_opens_when_the_next_span_begins() {
        let hours = Hours::new("mon-fri 08:00-20:00, sat 22:00-02:00", madrid()).unwrap();
        for (now, opens) in [
            ("2026-11-20T08:00", "2026-11-20T08:00"),
            ("2026-11-20T19:59", "2026-11-20T19:59"),
            ("2026-11-20T20:00", "2026-11-21T22:00"),
            ("2026-11-21T23:30", "2026-11-21T23:30"),
            ("2026-11-22T01:59", "2026-11-22T01:59"),
            ("2026-11-22T02:00", "2026-11-23T08:00"),
            ("2026-11-23T07:59", "2026-11-23T08:00"),
            // The clocks go back on the Sunday between.
            ("2026-10-24T20:00", "2026-10-24T22:00"),
            ("2026-10-25T12:00", "2026-10-26T08:00"),
        ] {
            let wall = |text: &str| {
                let at: jiff::civil::DateTime = text.parse().unwrap();
                Wall(at.to_zoned(madrid()).unwrap().timestamp().as_second())
            };
            assert_eq!(hours.opens(wall(now)), wall(opens), "{now}");
        }
    }

    #[test]
    fn a_clock_that_knows_no_date_keeps_nothing_back() {
        let hours = Hours::new("mon 08:00-20:00", madrid()).unwrap();
        assert_eq!(hours.opens(Wall(i64::MAX)), Wall(i64::MAX));
    }

    #[test]
    fn spans_are_checked() {
        for good in ["mon 00:00-24:00", "fri-mon 22:00-06:00", "sun 08:00-20:00,mon 08:00-09:00"] {
            assert!(Hours::new(good, madrid()).is_ok(), "{good}");
        }
        let many = vec!["mon 08:00-09:00"; 15].join(",");
        for bad in [
            "",
            "mon",
            "mon 8:00-20:00",
            "lun 08:00-20:00",
            "mon 08:00-08:00",
            "mon 24:00-08:00",
            "mon 08:60-09:00",
            "mon 08:00-24:01",
            "mon-fri",
            "mon 08:00",
            many.as_str(),
        ] {
            assert!(Hours::new(bad, madrid()).is_err(), "{bad}");
        }
    }
}
