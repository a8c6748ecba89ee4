//! What may be removed: nothing but what has no name yet, and a folder that this client made to try the place.

use std::collections::HashSet;

use super::limits::SERVE_UNFINISHED_MAX;
use super::path::Name;
use super::reply::{FAILURE, Refusal, only_adds};

/// How folders begin in which a place is tried: "store check" and "init" make and remove them.
pub(super) const SCRATCH: &str = ".atalaya-check-";

/// What this connection made that is no object.
#[derive(Default)]
pub(super) struct Scratch {
    unfinished: HashSet<Name>,
    /// A folder that was not there before.
    folder: Option<Name>,
}

impl Scratch {
    /// A file of this name is going to be made.
    pub(super) fn expect(&self, name: &Name) -> Result<(), Refusal> {
        if name.is_in_unfinished() && !name.is_unfinished() {
            return Err(only_adds("make such a file in a folder of unfinished ones"));
        }
        if name.is_unfinished() && self.unfinished.len() >= SERVE_UNFINISHED_MAX {
            return Err(Refusal(FAILURE, "too many unfinished files; finish some".to_owned()));
        }
        Ok(())
    }

    /// It was made.
    pub(super) fn made_file(&mut self, name: &Name) {
        if name.is_unfinished() {
            self.unfinished.insert(name.clone());
        }
    }

    pub(super) fn made_folder(&mut self, name: &Name) {
        if matches!(name.parts(), [.., leaf] if leaf.starts_with(SCRATCH)) {
            self.folder = Some(name.clone());
        }
    }

    /// It is gone, or has its name.
    pub(super) fn done(&mut self, name: &Name) {
        self.unfinished.remove(name);
    }

    /// Whether it is an unfinished file of this connection.
    pub(super) fn is_own(&self, name: &Name) -> bool {
        self.unfinished.contains(name)
    }

    /// Whether it is in the folder that this connection made to try the place, or that folder.
    pub(super) fn covers(&self, name: &Name) -> bool {
        self.folder.as_ref().is_some_and(|folder| name.parts().starts_with(folder.parts()))
    }
}
