//! Numbers of bytes such as `32M`, in the configuration and on the command line.

use std::str::FromStr;

use super::read_from_text;

/// Bytes, or with K, M, G or T (of 1,024).
///
/// # Errors
///
/// What may stand there.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let why = || "give a number of bytes, or one with K, M, G or T, such as 32M".to_owned();
    let trimmed = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[trimmed.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        "T" | "TB" | "TIB" => 40,
        _ => return Err(why()),
    };
    let number: u64 = trimmed.parse().map_err(|_| why())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than any disk holds".to_owned())
}

/// Bytes, however many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_size(text).map(Self).map_err(|why| format!("{text:?} is no size; {why}"))
    }
}

/// Bytes of something that is limited: not nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit(pub u64);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<Size>()?.0 {
            0 => Err(format!("{text:?} lets nothing through; leave it out for no limit")),
            bytes => Ok(Self(bytes)),
        }
    }
}

read_from_text!(Size, "a size such as \"2M\"");
read_from_text!(Limit, "a size such as \"2M\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in() {
        for (text, bytes) in
            [("0", 0), ("512", 512), ("32M", 32 << 20), ("1g", 1 << 30), ("2KiB", 2048), ("1T", 1 << 40)]
        {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
        for bad in ["", "M", "-1", "1.5G", "1X", "99999999999T", "1 M", "0x10"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_limit_is_not_nothing() {
        assert_eq!("2K".parse(), Ok(Limit(2048)));
        assert!("0".parse::<Limit>().unwrap_err().contains("lets nothing through"));
        assert!("lots".parse::<Limit>().unwrap_err().contains("\"lots\" is no size"));
    }
}
