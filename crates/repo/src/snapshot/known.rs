//! What a state folder remembers of a repository's snapshots, so that one that goes missing is noticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use atalaya_store::Store;
use serde::{Deserialize, Serialize};

use super::object::{Info, load};
use crate::config::{decode, encode};
use crate::keys::{Keyring, Roster};
use crate::maintain::{Authority, Forgotten, ids};
use crate::{Result, names, state};

/// Snapshots seen before, and those among them that no other follows.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    seen: BTreeMap<[u8; 16], [u8; 32]>,
    heads: BTreeSet<[u8; 32]>,
    /// Followed by a seen one, but not seen themselves.
    missing: BTreeSet<[u8; 32]>,
}

/// The memory of one state folder.
pub(crate) struct Known {
    path: PathBuf,
    record: Record,
    changed: bool,
}

impl Known {
    /// Reads the memory; none yet is an empty one, and so is one that is damaged (it is only a second witness).
    pub(crate) fn open(folder: &Path) -> Self {
        let path = folder.join("snapshots");
        let record = std::fs::read(&path).ok().and_then(|bytes| decode(&bytes).ok()).unwrap_or_default();
        Self { path, record, changed: false }
    }

    /// Compares with the store: learns new snapshots, tells of missing, altered and forged ones.
    pub(crate) fn refresh(&mut self, store: &dyn Store, keyring: &Keyring, roster: &Roster) -> Result<Vec<String>> {
        let listed: BTreeSet<[u8; 16]> = ids(store, names::SNAPSHOTS)?.into_iter().collect();
        let mut warnings = Vec::new();
        for id in &listed {
            if self.record.seen.contains_key(id) {
                continue;
            }
            match load(store, keyring, roster, *id) {
                Ok(info) => self.learn(&info),
                Err(err) => warnings.push(err.text),
            }
        }
        let gone = |record: &Record| record.seen.keys().any(|id| !listed.contains(id)) || !record.missing.is_empty();
        if gone(&self.record) {
            warnings.extend(self.excuse(store, Authority::of(keyring, roster), &listed)?);
        }
        for id in self.record.seen.keys().filter(|id| !listed.contains(*id)) {
            warnings.push(format!(
                "snapshot {} was there before and is gone, and no maintainer forgot it: the repository may have been rolled back or tampered with",
                names::hex(&id[..4])
            ));
        }
        for hash in &self.record.missing {
            warnings.push(format!(
                "a snapshot says that it follows another ({}…) which is not in the repository",
                names::hex(&hash[..4])
            ));
        }
        Ok(warnings)
    }

    /// Takes off what maintainers forgot. The lists are read only when something is missing: there may be one for each day
    /// of years.
    fn excuse(
        &mut self,
        store: &dyn Store,
        authority: Authority<'_>,
        listed: &BTreeSet<[u8; 16]>,
    ) -> Result<Vec<String>> {
        let forgotten = Forgotten::read(store, authority)?;
        let before = (self.record.seen.len(), self.record.missing.len());
        self.record.seen.retain(|id, hash| listed.contains(id) || !forgotten.names(hash));
        self.record.missing.retain(|hash| !forgotten.names(hash));
        self.changed |= before != (self.record.seen.len(), self.record.missing.len());
        Ok(forgotten.remarks)
    }

    /// Takes in one snapshot; the order in which they come does not matter.
    pub(crate) fn learn(&mut self, info: &Info) {
        if !self.record.missing.remove(&info.hash) {
            self.record.heads.insert(info.hash);
        }
        for followed in &info.catalogue.predecessors {
            if !self.record.heads.remove(followed) && !self.record.seen.values().any(|hash| hash == followed) {
                self.record.missing.insert(*followed);
            }
        }
        self.record.seen.insert(info.id, info.hash);
        self.changed = true;
    }

    /// The hash that a snapshot had when it was seen.
    pub(crate) fn hash_of(&self, id: &[u8; 16]) -> Option<[u8; 32]> {
        self.record.seen.get(id).copied()
    }

    /// Snapshots that were seen and are not among `listed`.
    pub(crate) fn gone<'a>(
        &'a self,
        listed: &'a BTreeSet<[u8; 16]>,
    ) -> impl Iterator<Item = ([u8; 16], [u8; 32])> + 'a {
        self.record.seen.iter().filter(|(id, _)| !listed.contains(*id)).map(|(id, hash)| (*id, *hash))
    }

    /// Hashes of snapshots that others follow, and that nobody has seen.
    pub(crate) fn missing(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        self.record.missing.iter().copied()
    }

    /// Hashes of the snapshots that none follows.
    pub(crate) fn heads(&self) -> Vec<[u8; 32]> {
        self.record.heads.iter().copied().collect()
    }

    /// Writes the memory if it changed.
    pub(crate) fn save(&self) -> Result<()> {
        if !self.changed {
            return Ok(());
        }
        state::replace(&self.path, &encode(&self.record)?)
    }
}
