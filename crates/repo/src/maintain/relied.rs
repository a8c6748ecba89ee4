//! Packs that a prune relies on when it deletes others: those that it made itself and has read back, and no others. What
//! somebody else stored may be a claim, or about to be deleted because somebody relies on ours.

use std::collections::{HashMap, HashSet};

use super::lists::pack_of;
use super::mark::Facts;
use super::{Authority, Doomed};
use crate::check::read_whole;
use crate::model::PackId;
use crate::read::Blobs;
use crate::{Error, Repository, Result, names};

/// Ids that are remembered: two rounds of a prune.
const IDS_MAX: usize = 2 * super::repack::ROUND_BLOBS_MAX;

/// The first half of a blob's id, which no two have.
pub(super) type Half = [u8; 16];

/// What was read back, by pack.
#[derive(Debug, Default)]
pub(super) struct Relied {
    whole: HashMap<PackId, Vec<Half>>,
    /// What was not whole.
    pub(super) warnings: Vec<String>,
}

impl Relied {
    /// Reads packs of `moved` from the first byte to the last, unless that was done.
    pub(super) fn read_back(
        &mut self,
        blobs: &Blobs<'_>,
        moved: &[(u8, [u8; 16])],
        stopped: &dyn Fn() -> Result<()>,
    ) -> Result<()> {
        let mut ids: usize = self.whole.values().map(Vec::len).sum();
        for pack in moved {
            let (kind, id) = pack_of(pack)?;
            if self.whole.contains_key(&id) || ids > IDS_MAX {
                continue;
            }
            stopped()?;
            let name = names::pack(kind, id);
            let len = match blobs.repo.store.stat(&name) {
                Ok(len) => len,
                // Never put, or a prune found that nothing named it.
                Err(err) if err.kind == atalaya_store::Kind::NotFound => continue,
                Err(err) => return Err(err.into()),
            };
            let len = u32::try_from(len).map_err(|_| Error::damaged(format!("{name} is longer than any pack")))?;
            match read_whole(blobs, kind, id, len)? {
                Ok(all) => {
                    let halves: Vec<Half> = all.iter().filter_map(|id| id.0.first_chunk().copied()).collect();
                    ids += halves.len();
                    self.whole.insert(id, halves);
                }
                Err(why) => self.warnings.push(format!("{name} was stored by a prune and does not read back: {why}")),
            }
        }
        Ok(())
    }

    /// Those of `moved` that are whole and on nobody's list. To be asked before the index is read: whoever condemns one later
    /// waits for our session.
    pub(super) fn facts(&self, repo: &Repository, moved: &[(u8, [u8; 16])]) -> Result<Facts> {
        let mut facts = Facts::default();
        if moved.is_empty() {
            return Ok(facts);
        }
        let doomed = Doomed::read(&*repo.store, Authority::of(&repo.keyring, &repo.roster))?;
        for (id, halves) in self.whole.iter().filter(|(id, _)| !doomed.packs.contains(id)) {
            facts.relied.insert(*id);
            facts.ids.extend_from_slice(halves);
        }
        facts.ids.sort_unstable();
        facts.ids.dedup();
        Ok(facts)
    }
}

impl Facts {
    /// Whether a place may be the only one that stays: an index run may claim anything of any pack.
    pub(super) fn relies_on(&self, pack: &PackId, id: &[u8; 32]) -> bool {
        self.relied.contains(pack) && id.first_chunk().is_some_and(|half: &Half| self.ids.binary_search(half).is_ok())
    }

    /// Whether all places count alike.
    pub(super) fn is_plain(&self) -> bool {
        self.missing.is_empty() && self.relied.is_empty()
    }

    /// Without the packs of `missing`.
    pub(super) fn lacking(mut self, missing: HashSet<PackId>) -> Self {
        self.relied.retain(|id| !missing.contains(id));
        self.missing = missing;
        self
    }
}
