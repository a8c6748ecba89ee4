//! Bytes as hexadecimal digits.

use std::fmt;

/// Shown as two small digits a byte.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The bytes that digits stand for; `None` for anything but pairs of them.
#[must_use]
pub fn unhex(digits: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let (pairs, rest) = digits.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_bytes() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(unhex(&Hex(&bytes).to_string()).as_ref(), Some(&bytes));
        assert_eq!(unhex(&Hex(&bytes).to_string().to_uppercase()), Some(bytes));
        assert_eq!(unhex(""), Some(Vec::new()));
        for bad in ["0", "000", "0g", "+1", " 1", "ñ", "ññ"] {
            assert_eq!(unhex(bad), None, "{bad}");
        }
    }
}
