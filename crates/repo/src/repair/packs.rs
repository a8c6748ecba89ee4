//! Packs of which something is wrong: what of them can be read, and what not.

use std::collections::HashSet;

use atalaya_store::Kind as StoreKind;

use super::{BAD_MAX, Repair, too_much, unsteady};
use crate::check::claims::{CLAIM_BYTES, claim, parse as parse_claim};
use crate::check::packs::{indexed_packs, parse};
use crate::check::{Finding, read_whole};
use crate::index::Found;
use crate::model::{ChunkId, PackId};
use crate::names::{self, BlobType};
use crate::pack::{BlobRecord, PackInfo, read_directory};
use crate::read::Scratch;
use crate::sorter::{Sorted, Sorter};
use crate::{Kind, Result};

/// Type and id of a pack, as a claim begins.
const PACK_BYTES: usize = 17;

/// What is said of one bad pack, by the index and by its directory.
struct Said {
    kind: BlobType,
    id: PackId,
    /// Lengths of the pack that are claimed.
    lens: HashSet<u32>,
    blobs: Vec<BlobRecord>,
}

impl Repair<'_> {
    /// Packs of names are read whole, whatever share of the others was asked for: all else hangs on them.
    pub(super) fn tree_packs(&mut self) -> Result<()> {
        if self.check.summary.packs_read >= self.check.summary.packs {
            return Ok(());
        }
        let mut packs = indexed_packs(&self.check.blobs.index(), self.options.check.spool)?;
        while let Some(row) = packs.next()? {
            let (kind, id, len) = parse(&row)?;
            if kind != BlobType::Tree || self.bad.contains(&id) {
                continue;
            }
            self.check.stopped()?;
            if let Err(why) = read_whole(&self.check.blobs, kind, id, len)? {
                self.check.find(Finding::Pack(why));
                self.give_up(id)?;
            }
        }
        Ok(())
    }

    /// Tries every blob of every bad pack where index and directory say that it is. Gives those that can be read, and notes
    /// the others as damaged.
    pub(super) fn readable(&mut self) -> Result<Sorted<CLAIM_BYTES>> {
        let spool = self.options.check.spool;
        let mut claims = Sorter::new(spool);
        let bad = &self.bad;
        self.check.blobs.index().each(&mut |pack, blob| {
            if bad.contains(&pack.id) { claims.push(claim(pack, blob)) } else { Ok(()) }
        })?;
        self.directories(&mut claims)?;
        let (mut claims, mut saved, mut scratch) = (claims.sorted()?, Sorter::new(spool), Scratch::new()?);
        let mut next = claims.next()?;
        while let Some(first) = next {
            self.check.stopped()?;
            let (kind, id, ..) = parse_claim(&first)?;
            let mut said = Said { kind, id, lens: HashSet::new(), blobs: Vec::new() };
            while let Some(row) = next.filter(|row| row[..PACK_BYTES] == first[..PACK_BYTES]) {
                let (_, _, len, blob) = parse_claim(&row)?;
                said.lens.insert(len);
                said.blobs.push(blob);
                if said.blobs.len() > BAD_MAX {
                    return Err(too_much());
                }
                next = claims.next()?;
            }
            self.judge(&said, &mut saved, &mut scratch)?;
        }
        if self.check.is_full() {
            return Err(too_much());
        }
        saved.sorted()
    }

    fn directories(&self, claims: &mut Sorter<CLAIM_BYTES>) -> Result<()> {
        let (repo, spool) = (self.repo, self.options.check.spool);
        let mut packs = indexed_packs(&self.check.blobs.index(), spool)?;
        while let Some(row) = packs.next()? {
            let (kind, id, _) = parse(&row)?;
            let Some(len) = self.len_of(kind, id)?.filter(|_| self.bad.contains(&id)) else { continue };
            let directory = self.twice(|| read_directory(&*repo.store, &repo.keyring, kind, id, len))?;
            if let Ok((pack, blobs)) = directory {
                blobs.iter().try_for_each(|blob| claims.push(claim(&pack, blob)))?;
            }
        }
        Ok(())
    }

    fn len_of(&self, kind: BlobType, id: PackId) -> Result<Option<u64>> {
        if !self.bad.contains(&id) {
            return Ok(None);
        }
        match self.repo.store.stat(&names::pack(kind, id)) {
            Ok(len) => Ok(Some(len)),
            Err(err) if err.kind == StoreKind::NotFound => Ok(None),
            Err(err) => Err(err.into()),
        }
    }

    fn judge(&mut self, said: &Said, saved: &mut Sorter<CLAIM_BYTES>, scratch: &mut Scratch) -> Result<()> {
        let (kind, id) = (said.kind, said.id);
        let len = self.len_of(kind, id)?.and_then(|len| u32::try_from(len).ok());
        if let Some(len) = len
            && said.lens.iter().all(|claimed| *claimed == len)
        {
            if self.check.is_gone(kind, id) {
                return Err(unsteady(self.repo, &names::pack(kind, id)));
            }
            if self.is_sound(said, len)? {
                self.bad.remove(&id);
                self.check.blobs.index().distrust.packs.remove(&id);
                return Ok(());
            }
        }
        let (mut readable, mut unreadable) = (HashSet::<ChunkId>::new(), HashSet::new());
        let pack = PackInfo { id, kind, len: len.unwrap_or(0), checksum: [0; 16] };
        for blob in &said.blobs {
            let read = match len {
                Some(_) => {
                    let found = Found { pack, blob: *blob };
                    self.twice(|| self.check.blobs.read_at(&found, scratch).map(|_| ()))?.is_ok()
                }
                None => false,
            };
            if read {
                readable.insert(blob.id);
                saved.push(claim(&pack, blob))?;
            } else {
                unreadable.insert(blob.id);
            }
        }
        unreadable.difference(&readable).for_each(|blob| self.check.damage(id, *blob));
        Ok(())
    }

    /// Whether it is whole after all, and all that is said of it is so.
    fn is_sound(&self, said: &Said, len: u32) -> Result<bool> {
        let Ok(there) = read_whole(&self.check.blobs, said.kind, said.id, len)? else { return Ok(false) };
        Ok(said.blobs.iter().all(|blob| there.get(usize::from(blob.position)) == Some(blob)))
    }

    /// Runs that could not be read for a reason that may pass.
    pub(super) fn steady_runs(&self) -> Result<()> {
        let refused = self.check.blobs.index().refused_ids.clone();
        for id in refused {
            let name = names::object(names::INDEX, &id);
            let len = self.repo.store.stat(&name).unwrap_or(0);
            let read = || crate::index::verify_stored(&*self.repo.store, &self.repo.roster, &name, len);
            if self.check.refused.iter().any(|err| err.kind == Kind::Io && err.text.contains(&name))
                && self.twice(read)?.is_ok()
            {
                return Err(unsteady(self.repo, &name));
            }
        }
        Ok(())
    }
}
