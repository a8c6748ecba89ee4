//! How much memory a backup may have.

use std::str::FromStr;

use atalaya_base::config::{Size, read_from_text};
use atalaya_repo::Budget;

/// Of memory: enough for a backup.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory(pub(super) u64);

impl FromStr for Memory {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = text.parse::<Size>()?.0;
        let divided = Budget::divide(usize::try_from(bytes).unwrap_or(usize::MAX));
        // It speaks of the option that a backup would be given.
        let why = |err: atalaya_repo::Error| format!("{text:?} {}", err.text.trim_start_matches("--memory-max "));
        divided.map(|_| Self(bytes)).map_err(why)
    }
}

read_from_text!(Memory, "a size such as \"32M\"");
