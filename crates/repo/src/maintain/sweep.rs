//! Deletes condemned packs, in an order in which every moment is a good one to stop at.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use atalaya_store::Body;

use super::authority::put;
use super::lists::{Condemned, Deleted, LIST_PACKS_MAX, pack_of};
use super::mark::Marks;
use super::sessions::{End, look};
use super::{Authority, PruneOptions, PruneSummary, ids};
use crate::config::read_small;
use crate::envelope::Purpose;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::read::Blobs;
use crate::snapshot::{Info, fenced};
use crate::{Error, Kind, Repository, Result, presence};

/// Packs that are deleted by one run, and what of that is known.
pub(super) struct Sweep<'a> {
    pub(super) repo: &'a Repository,
    pub(super) options: &'a PruneOptions<'a>,
    /// This prune's own session.
    pub(super) session: [u8; 16],
    pub(super) list: Condemned,
}

impl Sweep<'_> {
    /// Deletes the packs of the list of which `marks` find nothing used.
    pub(super) fn run(&self, blobs: &Blobs<'_>, marks: &mut Marks, summary: &mut PruneSummary) -> Result<()> {
        let mut packs: Vec<(BlobType, PackId)> = self.list.packs.iter().map(pack_of).collect::<Result<_>>()?;
        packs.sort_unstable();
        packs.dedup();
        let mut unused = Vec::new();
        let store = &*self.repo.store;
        for (kind, id) in packs {
            // One that was deleted before this prune was cut off: what is used of it was stored elsewhere since, and the index
            // must not name it.
            if marks.of(kind, id)?.used.is_empty() || presence::is_gone(store, &names::pack(kind, id))? {
                unused.push((kind, id));
            } else {
                summary.spared_packs += 1;
            }
        }
        let drop: HashSet<PackId> = unused.iter().map(|(_, id)| *id).collect();
        let replaced = self.replace_runs(blobs, &drop)?;
        if fenced(store, &self.repo.keyring, &self.session)? {
            return Err(Error::new(
                Kind::Fenced,
                "another prune took this one for dead; nothing was deleted by this one; run it again",
            ));
        }
        self.is_still_ours()?;
        let deleted = Deleted {
            id: crate::crypto::random()?,
            condemned: self.list.id,
            secs: (self.options.now)().secs,
            packs: unused.iter().map(|(kind, id)| super::lists::listed(*kind, *id)).collect(),
        };
        let name = names::object(names::DELETED, &deleted.id);
        put(store, &self.repo.keyring, Purpose::Deleted, &name, &deleted)?;
        store.sync()?;
        self.delete_packs(&unused, summary)?;
        for id in &replaced {
            presence::delete(store, &names::object(names::INDEX, id))?;
        }
        // Only when no run names these packs any more, also after a power cut, may the lists go.
        store.sync()?;
        presence::delete(store, &names::object(names::CONDEMNED, &self.list.id))?;
        store.sync()?;
        self.retire_lists()
    }

    /// Nobody here needs the lists of what was deleted any more; replicas follow them. Kept under another name, because
    /// writers hold all packs of these in memory.
    fn retire_lists(&self) -> Result<()> {
        let store = &*self.repo.store;
        let authority = Authority::of(&self.repo.keyring, &self.repo.roster);
        let retired = ids(store, names::DELETED)?;
        for id in &retired {
            let bytes = match read_small(store, &names::object(names::DELETED, id)) {
                Ok(bytes) => bytes,
                // Another prune did it meanwhile.
                Err(err) if err.kind == Kind::NotFound => continue,
                Err(err) => return Err(err),
            };
            match authority.body(Purpose::Deleted, &bytes) {
                Ok(_) => presence::put(store, &names::object(names::DROPPED, id), &bytes)?,
                // It counted for nobody, so nothing was deleted because of it.
                Err(err) if err.kind == Kind::Damaged => {}
                Err(err) => return Err(err),
            }
        }
        store.sync()?;
        for id in &retired {
            presence::delete(store, &names::object(names::DELETED, id))?;
        }
        Ok(())
    }

    /// Somebody with a copy of this state folder may have ended this session, or finished this list.
    fn is_still_ours(&self) -> Result<()> {
        let store = &*self.repo.store;
        let ended = names::object(names::ENDED, &self.session);
        let list = names::object(names::CONDEMNED, &self.list.id);
        if !presence::is_gone(store, &ended)? || presence::is_gone(store, &list)? {
            let text = "another prune with a copy of this state folder went on meanwhile; nothing was deleted by this one; run it \
                        again";
            return Err(Error::new(Kind::Fenced, text));
        }
        Ok(())
    }

    fn delete_packs(&self, unused: &[(BlobType, PackId)], summary: &mut PruneSummary) -> Result<()> {
        let store = &*self.repo.store;
        for (kind, id) in unused {
            self.options.check_stop()?;
            let name = names::pack(*kind, *id);
            let len = match store.stat(&name) {
                Ok(len) => len,
                Err(err) if err.kind == atalaya_store::Kind::NotFound => continue,
                Err(err) => return Err(err.into()),
            };
            presence::delete(store, &name)?;
            summary.deleted_packs += 1;
            summary.deleted_bytes += len;
            self.options.progress.deleted_packs.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Puts a run without the packs in `drop`; gives the runs of the store that it replaces.
    fn replace_runs(&self, blobs: &Blobs<'_>, drop: &HashSet<PackId>) -> Result<Vec<[u8; 16]>> {
        let store = &*self.repo.store;
        let spool = store.spool(self.options.spool)?;
        let file = spool.file.try_clone().map_err(|err| Error::io("cannot copy a descriptor", &err))?;
        let keeps = |pack: PackId| !drop.contains(&pack);
        let (id, replaced) = blobs.index().rewrite(&self.repo.keyring, file, &keeps, &[])?;
        store.put(&names::object(names::INDEX, &id), Body::File(&spool))?;
        store.sync()?;
        Ok(replaced)
    }
}

/// Removes what says of sessions that they ended, where nobody asks for it any more.
pub(crate) fn tidy_sessions(repo: &Repository, snapshots: &[Info], own: &[u8; 16]) -> Result<()> {
    let store = &*repo.store;
    let mut all = ids(store, names::SESSIONS)?;
    all.retain(|id| id != own);
    for (id, end) in look(repo, &all, snapshots)? {
        if matches!(end, End::Snapshot | End::Ended | End::Fenced) {
            presence::delete(store, &names::object(names::SESSIONS, &id))?;
        }
    }
    let left: HashSet<[u8; 16]> = ids(store, names::SESSIONS)?.into_iter().collect();
    for id in ids(store, names::ENDED)? {
        if !left.contains(&id) {
            presence::delete(store, &names::object(names::ENDED, &id))?;
        }
    }
    Ok(())
}

/// Removes lists of other prunes when all their packs are gone. As long as one is there the list stays: who made it may
/// only be asleep, and deletes it still.
pub(super) fn tidy_lists(repo: &Repository) -> Result<()> {
    let (store, mut remarks) = (&*repo.store, Vec::new());
    let authority = Authority::of(&repo.keyring, &repo.roster);
    for (id, list) in authority.read_all::<Condemned>(store, Purpose::Condemned, names::CONDEMNED, &mut remarks)? {
        let mut there = false;
        for pack in list.packs.iter().take(LIST_PACKS_MAX) {
            let (kind, pack) = pack_of(pack)?;
            there = !presence::is_gone(store, &names::pack(kind, pack))?;
            if there {
                break;
            }
        }
        if !there {
            presence::delete(store, &names::object(names::CONDEMNED, &id))?;
        }
    }
    Ok(())
}
