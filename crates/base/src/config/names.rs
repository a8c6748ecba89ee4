//! Names that people give, and time zones.

use std::str::FromStr;

use jiff::tz::TimeZone;

use super::read_from_text;

/// More than anybody reads.
const NAME_BYTES_MAX: usize = 128;

/// What people call something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(pub String);

impl FromStr for Shown {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = !text.trim().is_empty() && text.len() <= NAME_BYTES_MAX && !text.chars().any(char::is_control);
        let wrong = || format!("{text:?} is no name; write 1 to {NAME_BYTES_MAX} bytes that can be shown");
        fits.then(|| Self(text.to_owned())).ok_or_else(wrong)
    }
}

/// A time zone that is known here.
#[derive(Clone, Debug)]
pub struct Zone(pub TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time zone known here; write one such as Europe/Madrid or UTC");
        crate::zone::named(text).map(Self).ok_or_else(wrong)
    }
}

read_from_text!(Shown, "a name");
read_from_text!(Zone, "a time zone such as \"Europe/Madrid\"");
