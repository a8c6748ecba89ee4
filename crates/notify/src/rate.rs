//! How often a channel may send.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error};

/// So many in a span of time: as many at once, and then one whenever the span's share of it has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At once; 1 at least.
    pub burst: u32,
    /// Until the next one, once those are used.
    pub every: Duration,
}

impl Rate {
    /// One whenever `every` has passed, `burst` at once.
    #[must_use]
    pub const fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every }
    }
}

impl FromStr for Rate {
    type Err = &'static str;

    /// `10/1m`: ten at once, ten a minute.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a rate is a number and a span, such as \"10/1m\", \"1/5s\" or \"100/1h\"";
        let (burst, span) = text.split_once('/').ok_or(wrong)?;
        let units = [('s', 1), ('m', 60), ('h', 3_600)];
        let unit = units.iter().find_map(|(unit, seconds)| Some((span.strip_suffix(*unit)?, *seconds)));
        let (span, unit) = unit.ok_or(wrong)?;
        let number = |text: &str, most: u64| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u64>().ok().filter(|number| digits && (1..=most).contains(number)).ok_or(wrong)
        };
        let (burst, span) = (number(burst, 1_000)?, number(span, 3_600)? * unit);
        // A day for each is slower than anything that is told in time.
        if span > 86_400 * burst {
            return Err(wrong);
        }
        let burst = u32::try_from(burst).map_err(|_| wrong)?;
        Ok(Self { burst, every: Duration::from_secs(span) / burst })
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_a_number_and_a_span() {
        let rate = |text: &str| text.parse::<Rate>().map(|rate| (rate.burst, rate.every.as_millis()));
        assert_eq!((rate("10/1m"), rate("1/5s"), rate("3/2h")), (Ok((10, 6_000)), Ok((1, 5_000)), Ok((3, 2_400_000))));
        for bad in ["", "10", "0/1m", "10/0s", "10/m", "-1/1s", "10/1d", "1/3600h", "1001/1s", "1 / 1s", "+1/1s"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
