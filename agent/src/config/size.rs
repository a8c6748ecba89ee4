//! Numbers of bytes such as `32M`, in the configuration and on the command line.

use std::str::FromStr;

use atalaya_repo::Budget;

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

/// Of something that is limited: not nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit(pub(super) u64);

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match size(text)? {
            0 => Err(format!("{text:?} lets nothing through; leave it out for no limit")),
            bytes => Ok(Self(bytes)),
        }
    }
}

/// Of memory: enough for a backup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory(pub(super) u64);

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = size(text)?;
        let divided = Budget::divide(usize::try_from(bytes).unwrap_or(usize::MAX));
        // It speaks of the option that a backup would be given.
        let why = |err: atalaya_repo::Error| format!("{text:?} {}", err.text.trim_start_matches("--memory-max "));
        divided.map(|_| Self(bytes)).map_err(why)
    }
}

fn size(text: &str) -> Result<u64, String> {
    parse_size(text).map_err(|why| format!("{text:?} is no size; {why}"))
}

read_from_text!(Limit, "a size such as \"2M\"");
read_from_text!(Memory, "a size such as \"32M\"");
