//! Packs that a prune relies on when it deletes others: those that it made itself and has read back, and no others. What
//! somebody else stored may be a claim, or about to be deleted because somebody relies on ours.

use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};

use super::lists::pack_of;
use super::mark::Facts;
use super::{Authority, Doomed};
use crate::check::read_whole;
use crate::model::PackId;
use crate::pack::BlobRecord;
use crate::read::Blobs;
use crate::{Repository, Result, names};

/// Ids that are remembered: two rounds of a prune.
const IDS_MAX: usize = 2 * super::repack::ROUND_BLOBS_MAX;

/// A blob at its place in a pack, as half a digest of all that a run says of it.
pub(super) type Place = [u8; 16];

pub(super) fn place(pack: PackId, blob: &BlobRecord) -> Place {
    let mut sum = Sha256::new();
    sum.update(pack.0);
    sum.update(blob.id.0);
    sum.update(blob.position.to_be_bytes());
    for number in [blob.offset, blob.stored, blob.raw] {
        sum.update(number.to_be_bytes());
    }
    let mut out = Place::default();
    out.copy_from_slice(&sum.finalize()[..16]);
    out
}

/// What was read back, by pack.
#[derive(Debug, Default)]
pub(super) struct Relied {
    whole: HashMap<PackId, Vec<Place>>,
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
            let whole = match u32::try_from(len) {
                Ok(len) => read_whole(blobs, kind, id, len)?,
                Err(_) => Err("it is longer than any pack".into()),
            };
            match whole {
                Ok(all) => {
                    ids += all.len();
                    self.whole.insert(id, all.iter().map(|blob| place(id, blob)).collect());
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
        for (id, places) in self.whole.iter().filter(|(id, _)| !doomed.packs.contains(id)) {
            facts.relied.insert(*id);
            facts.places.extend_from_slice(places);
        }
        facts.places.sort_unstable();
        Ok(facts)
    }
}

impl Facts {
    /// Whether a place may be the only one that stays: an index run may claim anything of any pack.
    pub(super) fn relies_on(&self, pack: PackId, blob: &BlobRecord) -> bool {
        self.relied.contains(&pack) && self.places.binary_search(&place(pack, blob)).is_ok()
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
