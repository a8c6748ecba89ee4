//! `daily 02:00`, `every 6h`, or a line as cron has it.

use std::time::Duration;

use cronexpr::Crontab;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When something is due.
#[derive(Clone, Debug)]
pub enum Calendar {
    /// Never by itself.
    Manual,
    /// So long after it last began.
    Every(Duration),
    /// At these times of the local clock: once, also on days when it is set back over them or forward past them.
    Daily(Box<Crontab>, TimeZone),
    /// Several times a day: by the hours that really pass.
    Hourly(Box<Crontab>),
}

/// The shortest time between two runs that anybody means.
const EVERY_MIN: Duration = Duration::from_secs(60);
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Calendar {
    /// From what a person wrote, at the times of `zone`.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what may stand there.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let line = match words[..] {
            ["manual"] => return Ok(Self::Manual),
            ["every", length] => {
                let length = crate::config::duration(length)?;
                if length < EVERY_MIN {
                    return Err(format!("{text:?} is more often than once a minute"));
                }
                return Ok(Self::Every(length));
            }
            ["hourly"] => "0 * * * *".to_owned(),
            ["daily", time] => format!("{} * * *", clock(time)?),
            ["weekly", day, time] => format!("{} * * {}", clock(time)?, weekday(day)?),
            ["monthly", day, time] => match day.parse::<u8>() {
                Ok(day @ 1..=28) => format!("{} {day} * *", clock(time)?),
                _ => return Err(format!("{day:?} is not a day that every month has: 1 to 28")),
            },
            [_, _, _, _, _] => words.join(" "),
            _ => {
                return Err(format!(
                    "{text:?} is no calendar; write \"daily 02:00\", \"weekly sun 03:00\", \"monthly 1 04:00\", \"hourly\", \
                     \"every 6h\", \"manual\", or five fields as in cron"
                ));
            }
        };
        let hourly = line.split(' ').nth(1).is_some_and(|hours| hours.contains('*'));
        let name = if hourly { zone.iana_name().unwrap_or("UTC") } else { "UTC" };
        match cronexpr::parse_crontab(&format!("{line} {name}")) {
            Ok(cron) if hourly => Ok(Self::Hourly(Box::new(cron))),
            Ok(cron) => Ok(Self::Daily(Box::new(cron), zone.clone())),
            Err(err) => Err(format!("{text:?} is no calendar: {}", first_line(&err.to_string()))),
        }
    }

    /// The first time after `after`; `None` for never. `began` is when it last began, if it ever did.
    #[must_use]
    pub fn next(&self, after: Timestamp, began: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Manual => None,
            Self::Every(length) => Some(began.map_or(after, |began| began + *length)),
            Self::Hourly(cron) => find(cron, after),
            Self::Daily(cron, zone) => {
                // The times are looked up as if the local clock were never set, and then put on the real one.
                let mut local = zone.to_datetime(after).to_zoned(TimeZone::UTC).ok()?.timestamp();
                loop {
                    local = find(cron, local)?;
                    let next = zone.to_timestamp(TimeZone::UTC.to_datetime(local)).ok()?;
                    if next > after {
                        return Some(next);
                    }
                }
            }
        }
    }
}

fn find(cron: &Crontab, after: Timestamp) -> Option<Timestamp> {
    let next = cron.find_next(after.to_string().as_str()).ok()?;
    Some(next.timestamp())
}

/// `02:00` as the first two fields of cron.
fn clock(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is no time of day; write it as 02:00");
    let (hour, minute) = text.split_once(':').ok_or_else(wrong)?;
    match (hour.parse::<u8>(), minute.parse::<u8>()) {
        (Ok(hour @ 0..24), Ok(minute @ 0..60)) if text.len() <= 5 => Ok(format!("{minute} {hour}")),
        _ => Err(wrong()),
    }
}

fn weekday(text: &str) -> Result<usize, String> {
    let wanted = text.to_ascii_lowercase();
    DAYS.iter()
        .position(|day| wanted.len() >= 3 && wanted.starts_with(day))
        .ok_or_else(|| format!("{text:?} is no day; write one of {}", DAYS.join(" ")))
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn madrid() -> TimeZone {
        TimeZone::get("Europe/Madrid").unwrap()
    }

    #[track_caller]
    fn check(text: &str, after: &str, expected: &str) {
        let calendar = Calendar::parse(text, &madrid()).unwrap();
        let after: Timestamp = after.parse().unwrap();
        let next = calendar.next(after, Some(after)).map(|next| next.to_string());
        assert_eq!(next.as_deref(), Some(expected), "{text}");
    }

    #[test]
    fn calendars_are_as_people_mean_them() {
        check("daily 02:00", "2026-11-21T12:00:00Z", "2026-11-22T01:00:00Z");
        check("weekly sunday 03:30", "2026-11-21T12:00:00Z", "2026-11-22T02:30:00Z");
        check("monthly 1 04:00", "2026-11-21T12:00:00Z", "2026-12-01T03:00:00Z");
        check("hourly", "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z");
        check("every 6h", "2026-11-21T12:10:00Z", "2026-11-21T18:10:00Z");
        check("*/15 * * * *", "2026-11-21T12:10:00Z", "2026-11-21T12:15:00Z");
        check("0 2 * * 1-5", "2026-11-21T12:00:00Z", "2026-11-23T01:00:00Z");
    }

    #[test]
    fn a_time_that_a_change_of_clocks_leaves_out_or_repeats_is_one_run() {
        // 02:30 does not exist on 29 March 2026; it is there twice on 25 October.
        check("daily 02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z");
        check("daily 02:30", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z");
        check("daily 02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z");
        check("daily 02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z");
        check("daily 02:30", "2026-10-25T01:15:00Z", "2026-10-26T01:30:00Z");
        check("30 * * * *", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z");
    }

    #[test]
    fn what_is_no_calendar_says_what_is() {
        for bad in [
            "",
            "daily",
            "daily 25:00",
            "weekly x 02:00",
            "monthly 31 02:00",
            "every 5",
            "every 1s",
            "61 * * * *",
            "a b c d e",
        ] {
            let err = Calendar::parse(bad, &TimeZone::UTC).unwrap_err();
            assert!(!err.contains('\n') && err.len() < 250, "{bad}: {err}");
        }
        assert!(Calendar::parse("manual", &TimeZone::UTC).unwrap().next(Timestamp::UNIX_EPOCH, None).is_none());
    }
}
