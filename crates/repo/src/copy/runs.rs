//! Index runs: put when all packs that they name are there.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use atalaya_store::Store;

use super::Copy;
use super::carry::{put_spooled, spool_failed};
use super::listing::Pair;
use crate::error::Judged;
use crate::index::{read_verified, verify_stored};
use crate::{Kind, Result, names};

impl Copy<'_> {
    /// Copies the runs of `wanted`. `false` when one of them is gone: a prune replaced it, and what was copied of its packs may
    /// not be all that is needed.
    pub(super) fn runs(&mut self, wanted: &HashSet<[u8; 16]>) -> Result<bool> {
        if !self.are_listed(wanted)? {
            return Ok(false);
        }
        let mut pairs = self.pairs(names::INDEX)?;
        while let Some(pair) = pairs.next()? {
            self.stopped()?;
            let Some(len) = pair.here else { continue };
            let counts = wanted.contains(&pair.id);
            if self.options.heal && pair.there.is_some() {
                if self.heal_run(&pair, len)? {
                    // What only it names is read by another look at the index.
                    self.reading = true;
                    return Ok(false);
                }
            } else if counts && pair.there != Some(len) && !self.run(&pair, len)? {
                return Ok(false);
            }
        }
        self.are_listed(wanted)
    }

    fn are_listed(&self, wanted: &HashSet<[u8; 16]>) -> Result<bool> {
        let mut found = HashSet::new();
        self.from.store.list(names::INDEX, &mut |entry| {
            found.extend(names::unhex(&entry.name).filter(|id| wanted.contains(id)));
            Ok(())
        })?;
        Ok(found.len() == wanted.len())
    }

    /// Copies one; `false` when it is gone.
    fn run(&mut self, pair: &Pair, len: u64) -> Result<bool> {
        self.summary.objects += 1;
        if self.options.dry_run {
            return Ok(true);
        }
        let (from, to) = (self.from, Arc::clone(&self.store));
        match self.carry_run(&*from.store, &*to, &pair.id, len, false)? {
            Ok(()) => self.summary.healed_there += u64::from(pair.there.is_some()),
            Err(err) if err.kind == Kind::NotFound => return Ok(false),
            // It was sound when the index was made from it.
            Err(err) => self.trouble(format!("{err}, at {}; it was not copied", from.place())),
        }
        Ok(true)
    }

    fn carry_run(&mut self, from: &dyn Store, to: &dyn Store, id: &[u8; 16], len: u64, replacing: bool) -> Judged<()> {
        let name = names::object(names::INDEX, id);
        let carried = self.twice(from, &mut |copy| {
            let spool = to.spool(copy.spool())?;
            let judged = read_verified(from, &copy.from.roster, &name, len, &mut |part| {
                (&spool.file).write_all(part).map_err(|err| spool_failed(&err))
            });
            Ok(judged?.map(|_| spool))
        })?;
        let spool = match carried {
            Ok(spool) => spool,
            Err(err) => return Ok(Err(err)),
        };
        put_spooled(to, &name, &spool, len, replacing)?;
        Ok(Ok(()))
    }

    /// Reads a run that both have; `true` when the primary's was mended.
    fn heal_run(&mut self, pair: &Pair, here: u64) -> Result<bool> {
        let (from, to, there) = (self.from, Arc::clone(&self.store), pair.there.unwrap_or(0));
        let name = names::object(names::INDEX, &pair.id);
        let verify = |store: &dyn Store, len: u64| verify_stored(store, &from.roster, &name, len);
        let ours = self.about_one(&*from.store, Ok(verify(&*from.store, here)))?;
        let theirs = self.about_one(&*to, Ok(verify(&*to, there)))?;
        let carried = match (&ours, &theirs) {
            (Ok(()), Ok(())) if here == there => return Ok(false),
            _ if self.options.dry_run => Ok(()),
            (Ok(()), _) => self.carry_run(&*from.store, &*to, &pair.id, here, true)?,
            (Err(_), Ok(())) => {
                let carried = self.carry_run(&*to, &*from.store, &pair.id, there, true)?;
                from.store.sync()?;
                carried
            }
            (Err(err), Err(_)) => Err(err.clone()),
        };
        match carried {
            Err(err) if err.kind == Kind::NotFound => return Ok(false),
            Err(err) => self.trouble(format!("{err}; it is damaged at {} and at {}", from.place(), to.place())),
            Ok(()) if ours.is_ok() => self.summary.healed_there += 1,
            Ok(()) => {
                self.summary.healed_here += 1;
                return Ok(!self.options.dry_run);
            }
        }
        Ok(false)
    }
}
