//! Spans of time as people write them: `90s`, `10m`, `4h`, `7d`.

/// Seconds.
///
/// # Errors
///
/// If the text is not a whole number and one of `s`, `m`, `h`, `d`, or is more than ten years.
pub fn seconds(text: &str) -> Result<u64, String> {
    let what = || format!("{text:?} is no span of time; write it as 90s, 10m, 4h or 7d");
    let unit = match text.chars().last().ok_or_else(what)? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(what()),
    };
    let digits = text.get(..text.len() - 1).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()));
    let number: u64 = digits.and_then(|digits| digits.parse().ok()).ok_or_else(what)?;
    let whole = number.checked_mul(unit).filter(|seconds| *seconds <= 3_653 * 86_400);
    whole.ok_or_else(|| format!("{text:?} is more than ten years"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expected) in [("0s", Some(0)), ("90s", Some(90)), ("10m", Some(600)), ("7d", Some(604_800))] {
            assert_eq!(seconds(text).ok(), expected, "{text}");
        }
        for text in ["", "s", "10", "-1s", "+1s", "1.5h", "10 m", "99999d", "99999999999999999999s", "1ñ"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
