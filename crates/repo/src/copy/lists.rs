//! Small signed objects: what was forgotten, fenced and unfenced.

use std::sync::Arc;

use super::Copy;
use super::listing::{Pair, Pairs, ROW_BYTES, objects};
use crate::config::read_small;
use crate::envelope::Purpose;
use crate::sorter::Sorted;
use crate::{Error, Kind, Result, names, presence};

impl Copy<'_> {
    /// Without them a snapshot would be missed, or one that is void would count.
    pub(super) fn lists(&mut self) -> Result<()> {
        // Listed before what withdraws them, and put behind it: what was withdrawn is not in force in between.
        let fences = objects(&*self.from.store, names::FENCES, self.spool())?;
        for (folder, purpose) in [(names::FORGETS, Purpose::Forget), (names::UNFENCED, Purpose::Unfence)] {
            let here = objects(&*self.from.store, folder, self.spool())?;
            self.list(folder, purpose, here)?;
        }
        self.sync()?;
        self.list(names::FENCES, Purpose::Fence, fences)
    }

    fn list(&mut self, folder: &str, purpose: Purpose, here: Sorted<ROW_BYTES>) -> Result<()> {
        let mut pairs = Pairs::new(here, objects(&*self.store, folder, self.spool())?)?;
        while let Some(pair) = pairs.next()? {
            self.stopped()?;
            if pair.here.is_none() {
                let (name, place) = (names::object(folder, &pair.id), self.store.place());
                self.warn(format!("{name} is at {place} and not at {}, where it is never deleted", self.from.place()));
            } else if pair.here != pair.there || self.options.heal {
                self.small(folder, &pair, &|copy, bytes| copy.authority().body(purpose, bytes).map(|_| ()))?;
            }
        }
        Ok(())
    }

    /// Copies an object that is read whole, or, where both have one, mends the one that is not `sound`.
    pub(super) fn small(
        &mut self,
        folder: &str,
        pair: &Pair,
        sound: &dyn Fn(&Self, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let (from, to, name) = (self.from, Arc::clone(&self.store), names::object(folder, &pair.id));
        let ours = self.about_one(&*from.store, Ok(read_small(&*from.store, &name)))?;
        let ours = ours.and_then(|bytes| sound(self, &bytes).map(|()| bytes));
        let theirs = match pair.there {
            None => Err(Error::new(Kind::NotFound, "it is not there")),
            Some(_) => {
                let theirs = self.about_one(&*to, Ok(read_small(&*to, &name)))?;
                theirs.and_then(|bytes| sound(self, &bytes).map(|()| bytes))
            }
        };
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => {}
            // Deleted since it was listed.
            (Err(err), _) if err.kind == Kind::NotFound => {}
            (Ok(_), _) if self.options.dry_run => self.summary.objects += 1,
            (Ok(ours), _) => {
                presence::put(&*to, &name, &ours)?;
                match pair.there {
                    None => self.summary.objects += 1,
                    Some(_) => self.summary.healed_there += 1,
                }
            }
            (Err(_), Ok(theirs)) if self.options.heal && !self.options.dry_run => {
                presence::put(&*from.store, &name, &theirs)?;
                from.store.sync()?;
                self.summary.healed_here += 1;
            }
            (Err(err), theirs) => {
                let offer = if theirs.is_ok() { "; \"--heal\" puts that of the target in its place" } else { "" };
                self.trouble(format!("{name} at {}: {err}; it was not copied{offer}", from.place()));
            }
        }
        Ok(())
    }
}
