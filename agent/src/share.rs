//! How much of what is stored a check reads: `5%`, `20G`, `2h`.

use std::str::FromStr;
use std::time::Duration;

use atalaya_base::config::{Length, YEARS, parse_size};

/// As it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Share {
    /// Of all bytes, 0 to 100.
    Percent(f64),
    /// In bytes.
    Bytes(u64),
    /// As much as can be read in that time.
    Time(Duration),
}

impl FromStr for Share {
    type Err = String;

    /// `m` are minutes, `M` are MiB.
    fn from_str(text: &str) -> Result<Self, String> {
        let why = || "give a share from 0% to 100%, a size such as 20G, or a time such as 30m or 2h".to_owned();
        let share = text.strip_suffix('%').unwrap_or(text);
        if let Ok(percent) = share.parse::<f64>() {
            return Some(percent).filter(|percent| (0.0..=100.0).contains(percent)).map(Self::Percent).ok_or_else(why);
        }
        if text.ends_with(['s', 'm', 'h', 'd']) {
            return text.parse::<Length<1, YEARS>>().map(|time| Self::Time(time.0));
        }
        parse_size(text).map(Self::Bytes).map_err(|_| why())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_sizes_and_times() {
        let parsed = |text: &str| text.parse::<Share>();
        assert_eq!(parsed("5%"), Ok(Share::Percent(5.0)));
        assert_eq!(parsed("0.5"), Ok(Share::Percent(0.5)));
        assert_eq!(parsed("20G"), Ok(Share::Bytes(20 << 30)));
        assert_eq!(parsed("30m"), Ok(Share::Time(Duration::from_secs(1800))));
        assert_eq!(parsed("30M"), Ok(Share::Bytes(30 << 20)));
        for bad in ["", "%", "101%", "-1%", "x", "NaN", "5w", "1.5G", "0s"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
