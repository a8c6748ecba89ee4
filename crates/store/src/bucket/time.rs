//! The time as requests are signed with it.

use std::time::{SystemTime, UNIX_EPOCH};

pub(super) const DAY: u64 = 86_400;

/// `20130524T000000Z`: the time in UTC, whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    #[cfg_attr(not(feature = "cloud"), allow(dead_code))]
    seconds: u64,
    text: String,
}

impl Stamp {
    /// By this machine's clock.
    pub(super) fn now() -> Self {
        Self::of(seconds())
    }

    /// Of seconds since 1970.
    pub(super) fn of(seconds: u64) -> Self {
        let (year, month, day) = date(seconds / DAY);
        let rest = seconds % DAY;
        let text = format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3600, rest / 60 % 60, rest % 60);
        Self { seconds, text }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// `Fri, 24 May 2013 00:00:00 GMT` (RFC 9110, 5.6.7).
    #[cfg(feature = "cloud")]
    pub(super) fn for_people(&self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day) = date(self.seconds / DAY);
        let (weekday, month) = (DAYS[(self.seconds / DAY % 7) as usize], MONTHS[(month - 1) as usize]);
        let rest = self.seconds % DAY;
        format!("{weekday}, {day:02} {month} {year:04} {:02}:{:02}:{:02} GMT", rest / 3600, rest / 60 % 60, rest % 60)
    }

    /// `2013-05-24T00:00:00Z`
    pub(super) fn with_signs(&self) -> String {
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), part(13, 15))
    }

    /// `20130524`
    pub(super) fn day(&self) -> &str {
        &self.text[..self.text.len() - 8]
    }
}

/// Seconds since 1970, by this machine's clock.
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Year, month and day of a day counted from 1970, by eras of 400 years whose years begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, expected) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (1_735_689_599, "20241231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(Stamp::of(seconds).as_str(), expected);
        }
        assert_eq!(Stamp::of(1_369_353_600).day(), "20130524");
        assert_eq!(Stamp::of(951_782_399).with_signs(), "2000-02-28T23:59:59Z");
        #[cfg(feature = "cloud")]
        assert_eq!(Stamp::of(1_369_353_600).for_people(), "Fri, 24 May 2013 00:00:00 GMT");
    }
}
