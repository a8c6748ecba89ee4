//! `daily 02:00`, `every 6h`, or a line as cron has it.

use std::time::Duration;

use atalaya_base::config::{Length, YEARS};
use cronexpr::{Crontab, FallbackTimezoneOption, ParseOptions};
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

/// Between two runs: at least a minute.
type Every = Length<60, YEARS>;
const FIELDS: [&str; 5] = ["minute", "hour", "day of the month", "month", "day of the week"];
/// Any time will do to see whether a calendar ever comes: 2026.
const BEFORE: Timestamp = Timestamp::constant(1_767_225_600, 0);
/// Gaps between times that are looked at: a year of a monthly calendar.
const GAPS: usize = 12;
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Calendar {
    /// From what a person wrote, at the times of `zone`.
    ///
    /// # Errors
    ///
    /// What is wrong with it and what may stand there.
    pub fn parse(text: &str, zone: &TimeZone) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let wrong = |why: String| format!("{text:?} is no calendar: {why}");
        let line = match words[..] {
            ["manual"] => return Ok(Self::Manual),
            ["every", length] => {
                let every = length.parse::<Every>().map_err(wrong)?;
                return Ok(Self::Every(every.0));
            }
            ["hourly"] => "0 * * * *".to_owned(),
            ["daily", time] => format!("{} * * *", clock(time).map_err(wrong)?),
            ["weekly", day, time] => {
                format!("{} * * {}", clock(time).map_err(wrong)?, weekday(day).map_err(wrong)?)
            }
            ["monthly", day, time] => {
                format!("{} {} * *", clock(time).map_err(wrong)?, day_of_month(day).map_err(wrong)?)
            }
            [_, _, _, _, _] => words.join(" "),
            _ => {
                return Err(format!(
                    "{text:?} is no calendar; write \"daily 02:00\", \"weekly sun 03:00\", \"monthly 1 04:00\", \"hourly\", \
                     \"every 6h\", \"manual\", or five fields as in cron"
                ));
            }
        };
        let hourly = line.split(' ').nth(1).is_some_and(|hours| hours.contains('*'));
        // A zone without a name, as a copied /etc/localtime has it, is known to its own clock only.
        // So is each one where there are no zones' files, as on OpenWrt: not even UTC can be looked up by its name there.
        let name = zone.iana_name().filter(|name| hourly && TimeZone::get(name).is_ok());
        let line = name.map_or_else(|| line.clone(), |name| format!("{line} {name}"));
        let mut options = ParseOptions::default();
        options.fallback_timezone_option = FallbackTimezoneOption::UTC;
        let cron = Box::new(cronexpr::parse_crontab_with(&line, options).map_err(|err| wrong(reason(&err, &words)))?);
        let calendar = if name.is_some() { Self::Hourly(cron) } else { Self::Daily(cron, zone.clone()) };
        match calendar.next(BEFORE, None) {
            Some(_) => Ok(calendar),
            None => Err(wrong("there is no such day in any year".into())),
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

    /// The longest time between two of its next times; `None` where it is never due by itself.
    #[must_use]
    pub fn longest(&self, after: Timestamp) -> Option<Duration> {
        if let Self::Every(length) = self {
            return Some(*length);
        }
        let mut last = self.next(after, None)?;
        let mut longest = Duration::ZERO;
        for _ in 0..GAPS {
            let next = self.next(last, None)?;
            longest = longest.max(Duration::try_from(next.duration_since(last)).unwrap_or_default());
            last = next;
        }
        Some(longest)
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

fn day_of_month(text: &str) -> Result<u8, String> {
    let day = text.parse::<u8>().ok().filter(|day| (1..=28).contains(day));
    day.ok_or_else(|| format!("{text:?} is not a day that every month has; write 1 to 28"))
}

/// What a parser shows in three lines: the expression, a caret below what is wrong, and behind it why. `words` are the
/// five that were given.
fn reason(err: &cronexpr::Error, words: &[&str]) -> String {
    let text = err.to_string();
    let mut lines = text.lines().skip(1);
    let (line, caret) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let (spaces, why) = caret.split_once("^ ").unwrap_or(("", caret));
    let field = line.get(..spaces.len()).unwrap_or_default().matches(' ').count();
    let how = "write five fields as in cron, such as \"30 2 * * 1-5\"";
    match (words.get(field), FIELDS.get(field)) {
        (Some(word), Some(name)) if why == "malformed expression" => format!("{word:?} is no {name}; {how}"),
        (Some(word), Some(name)) => format!("{word:?} is no {name}: {why}; {how}"),
        _ => format!("{why}; {how}"),
    }
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
    fn the_longest_time_between_two_times_is_known() {
        let days = |text: &str| {
            let longest = Calendar::parse(text, &madrid()).unwrap().longest(BEFORE);
            longest.map(|gap| (gap + Duration::from_secs(3601)).as_secs() / 86_400)
        };
        assert_eq!(
            (days("weekly sun 04:00"), days("monthly 1 04:00"), days("every 90d")),
            (Some(7), Some(31), Some(90))
        );
        // On the first and the second of a month: what counts is the rest of it.
        assert_eq!((days("0 4 1,2 * *"), days("manual")), (Some(30), None));
    }

    #[test]
    fn a_zone_without_a_name_has_its_own_hours_all_the_same() {
        let unnamed = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let after: Timestamp = "2026-11-21T12:30:00Z".parse().unwrap();
        for (text, expected) in [
            ("0 */6 * * *", "2026-11-21T17:00:00Z"),
            ("0 18-20 * * *", "2026-11-21T17:00:00Z"),
            ("hourly", "2026-11-21T13:00:00Z"),
        ] {
            let calendar = Calendar::parse(text, &unnamed).unwrap();
            assert_eq!(calendar.next(after, None).map(|next| next.to_string()).as_deref(), Some(expected), "{text}");
        }
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
            assert!(!err.contains('\n') && err.len() < 250 && err.starts_with(&format!("{bad:?}")), "{bad}: {err}");
        }
        let why = |text: &str| Calendar::parse(text, &TimeZone::UTC).unwrap_err();
        assert!(why("61 * * * *").contains("\"61\" is no minute: "), "{}", why("61 * * * *"));
        assert!(why("0 2 * foo *").contains("\"foo\" is no month; "), "{}", why("0 2 * foo *"));
        assert!(why("0 5-2 * * *").contains("\"5-2\" is no hour: "), "{}", why("0 5-2 * * *"));
        for never in ["0 0 31 2 *", "0 0 30 feb *"] {
            assert!(why(never).contains("no such day"), "{never}");
        }
        assert!(Calendar::parse("manual", &TimeZone::UTC).unwrap().next(Timestamp::UNIX_EPOCH, None).is_none());
    }
}
