//! What a state folder remembers of the list of members and of the key epochs, so that older ones put back are noticed.

use std::path::{Path, PathBuf};

use crate::config::{decode, encode};
use crate::{Error, Kind, Result, state};

/// Number and hash of one of a chain.
pub(crate) type Version = (u32, [u8; 32]);

/// The newest one that a state folder saw.
pub(crate) struct Seen {
    path: Option<PathBuf>,
    pub(crate) version: Option<Version>,
}

/// Its file for the list of members.
pub(crate) const MEMBERS: &str = "members";
/// Its file for the key epochs.
pub(crate) const EPOCHS: &str = "epochs";

impl Seen {
    /// Remembers nothing: for one look at a repository that is open.
    pub(crate) fn nothing() -> Self {
        Self { path: None, version: None }
    }

    /// Reads the memory. None yet and one that is damaged are the same: it is only a second witness.
    pub(crate) fn open(folder: &Path, file: &str) -> Self {
        let path = folder.join(file);
        let version = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes).ok());
        Self { path: Some(path), version }
    }

    /// Remembers `version` if it is another one.
    pub(crate) fn learn(&mut self, version: Version) -> Result<()> {
        if self.version == Some(version) {
            return Ok(());
        }
        if let Some(path) = &self.path {
            state::replace(path, &encode(&version)?)?;
        }
        self.version = Some(version);
        Ok(())
    }

    /// The store offers something else than what was seen.
    pub(crate) fn rolled_back(&self, what: &str) -> Error {
        Error::new(
            Kind::Damaged,
            format!(
                "{what} is not what was seen here before: the repository was rolled back or tampered with; if it was put \
                 back from an older copy on purpose, remove {} and change its keys again",
                self.path.as_deref().unwrap_or(Path::new("the state folder")).display()
            ),
        )
    }
}
