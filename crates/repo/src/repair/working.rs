//! A copy of the index to work with, so that what a repair knows of it is not taken for what the repository has.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::index::IndexSet;
use crate::{Error, Repository, Result};

/// Its folder, which goes with it.
pub(super) struct Working(PathBuf);

impl Working {
    /// Begins with what the state folder has: a run of which only that copy is sound is rebuilt from it.
    pub(super) fn new(repo: &Repository) -> Result<Self> {
        let failed = |err: std::io::Error| Error::io("cannot copy the index in the state folder", &err);
        let working = Self(repo.state().join("repair"));
        // What a repair left that was killed; no other one is at work with this state folder.
        let _ = fs::remove_dir_all(&working.0);
        fs::create_dir(&working.0).map_err(failed)?;
        let from = match fs::read_dir(repo.state().join("index")) {
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(working),
            from => from.map_err(failed)?,
        };
        for entry in from {
            let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).map_err(failed)?;
            if path.extension().is_none_or(|extension| extension != "run") {
                continue;
            }
            let to = working.0.join(name);
            // Runs are never changed, only replaced, so another name for the same file will do.
            match fs::hard_link(&path, &to).or_else(|_| fs::copy(&path, &to).map(|_| ())) {
                // A backup merged it with others meanwhile.
                Err(err) if err.kind() == ErrorKind::NotFound => {}
                other => other.map_err(failed)?,
            }
        }
        Ok(working)
    }

    /// The index as it is now; compared with the repository this once.
    pub(super) fn index(&self, repo: &Repository) -> Result<IndexSet> {
        let mut index = repo.index_in(&self.0)?;
        index.doubt()?;
        index.frozen = true;
        Ok(index)
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
