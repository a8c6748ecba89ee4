//! A state folder for this run alone: who sets a machine up is root, and the agent's own folder belongs to the agent.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use super::place::failed;
use crate::cli::exit::Result;

/// Removed when it is dropped.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    /// Made anew: one that is there already is somebody else's.
    pub(super) fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("atalaya-setup-{}", std::process::id()));
        DirBuilder::new().mode(0o700).create(&path).map_err(|err| failed("make", Some(&path), &err))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
