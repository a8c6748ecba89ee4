//! Times as services write them.

use atalaya_renew::limits::short;
use jiff::Timestamp;

/// Seconds since 1970 of a time with its zone (RFC 3339), such as `2027-03-01T10:00:00.000Z`.
///
/// # Errors
///
/// That it is none, in one line.
pub(crate) fn seconds(text: &str) -> Result<i64, String> {
    text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|_| format!("{:?} is no time", short(text)))
}

/// As services read it.
pub(crate) fn written(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_whatever_their_fractions_and_zones() {
        for text in ["2027-03-01T10:00:00.000Z", "2027-03-01T10:00:00Z", "2027-03-01T12:00:00.999+02:00"] {
            assert_eq!(seconds(text), Ok(1_803_895_200), "{text}");
        }
        for bad in ["", "2027-03-01", "soon", "2027-03-01T10:00:00", "2027-13-01T10:00:00Z"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
        assert_eq!(written(1_803_895_200), "2027-03-01T10:00:00Z");
    }
}
