//! Hours of the day in which a job may begin.

use std::str::FromStr;

use atalaya_base::config::read_from_text;
use jiff::civil::Time;

/// From one time of day to another, over midnight too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    from: Time,
    to: Time,
}

/// From `22:00-06:00`.
impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| text.trim().parse::<Time>().ok();
        let both = text.split_once('-').and_then(|(from, to)| Some((time(from)?, time(to)?)));
        match both {
            Some((from, to)) if from != to => Ok(Self { from, to }),
            _ => Err(format!("{text:?} is no window; write it as 22:00-06:00")),
        }
    }
}

read_from_text!(Window, "hours of the day such as \"22:00-06:00\"");

impl Window {
    /// Whether `time` lies in it. The end does not.
    #[must_use]
    pub fn holds(&self, time: Time) -> bool {
        if self.from < self.to { self.from <= time && time < self.to } else { time >= self.from || time < self.to }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_go_over_midnight() {
        let check = |window: &str, time: &str| window.parse::<Window>().unwrap().holds(time.parse().unwrap());
        assert!(check("22:00-06:00", "23:00") && check("22:00-06:00", "05:59") && !check("22:00-06:00", "06:00"));
        assert!(check("08:00-12:00", "08:00") && !check("08:00-12:00", "12:00"));
        for bad in ["", "22:00", "22:00-22:00", "a-b"] {
            assert!(bad.parse::<Window>().is_err(), "{bad}");
        }
    }
}
