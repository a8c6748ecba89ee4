//! Does what was found to be done, in an order in which every moment is a good one to stop at.

use atalaya_store::Body;

use super::gone::Gone;
use super::saver::Saver;
use super::{Plan, Repair};
use crate::check::claims::{CLAIM_BYTES, parse};
use crate::index::{Found, verify_stored};
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::PackInfo;
use crate::read::Scratch;
use crate::snapshot::{Info, fenced};
use crate::sorter::Sorted;
use crate::{Error, Kind, Result, presence};

impl Repair<'_> {
    pub(super) fn mend(&mut self, plan: Plan, session: [u8; 16]) -> Result<()> {
        let Plan { saved, affected, gone } = plan;
        self.save(saved, true)?;
        self.renew(&affected, session)?;
        self.still_alive(&session)?;
        self.take_out(&affected, &gone)?;
        self.replace_runs(&session)?;
        for name in std::mem::take(&mut self.check.bad_keys) {
            self.set_aside(&name)?;
        }
        self.repo.publish()?;
        Ok(self.repo.store.sync()?)
    }

    /// Blobs that only bad packs have; stored once more if `really`, else counted.
    pub(super) fn save(&mut self, mut saved: Sorted<CLAIM_BYTES>, really: bool) -> Result<()> {
        let (repo, spool, blobs) = (self.repo, self.options.check.spool, &self.check.blobs);
        let mut data = Saver::new(repo, blobs, spool, BlobType::Data)?;
        let mut tree = Saver::new(repo, blobs, spool, BlobType::Tree)?;
        let mut scratch = Scratch::new()?;
        while let Some(row) = saved.next()? {
            let (kind, id, len, blob) = parse(&row)?;
            if self.holds(&blob.id)? {
                continue;
            }
            self.summary.saved_blobs += 1;
            self.summary.saved_bytes += u64::from(blob.raw);
            if !really {
                continue;
            }
            self.check.stopped()?;
            let found = Found { pack: PackInfo { id, kind, len, checksum: [0; 16] }, blob };
            let plain = blobs.read_at(&found, &mut scratch)?;
            let saver = if kind == BlobType::Tree { &mut tree } else { &mut data };
            saver.add(blob.id, plain)?;
        }
        data.finish()?;
        tree.finish()
    }

    /// Snapshots that others stand for now, or that are none.
    fn take_out(&mut self, affected: &[Info], gone: &Gone) -> Result<()> {
        let mut rows = gone.rows.clone();
        rows.extend(affected.iter().map(|info| (info.id, info.hash)));
        if rows.is_empty() {
            return Ok(());
        }
        self.forget(&rows)?;
        for info in affected {
            // The session first: without its snapshot it would seem to be open for ever.
            self.repo.delete_session(info)?;
            self.set_aside(&names::object(names::SNAPSHOTS, &info.id))?;
        }
        gone.objects.iter().try_for_each(|name| self.set_aside(name))?;
        Ok(self.repo.store.sync()?)
    }

    /// One run with all that is known to be true, in the place of all that are there.
    fn replace_runs(&mut self, session: &[u8; 16]) -> Result<()> {
        let damaged = self.bad_runs();
        if damaged.is_empty() && self.bad.is_empty() {
            return Ok(());
        }
        self.still_alive(session)?;
        let (repo, bad) = (self.repo, &self.bad);
        let store = &*repo.store;
        let spool = store.spool(self.options.check.spool)?;
        let file = spool.file.try_clone().map_err(|err| Error::io("cannot copy a descriptor", &err))?;
        let also: Vec<[u8; 16]> = damaged.iter().copied().collect();
        let keeps = |pack: PackId| !bad.contains(&pack);
        let (id, replaced) = self.check.blobs.index().rewrite(&repo.keyring, file, &keeps, &also)?;
        let name = names::object(names::INDEX, &id);
        store.put(&name, Body::File(&spool))?;
        store.sync()?;
        verify_stored(store, &repo.roster, &name, Body::File(&spool).len()?)?;
        for id in replaced {
            let name = names::object(names::INDEX, &id);
            if damaged.contains(&id) {
                self.set_aside(&name)?;
            } else {
                presence::delete(store, &name)?;
            }
        }
        Ok(store.sync()?)
    }

    /// Whoever was taken for dead by a prune relies on what may be gone.
    fn still_alive(&self, session: &[u8; 16]) -> Result<()> {
        if fenced(&*self.repo.store, &self.repo.keyring, session)? {
            return Err(Error::new(Kind::Fenced, "a prune took this repair for dead; run it again"));
        }
        Ok(())
    }
}
