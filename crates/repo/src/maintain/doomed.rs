//! What a writer must know of a prune that goes on: packs it may not rely on, and whose entries it may carry over.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use atalaya_store::Store;

use super::authority::Authority;
use super::lists::{Condemned, Deleted, pack_of};
use crate::config::{any, decode, encode};
use crate::envelope::Purpose;
use crate::model::PackId;
use crate::{Error, Kind, Result, names, state};

/// More packs than this are on lists only when somebody puts lists to use up memory.
const PACKS_MAX: usize = 64 << 10;

/// Packs on lists that count.
#[derive(Default)]
pub(crate) struct Doomed {
    /// May be gone at any moment.
    pub(crate) packs: HashSet<PackId>,
    /// Lists of condemned packs: id, and the snapshots that use none of them.
    lists: Vec<([u8; 16], HashSet<[u8; 16]>)>,
    /// What is odd about other lists.
    pub(crate) remarks: Vec<String>,
}

impl Doomed {
    /// Reads all lists. A writer does so after its session is in the store: either a prune waits for that, or its list is
    /// found here.
    pub(crate) fn read(store: &dyn Store, authority: Authority<'_>) -> Result<Self> {
        let mut out = Self::default();
        if any(store, names::CONDEMNED)? {
            for (id, list) in
                authority.read_all::<Condemned>(store, Purpose::Condemned, names::CONDEMNED, &mut out.remarks)?
            {
                list.packs.iter().try_for_each(|pack| out.add(pack))?;
                out.lists.push((id, list.unused_by.into_iter().collect()));
            }
        }
        if any(store, names::DELETED)? {
            for (_, list) in authority.read_all::<Deleted>(store, Purpose::Deleted, names::DELETED, &mut out.remarks)? {
                list.packs.iter().try_for_each(|pack| out.add(pack))?;
            }
        }
        Ok(out)
    }

    fn add(&mut self, pack: &(u8, [u8; 16])) -> Result<()> {
        if self.packs.len() >= PACKS_MAX {
            let text =
                format!("more than {PACKS_MAX} packs wait to be deleted; run \"atalaya-agent prune\" to its end");
            return Err(Error::new(Kind::Refused, text));
        }
        self.packs.insert(pack_of(pack)?.1);
        Ok(())
    }

    /// Whether entries of the tree of `snapshot`, which `job` made last, may be carried over without being looked up: the
    /// list's maker saw that it needs none of those packs, or it was itself made with each list at hand.
    ///
    /// Of several lists no maker knows the others: each may rely on packs that another one names.
    pub(crate) fn spares(&self, state: &Path, job: &str, snapshot: &[u8; 16]) -> bool {
        if self.lists.is_empty() {
            return true;
        }
        if let [(_, unused_by)] = &self.lists[..]
            && unused_by.contains(snapshot)
        {
            return true;
        }
        let heeded = heeded(state, job, snapshot);
        self.lists.iter().all(|(id, _)| heeded.contains(id))
    }

    /// After `snapshot` was made: it uses nothing that is on these lists.
    pub(crate) fn remember(&self, state: &Path, job: &str, snapshot: &[u8; 16]) -> Result<()> {
        let path = path(state, job);
        if self.lists.is_empty() {
            let _ = std::fs::remove_file(path);
            return Ok(());
        }
        let ids: Vec<[u8; 16]> = self.lists.iter().map(|(id, _)| *id).collect();
        state::replace(&path, &encode(&(*snapshot, ids))?)
    }
}

fn path(state: &Path, job: &str) -> PathBuf {
    state.join(format!("heeded-{}", names::hex(job.as_bytes())))
}

fn heeded(state: &Path, job: &str, snapshot: &[u8; 16]) -> HashSet<[u8; 16]> {
    let bytes = std::fs::read(path(state, job)).unwrap_or_default();
    match decode::<([u8; 16], Vec<[u8; 16]>)>(&bytes) {
        Ok((made, ids)) if made == *snapshot => ids.into_iter().collect(),
        _ => HashSet::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_lists_neither_speaks_for_the_other() {
        let (state, parent, other) = (tempfile::tempdir().unwrap(), [7; 16], [8; 16]);
        let with = |lists: &[[u8; 16]]| Doomed {
            lists: lists.iter().map(|id| (*id, HashSet::from([parent]))).collect(),
            ..Doomed::default()
        };
        let spares = |doomed: &Doomed, snapshot| doomed.spares(state.path(), "job", snapshot);
        let both = with(&[[1; 16], [2; 16]]);
        assert!(spares(&with(&[]), &other) && spares(&with(&[[1; 16]]), &parent) && !spares(&with(&[[1; 16]]), &other));
        assert!(!spares(&both, &parent));
        // A snapshot that was made with both at hand.
        both.remember(state.path(), "job", &other).unwrap();
        assert!(spares(&both, &other) && !spares(&with(&[[1; 16], [3; 16]]), &other));
    }
}
