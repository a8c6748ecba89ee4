//! Files and folders. A service is started in a folder that nobody chose, so that all of them are absolute.

use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use super::read_from_text;

/// An absolute path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub PathBuf);

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err(format!("{text:?} has a NUL, which no path holds"));
        }
        if !text.starts_with('/') {
            let hint = "write it from the root on, such as /srv/photos";
            return Err(format!("{text:?} is no absolute path, and a service has no folder to be relative to; {hint}"));
        }
        Ok(Self(text.into()))
    }
}

/// One of them, for a field that is a plain path: `#[serde(deserialize_with = "place")]`.
///
/// # Errors
///
/// Of the parser, saying what may stand there.
pub fn place<'de, D: serde::Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    Place::deserialize(from).map(|place| place.0)
}

/// A list of them, for a field that is a list of plain paths.
///
/// # Errors
///
/// As [`place`].
pub fn places<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(Vec::<Place>::deserialize(from)?.into_iter().map(|place| place.0).collect())
}

read_from_text!(Place, "an absolute path");
