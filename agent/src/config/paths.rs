//! Files and folders. The daemon is started in a folder that nobody chose, so that all of them are absolute.

use std::path::{Path, PathBuf};
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
            return Err(format!("{text:?} is no absolute path, and the agent has no folder to be relative to; {hint}"));
        }
        Ok(Self(text.into()))
    }
}

/// The folder of a repository.
#[derive(Clone, Debug)]
pub(super) struct Repo(pub(super) Place);

impl Repo {
    /// Whether one of the two lies in the other: that would be forgotten, and one be taken for a part of the other.
    pub(super) fn overlaps(&self, folder: &Path) -> bool {
        let own = &self.0.0;
        own.starts_with(folder) || folder.starts_with(own)
    }
}

impl FromStr for Repo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some((scheme, _)) if !text.starts_with('/') => Err(format!(
                "this version knows no {scheme:?} stores; name the repository's folder, on a disk or share that is mounted"
            )),
            _ if text.is_empty() => Err("it names the folder of the repository, such as /mnt/backup/nas".into()),
            _ => text.parse().map(Self),
        }
    }
}

/// What is backed up.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Vec<Place>")]
pub(super) struct Sources(pub(super) Vec<Place>);

impl TryFrom<Vec<Place>> for Sources {
    type Error = &'static str;

    fn try_from(places: Vec<Place>) -> Result<Self, Self::Error> {
        if places.is_empty() { Err("there is nothing to back up; name at least one folder") } else { Ok(Self(places)) }
    }
}

/// For one in a probe's section.
pub(crate) fn place<'de, D: serde::Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    Place::deserialize(from).map(|place| place.0)
}

/// For a list of them in a probe's section.
pub(crate) fn places<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
    Ok(Vec::<Place>::deserialize(from)?.into_iter().map(|place| place.0).collect())
}

/// The same where a probe moves them below its root.
pub(crate) fn place_names<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(places(from)?.iter().map(|place| place.display().to_string()).collect())
}

read_from_text!(Place, "an absolute path");
read_from_text!(Repo, "the absolute path of the repository's folder");
