//! Which names a store accepts.

use crate::limits::NAME_BYTES_MAX;
use crate::{Error, Kind, Result};

/// Refuses (`Kind::BadName`) what is not a relative name of plain components.
///
/// # Errors
/// `Kind::BadName`, with the name quoted so that odd bytes show.
pub fn check_name(name: &str) -> Result<()> {
    let good = name.len() <= NAME_BYTES_MAX && name.split('/').all(|part| is_component(part.as_bytes()));
    if good { Ok(()) } else { Err(Error::new(Kind::BadName, format!("not an object name: {name:?}"))) }
}

/// Refuses a listing prefix that is neither empty nor a name followed by `/`.
///
/// # Errors
/// `Kind::BadName`.
pub fn check_prefix(prefix: &str) -> Result<()> {
    if prefix.is_empty() {
        return Ok(());
    }
    match prefix.strip_suffix('/') {
        Some(folder) => check_name(folder),
        None => Err(Error::new(Kind::BadName, format!("not a listing prefix: {prefix:?}"))),
    }
}

/// One part between slashes. A leading dot is refused, so `..` is too, and a
/// backend may keep its own files under such names.
pub(crate) fn is_component(part: &[u8]) -> bool {
    part.first().is_some_and(|&first| first != b'.')
        && part.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "x".repeat(NAME_BYTES_MAX);
        for good in ["a", "data/ab/0f", "A-b_c.9", long.as_str()] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        let longer = format!("{long}x");
        for bad in ["", "/", "a/", "/a", "a//b", ".", "..", "a/../b", ".a", "a/.b", "a b", "ä", "a\0", "a\n", &longer]
        {
            assert!(check_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn prefixes() {
        for good in ["", "data/", "data/ab/"] {
            assert!(check_prefix(good).is_ok(), "{good}");
        }
        for bad in ["data", "/", "../", "data//"] {
            assert!(check_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
