//! The time as requests are signed with it.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// `20130524T000000Z`: the time in UTC, whole seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp(String);

impl Stamp {
    /// By this machine's clock.
    pub(super) fn now() -> Self {
        Self::of(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    /// Of seconds since 1970.
    pub(super) fn of(seconds: u64) -> Self {
        let (year, month, day) = date(seconds / DAY);
        let rest = seconds % DAY;
        Self(format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", rest / 3600, rest / 60 % 60, rest % 60))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// `20130524`
    pub(super) fn day(&self) -> &str {
        &self.0[..self.0.len() - 8]
    }
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
    }
}
