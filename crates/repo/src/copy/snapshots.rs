//! Snapshots, when all that they need is there.

use sha2::{Digest, Sha256};

use super::Copy;
use super::listing::Pairs;
use super::order::{Waiting, behind_predecessors};
use crate::config::read_small;
use crate::{Kind, Result, names, presence, snapshot};

impl Copy<'_> {
    /// Copies those of an earlier listing that are there still: one that can be read now was not forgotten before, so no
    /// prune took what it needs while that was copied.
    pub(super) fn snapshots(&mut self, mut pairs: Pairs) -> Result<()> {
        let from = self.from;
        let mut waiting = Vec::new();
        while let Some(pair) = pairs.next()? {
            self.stopped()?;
            if pair.here.is_none() || (pair.here == pair.there && !self.options.heal) {
                continue;
            }
            if pair.there.is_some() {
                self.small(names::SNAPSHOTS, &pair, &|copy, bytes| {
                    snapshot::parse(bytes, &copy.from.keyring, &copy.from.roster, pair.id).map(|_| ())
                })?;
                continue;
            }
            let load = || Ok(snapshot::load(&*from.store, &from.keyring, &from.roster, pair.id));
            match self.twice(&*from.store, &mut |_| load())? {
                Ok(info) => waiting.push(Waiting::new(info)),
                Err(err) if err.kind == Kind::NotFound => {}
                Err(err) => self.trouble(format!("{err}, at {}; it was not copied", from.place())),
            }
        }
        for one in behind_predecessors(waiting) {
            self.stopped()?;
            self.snapshot(&one)?;
        }
        Ok(())
    }

    fn snapshot(&mut self, one: &Waiting) -> Result<()> {
        let (from, name) = (self.from, names::object(names::SNAPSHOTS, &one.id));
        if self.options.dry_run {
            self.summary.snapshots += 1;
            return Ok(());
        }
        match self.twice(&*from.store, &mut |_| Ok(read_small(&*from.store, &name)))? {
            Ok(bytes) if Sha256::digest(&bytes)[..] == one.hash => {
                presence::put(&*self.store, &name, &bytes)?;
                self.summary.snapshots += 1;
            }
            Err(err) if err.kind == Kind::NotFound => {}
            Err(err) => self.trouble(format!("{name} at {}: {err}; it was not copied", from.place())),
            Ok(_) => self.trouble(format!("{name} at {} reads otherwise each time; it was not copied", from.place())),
        }
        Ok(())
    }
}
