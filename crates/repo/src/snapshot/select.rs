//! How a person names a snapshot: an id prefix, `latest`, or `latest/JOB`.

use std::fmt;
use std::str::FromStr;

use super::object::Info;
use crate::{Error, Kind, Result};

/// Which snapshot is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The newest.
    Latest,
    /// The newest of a job.
    LatestOf(String),
    /// The one whose id begins so (lower-case hex, at least two digits).
    Prefix(String),
}

impl FromStr for Selector {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        if let Some(job) = text.strip_prefix("latest/") {
            return Ok(Self::LatestOf(job.to_owned()));
        }
        let digits = text.to_ascii_lowercase();
        if digits.len() < 2 || digits.len() > 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::new(
                Kind::Usage,
                format!("\"{text}\" names no snapshot: give \"latest\", \"latest/JOB\" or the first digits of an id"),
            ));
        }
        Ok(Self::Prefix(digits))
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::LatestOf(job) => write!(f, "latest/{job}"),
            Self::Prefix(digits) => f.write_str(digits),
        }
    }
}

impl Selector {
    /// The snapshot meant, out of `all` (oldest first).
    ///
    /// # Errors
    /// When there is none, or several ids begin so.
    pub fn choose<'a>(&self, all: &'a [Info]) -> Result<&'a Info> {
        let none = || Error::new(Kind::NotFound, format!("no snapshot {self}; \"atalaya-agent snapshots\" lists them"));
        match self {
            Self::Latest => all.last().ok_or_else(none),
            Self::LatestOf(job) => all.iter().rev().find(|info| info.catalogue.job == *job).ok_or_else(none),
            Self::Prefix(digits) => {
                let mut found = all.iter().filter(|info| begins(&info.id, digits));
                let first = found.next().ok_or_else(none)?;
                if found.next().is_some() {
                    return Err(Error::new(
                        Kind::Usage,
                        format!("{digits} begins several snapshots' ids; give more digits"),
                    ));
                }
                Ok(first)
            }
        }
    }
}

/// Whether `id` in hex begins with `digits`; asked of each of ten thousand for each of as many.
fn begins(id: &[u8], digits: &str) -> bool {
    let halves = id.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.len() <= id.len() * 2
        && digits.chars().zip(halves).all(|(digit, half)| digit.to_digit(16) == Some(half.into()))
}
