//! Names that a client says, and the folders that they lead to: never out of the one that is served, and never through a
//! link.

use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags, openat};
use rustix::io::retry_on_intr;

use super::limits::{SERVE_DEPTH_MAX, SERVE_PATH_BYTES_MAX};
use super::reply::{FAILURE, PERMISSION_DENIED, Refusal};
use super::scratch::SCRATCH;
use crate::name::is_component;

/// Where files are that have no name yet, and how they are called there; as clients of this program do it.
const UNFINISHED: &str = ".tmp";
const PUT: &str = "put-";

/// A path below the folder that is served, in plain components; none is that folder itself. What is absolute begins there,
/// too: to a client it is all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Name(Vec<String>);

impl Name {
    /// # Errors
    /// It leads upwards, or has parts that no object and no folder of one has.
    pub(super) fn parse(path: &[u8]) -> Result<Self, Refusal> {
        if path.len() > SERVE_PATH_BYTES_MAX {
            return Err(Refusal(FAILURE, "the path is too long".to_owned()));
        }
        let parts = path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
        let parts = parts.map(|part| {
            let text = std::str::from_utf8(part).ok().filter(|_| is_allowed(part));
            text.map(str::to_owned).ok_or_else(|| {
                Refusal(
                    PERMISSION_DENIED,
                    "names have letters, digits, \"-\", \"_\" and \".\", and begin with no dot".to_owned(),
                )
            })
        });
        let parts: Vec<String> = parts.collect::<Result<_, _>>()?;
        if parts.len() > SERVE_DEPTH_MAX {
            return Err(Refusal(FAILURE, "the path is too deep".to_owned()));
        }
        Ok(Self(parts))
    }

    /// Its folder and its last part; `None` of the folder that is served.
    pub(super) fn split(&self) -> Option<(&[String], &str)> {
        let (leaf, folder) = self.0.split_last()?;
        Some((folder, leaf))
    }

    pub(super) fn parts(&self) -> &[String] {
        &self.0
    }

    /// Whether it is that of a file that has no name yet.
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(&self.0[..], [.., folder, leaf] if folder == UNFINISHED && leaf.starts_with(PUT))
    }

    /// Whether nothing but unfinished files may be made under it.
    pub(super) fn is_in_unfinished(&self) -> bool {
        self.0.iter().rev().skip(1).any(|part| part == UNFINISHED)
    }

    /// As clients are told it.
    pub(super) fn shown(&self) -> String {
        format!("/{}", self.0.join("/"))
    }
}

/// Parts of objects' names, and the folders that clients make beside them.
pub(super) fn is_allowed(part: &[u8]) -> bool {
    let is_own = part == UNFINISHED.as_bytes() || part.strip_prefix(SCRATCH.as_bytes()).is_some_and(is_component);
    is_own || is_component(part)
}

/// Opens the folder at `parts` below `root`, one after another.
pub(super) fn open_folder(root: &OwnedFd, parts: &[String]) -> Result<OwnedFd, Refusal> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut folder = retry_on_intr(|| openat(root, ".", flags, Mode::empty()))?;
    for part in parts {
        folder = retry_on_intr(|| openat(&folder, part.as_str(), flags, Mode::empty()))?;
    }
    Ok(folder)
}
