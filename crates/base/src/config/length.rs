//! Lengths of time such as `90s`, `15m`, `6h`, `7d`.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// Seconds of a day.
pub const DAY: u64 = 86_400;
/// Seconds of ten years: more than anybody means, and far from where calendars end.
pub const YEARS: u64 = 3650 * DAY;
const UNITS: [(&str, u64); 4] = [("d", DAY), ("h", 3600), ("m", 60), ("s", 1)];

/// A length of at least `MIN` and at most `MAX` seconds.
#[derive(Clone, Copy, Debug)]
pub struct Length<const MIN: u64, const MAX: u64>(pub Duration);

impl<const MIN: u64, const MAX: u64> FromStr for Length<MIN, MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no length of time; write 90s, 15m, 6h or 7d");
        let unit = UNITS.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, *seconds)));
        let (number, unit) = unit.ok_or_else(wrong)?;
        // A sign is no digit, and what is too large for 32 bits is too long.
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let seconds = number.parse().unwrap_or(u64::from(u32::MAX)).saturating_mul(unit);
        match seconds {
            _ if seconds < MIN => Err(format!("{text:?} is too short; at least {}", shown(MIN))),
            _ if seconds > MAX => Err(format!("{text:?} is too long; at most {}", shown(MAX))),
            seconds => Ok(Self(Duration::from_secs(seconds))),
        }
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Length<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::read_text(from, "a length of time such as \"90s\", \"15m\", \"6h\" or \"7d\"")
    }
}

fn shown(seconds: u64) -> String {
    let whole = UNITS.iter().find(|(_, unit)| seconds >= *unit && seconds.is_multiple_of(*unit));
    whole.map_or_else(|| "0s".into(), |(name, unit)| format!("{}{name}", seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_a_unit_and_bounds() {
        let seconds = |text: &str| text.parse::<Length<5, DAY>>().map(|length| length.0.as_secs());
        assert_eq!([seconds("5s"), seconds("15m"), seconds("1d")], [Ok(5), Ok(900), Ok(DAY)]);
        for bad in ["", "s", "5", "-5s", "+5s", "5 s", "1.5h", "5w", "5é"] {
            assert!(seconds(bad).unwrap_err().contains("is no length of time"), "{bad}");
        }
        assert!(seconds("0s").unwrap_err().contains("at least 5s"));
        for long in ["25h", "99999999999999999999999d"] {
            assert!(seconds(long).unwrap_err().contains("at most 1d"), "{long}");
        }
    }
}
