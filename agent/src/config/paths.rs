//! Folders that mean something to a backup, and paths of probes.

use std::path::Path;
use std::str::FromStr;

use atalaya_base::config::{Place, places, read_from_text};
use atalaya_store::StoreUrl;
use serde::Deserialize;

/// Where a repository is; a folder by its absolute path.
#[derive(Clone, Debug)]
pub(super) struct Repo(pub(super) StoreUrl);

impl Repo {
    /// Whether one of the two lies in the other: that would be forgotten, and one be taken for a part of the other.
    pub(super) fn overlaps(&self, folder: &Path) -> bool {
        self.0.folder().is_some_and(|own| own.starts_with(folder) || folder.starts_with(own))
    }

    /// Whether `path` is a part of it.
    pub(super) fn holds(&self, path: &Path) -> bool {
        self.0.folder().is_some_and(|own| path.starts_with(own))
    }
}

impl FromStr for Repo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("it names the folder of the repository, such as /mnt/backup/nas".into());
        }
        match StoreUrl::parse(text.as_ref())? {
            StoreUrl::Folder(_) => text.parse().map(|place: Place| Self(StoreUrl::Folder(place.0))),
            url => Ok(Self(url)),
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

/// For a list of paths in a probe's section, where the probe moves them below its root.
pub(crate) fn place_names<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(places(from)?.iter().map(|place| place.display().to_string()).collect())
}

read_from_text!(Repo, "the absolute path of the repository's folder, or its URL");
