//! Which places had a replica. A disk that is not mounted looks like an empty folder, and a copy every night would fill
//! the disk that the folder is on. Used to refuse and for nothing else.

use std::path::{Path, PathBuf};

use crate::config::{decode, encode};
use crate::{Repository, Result, state};

/// More are not remembered.
const PLACES_MAX: usize = 64;

fn path(state: &Path) -> PathBuf {
    state.join("replicas")
}

fn known(state: &Path) -> Vec<String> {
    std::fs::read(path(state)).ok().and_then(|bytes| decode(&bytes).ok()).unwrap_or_default()
}

impl Repository {
    /// Whether there was a replica of this repository at `place`.
    #[must_use]
    pub fn had_replica_at(&self, place: &str) -> bool {
        known(self.state()).iter().any(|known| known == place)
    }

    pub(super) fn remember_replica_at(&self, place: &str) -> Result<()> {
        let mut all = known(self.state());
        if all.iter().any(|known| known == place) || all.len() >= PLACES_MAX {
            return Ok(());
        }
        all.push(place.to_owned());
        state::replace(&path(self.state()), &encode(&all)?)
    }
}
