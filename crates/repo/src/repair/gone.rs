//! Snapshots of which nothing is left: damaged ones, and those that are missing though nobody forgot them.

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest, Sha256};

use super::{Repair, unsteady};
use crate::config::read_small;
use crate::maintain::{Authority, Forget, Forgotten, ids, put};
use crate::names::{self, BlobType, hex};
use crate::snapshot::{self, Info, Known};
use crate::{Kind, Result, envelope::Purpose, presence};

/// Rows of one forget list.
const LIST_SNAPSHOTS_MAX: usize = 32 << 10;

/// What is to be said of them, so that nobody takes it for tampering that they are gone.
#[derive(Default)]
pub(super) struct Gone {
    /// Ids in hex, for people.
    pub(super) lost: Vec<String>,
    /// Id and hash.
    pub(super) rows: Vec<([u8; 16], [u8; 32])>,
    /// Names of objects that are there and no snapshots.
    pub(super) objects: Vec<String>,
}

impl Gone {
    fn object(&mut self, id: &[u8; 16]) {
        self.lost.push(hex(id));
        self.objects.push(names::object(names::SNAPSHOTS, id));
    }
}

impl Repair<'_> {
    /// Of `affected` it takes those of which not even the root can be read.
    pub(super) fn gone(&self, snapshots: &[Info], affected: &mut Vec<Info>) -> Result<Gone> {
        let (mut out, known) = (Gone::default(), Known::open(self.repo.state()));
        self.unreadable(snapshots, affected, &mut out)?;
        let listed: BTreeSet<[u8; 16]> = ids(&*self.repo.store, names::SNAPSHOTS)?.into_iter().collect();
        self.damaged(&listed, &known, &mut out)?;
        for (id, hash) in known.gone(&listed) {
            let name = names::object(names::SNAPSHOTS, &id);
            if !presence::is_gone(&*self.repo.store, &name)? {
                return Err(unsteady(self.repo, &name));
            }
            out.lost.push(hex(&id));
            out.rows.push((id, hash));
        }
        self.followed(snapshots, &known, &mut out)?;
        Ok(out)
    }

    fn unreadable(&self, snapshots: &[Info], affected: &mut Vec<Info>, out: &mut Gone) -> Result<()> {
        let repo = self.repo;
        for info in snapshots {
            let load = || snapshot::load(&*repo.store, &repo.keyring, &repo.roster, info.id)?.private(&repo.keyring);
            let root = match self.twice(load)? {
                Ok(private) => Some((BlobType::Tree, private.root(&info.catalogue).id)),
                // Forgotten since it was listed.
                Err(err) if err.kind == Kind::NotFound => continue,
                Err(_) => None,
            };
            if root.is_none_or(|root| self.check.lost.contains(&root)) {
                out.object(&info.id);
                out.rows.push((info.id, info.hash));
                affected.retain(|other| other.id != info.id);
            }
        }
        Ok(())
    }

    fn damaged(&self, listed: &BTreeSet<[u8; 16]>, known: &Known, out: &mut Gone) -> Result<()> {
        let repo = self.repo;
        for id in listed {
            match self.twice(|| snapshot::load(&*repo.store, &repo.keyring, &repo.roster, *id))? {
                Ok(_) => continue,
                Err(err) if err.kind == Kind::NotFound => continue,
                Err(_) => out.object(id),
            }
            out.rows.extend(known.hash_of(id).map(|hash| (*id, hash)));
            if let Ok(bytes) = read_small(&*repo.store, &names::object(names::SNAPSHOTS, id)) {
                out.rows.push((*id, Sha256::digest(&bytes).into()));
            }
        }
        Ok(())
    }

    /// Those that others follow, of which there is no more than the hash.
    fn followed(&self, snapshots: &[Info], known: &Known, out: &mut Gone) -> Result<()> {
        let there: HashSet<[u8; 32]> =
            snapshots.iter().map(|info| info.hash).chain(out.rows.iter().map(|(_, hash)| *hash)).collect();
        let forgotten = Forgotten::read(&*self.repo.store, Authority::of(&self.repo.keyring, &self.repo.roster))?;
        let all = snapshots.iter().flat_map(|info| info.catalogue.predecessors.iter().copied());
        let missing: BTreeSet<[u8; 32]> = all.chain(known.missing()).collect();
        for hash in missing.into_iter().filter(|hash| !there.contains(hash) && !forgotten.names(hash)) {
            // Its id nobody knows.
            out.lost.push(format!("{}…", hex(&hash[..4])));
            out.rows.push((crate::crypto::random()?, hash));
        }
        Ok(())
    }

    /// Says of all `rows`, in the name of this key's holder, that they are gone on purpose.
    pub(super) fn forget(&self, rows: &[([u8; 16], [u8; 32])]) -> Result<()> {
        let (repo, secs) = (self.repo, (self.options.check.now)().secs);
        for part in rows.chunks(LIST_SNAPSHOTS_MAX) {
            let snapshots = part.iter().map(|(id, hash)| (*id, *hash, secs)).collect();
            let body = Forget { id: crate::crypto::random()?, secs, snapshots };
            put(&*repo.store, &repo.keyring, Purpose::Forget, &names::object(names::FORGETS, &body.id), &body)?;
        }
        Ok(repo.store.sync()?)
    }
}
