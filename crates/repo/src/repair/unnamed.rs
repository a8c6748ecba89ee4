//! Packs that no index run names, because the run is gone or damaged, or a backup was cut off: those that have what is
//! nowhere else are named again.

use super::Repair;
use crate::Result;
use crate::check::packs::{KEY_BYTES, indexed_packs, parse, stored_packs};
use crate::check::read_whole;
use crate::fresh::Fresh;
use crate::index::Found;
use crate::maintain::{Authority, Doomed};
use crate::model::PackId;
use crate::names::BlobType;
use crate::pack::read_directory;
use crate::read::Scratch;
use crate::side::Side;

/// Packs of one run.
const NAMED_PACKS: usize = 64;

impl Repair<'_> {
    pub(super) fn unnamed(&mut self) -> Result<()> {
        let (store, spool) = (&*self.repo.store, self.options.check.spool);
        // What a prune is about to delete, or has deleted all but, is not taken back.
        let doomed = Doomed::read(store, Authority::of(&self.repo.keyring, &self.repo.roster))?;
        let mut stored = stored_packs(store, spool)?;
        let mut named = Side::new(indexed_packs(&self.check.blobs.index(), spool)?)?;
        let (mut fresh, mut scratch) = (Fresh::default(), Scratch::new()?);
        while let Some(row) = stored.next()? {
            let (kind, id, len) = parse(&row)?;
            if named.take(&row[..KEY_BYTES])?.is_some() || doomed.packs.contains(&id) {
                continue;
            }
            self.check.stopped()?;
            self.unnamed_pack((kind, id, len), &mut fresh, &mut scratch)?;
            if fresh.is_much(NAMED_PACKS) {
                self.name(&mut fresh)?;
            }
        }
        self.name(&mut fresh)
    }

    /// Read whole before it is named: an earlier repair may have dropped it for what it is.
    fn unnamed_pack(
        &mut self,
        (kind, id, len): (BlobType, PackId, u32),
        fresh: &mut Fresh,
        scratch: &mut Scratch,
    ) -> Result<()> {
        let repo = self.repo;
        let directory = self.twice(|| read_directory(&*repo.store, &repo.keyring, kind, id, len.into()))?;
        let Ok((pack, blobs)) = directory else { return Ok(()) };
        let mut wanted = Vec::new();
        for blob in &blobs {
            if !fresh.has(&blob.id) && !self.holds(&blob.id)? {
                wanted.push(*blob);
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        if read_whole(&self.check.blobs, kind, id, len)?.is_ok() {
            self.summary.named_packs += 1;
            fresh.add(pack, &blobs);
            return Ok(());
        }
        // Of one that was dropped before nothing is left that is wanted.
        let mut readable = Vec::new();
        for blob in wanted {
            let read = self.twice(|| self.check.blobs.read_at(&Found { pack, blob }, scratch).map(|_| ()))?;
            readable.extend(read.is_ok().then_some(blob));
        }
        if !readable.is_empty() {
            self.give_up(id)?;
            fresh.add(pack, &readable);
        }
        Ok(())
    }

    /// Where nothing is to be changed only the copy of the index learns of them.
    fn name(&mut self, fresh: &mut Fresh) -> Result<()> {
        let repo = self.repo;
        let run = match self.options.apply {
            true => fresh.name(&*repo.store, &repo.keyring)?,
            false => fresh.run(&repo.keyring)?,
        };
        match run {
            Some((id, bytes)) => self.check.blobs.index().add(&id, &bytes),
            None => Ok(()),
        }
    }
}
