//! Lengths of time as people write them: `36h`, `30d`, `6w`, `12m`, `2y`.

/// Seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) i64);

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let why =
            || "give a number with h, d, w, m or y for hours, days, weeks, months or years, such as 30d".to_owned();
        let number = text.strip_suffix(['h', 'd', 'w', 'm', 'y']).ok_or_else(why)?;
        let unit = match text.as_bytes().last() {
            Some(b'h') => 3600,
            Some(b'd') => 86_400,
            Some(b'w') => 7 * 86_400,
            // The longest there is: what somebody must keep for a month is kept for all of it.
            Some(b'm') => 31 * 86_400,
            _ => 366 * 86_400,
        };
        number.parse::<u32>().map(|number| Self(i64::from(number) * unit)).map_err(|_| why())
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    #[test]
    fn spans() {
        for (text, days) in [("0d", 0), ("48h", 2), ("30d", 30), ("2w", 14), ("1m", 31), ("1y", 366)] {
            assert_eq!(text.parse(), Ok(Span(days * 86_400)), "{text}");
        }
        for text in ["", "d", "30", "-1d", "1.5d", "30 days", "99999999999d"] {
            assert!(text.parse::<Span>().is_err(), "{text}");
        }
    }
}
