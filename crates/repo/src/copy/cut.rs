//! One look at the primary, and one round of copying what was seen.

use std::collections::HashSet;

use super::Copy;
use super::listing::{Pairs, objects};
use crate::index::IndexSet;
use crate::{Kind, Result, names};

impl Copy<'_> {
    /// `false` when a prune changed the primary's runs meanwhile, and it is to begin anew.
    pub(super) fn round(&mut self) -> Result<bool> {
        // In the opposite order of how it was written: what is seen has all that it needs in what is listed later.
        let snapshots = objects(&*self.from.store, names::SNAPSHOTS, self.spool())?;
        let index = self.from.index()?;
        let runs = counting(&index)?;
        self.new_epochs()?;
        let mut whole = true;
        for err in index.refused.iter().filter(|err| err.kind != Kind::NotFound) {
            whole = false;
            if !self.options.heal {
                self.trouble(format!("{err}; where the target has a sound one, \"--heal\" puts it back"));
            }
        }
        let absent = self.packs(&index, whole)?;
        drop(index);
        self.sync()?;
        // Before runs: what is copied after all is there when they are.
        self.tell_absent(absent)?;
        self.sync()?;
        if !self.runs(&runs)? {
            return Ok(false);
        }
        self.sync()?;
        self.lists()?;
        self.sync()?;
        self.refuse_fenced()?;
        let there = objects(&*self.store, names::SNAPSHOTS, self.spool())?;
        self.snapshots(Pairs::new(snapshots, there)?)?;
        self.sync()?;
        Ok(true)
    }
}

/// Runs that count: not those that another one replaced, which are about to be deleted.
pub(super) fn counting(index: &IndexSet) -> Result<HashSet<[u8; 16]>> {
    let (mut here, mut replaced) = (HashSet::new(), HashSet::new());
    index.origins(&mut |id, made_from| {
        if made_from {
            here.insert(id)
        } else {
            replaced.insert(id)
        };
        Ok(())
    })?;
    here.retain(|id| !replaced.contains(id));
    Ok(here)
}
