//! Days as a person writes them in a configuration.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, de::Error};
use toml::value::Datetime;

/// The beginning of a day in UTC, in seconds since 1970: written `2027-03-01`, with quotes or without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Day(pub(crate) i64);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Date(Datetime),
    Text(String),
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("write a day as 2027-03-01");
        let text = match Written::deserialize(from).map_err(|_| wrong())? {
            Written::Date(date) => date.to_string(),
            Written::Text(text) => text,
        };
        let date: Date = if text.len() == 10 { text.parse().map_err(|_| wrong())? } else { return Err(wrong()) };
        let start = date.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
        Ok(Self(start.timestamp().as_second()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_with_quotes_or_without() {
        #[derive(Deserialize)]
        struct File {
            day: Day,
        }
        let day = |text: &str| toml::from_str::<File>(&format!("day = {text}")).map(|file| file.day.0);
        for text in ["2027-03-01", "'2027-03-01'"] {
            assert_eq!(day(text).unwrap(), 1_803_859_200);
        }
        for bad in ["'2027-02-30'", "'soon'", "7", "2027-03-01T10:00:00Z", "10:00:00", "true"] {
            assert!(day(bad).unwrap_err().to_string().contains("2027-03-01"), "{bad}");
        }
    }
}
