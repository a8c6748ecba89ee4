//! Packs in the store against packs that the index names.

use std::collections::HashSet;
use std::path::Path;

use atalaya_store::Store;

use super::{Check, DAMAGED_KEPT_MAX, Finding};
use crate::Result;
use crate::backup::heal;
use crate::index::IndexSet;
use crate::maintain::{Authority, Doomed};
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::pack::PackInfo;
use crate::sorter::{Sorted, Sorter};

/// Type, id, length: sorts by type and id.
pub(crate) const ROW_BYTES: usize = 21;
/// Type and id.
pub(crate) const KEY_BYTES: usize = 17;

pub(crate) fn row(kind: BlobType, id: PackId, len: u64) -> [u8; ROW_BYTES] {
    let mut out = [0; ROW_BYTES];
    out[0] = kind.number();
    out[1..17].copy_from_slice(&id.0);
    out[17..].copy_from_slice(&(u32::try_from(len).unwrap_or(u32::MAX)).to_be_bytes());
    out
}

/// The reverse of `row`.
pub(crate) fn parse(row: &[u8; ROW_BYTES]) -> Result<(BlobType, PackId, u32)> {
    let mut id = [0; 16];
    id.copy_from_slice(&row[1..17]);
    Ok((BlobType::from_number(row[0])?, PackId(id), u32::from_be_bytes([row[17], row[18], row[19], row[20]])))
}

impl Check<'_> {
    /// Compares both lists: what is missing, what has another length, what nobody names.
    pub(super) fn packs(&mut self) -> Result<()> {
        let mut stored = stored_packs(&*self.repo.store, self.options.spool)?;
        let mut indexed = indexed_packs(&self.blobs.index(), self.options.spool)?;
        let (mut missing, mut deleted) = (HashSet::new(), HashSet::new());
        // A prune that was cut off left runs that name what it had deleted; the next one takes them away.
        let doomed = Doomed::read(&*self.repo.store, Authority::of(&self.repo.keyring, &self.repo.roster))?;
        doomed.remarks.iter().for_each(|text| self.warn(text.clone()));
        let mut here = stored.next()?;
        let mut there = indexed.next()?;
        loop {
            match (here, there) {
                (None, None) => break,
                (Some(a), Some(b)) if a == b => {
                    self.summary.packs += 1;
                    (here, there) = (stored.next()?, indexed.next()?);
                }
                (Some(a), Some(b)) if a[..17] == b[..17] => {
                    self.summary.packs += 1;
                    let ((kind, id, is), (_, _, should)) = (parse(&a)?, parse(&b)?);
                    self.find(Finding::Pack(format!(
                        "{} has {is} bytes and should have {should}",
                        names::pack(kind, id)
                    )));
                    // Which of its blobs are still whole only a reader can tell; none is trusted here.
                    if missing.len() < DAMAGED_KEPT_MAX {
                        missing.insert((kind, id));
                    }
                    (here, there) = (stored.next()?, indexed.next()?);
                }
                (Some(a), b) if b.is_none_or(|b| a < b) => {
                    self.summary.unindexed_packs += 1;
                    here = stored.next()?;
                }
                (_, Some(b)) => {
                    let (kind, id, _) = parse(&b)?;
                    there = indexed.next()?;
                    if doomed.packs.contains(&id) {
                        deleted.insert((kind, id));
                        continue;
                    }
                    self.summary.packs += 1;
                    self.find(Finding::Pack(format!("{} is missing", names::pack(kind, id))));
                    if missing.len() < DAMAGED_KEPT_MAX {
                        missing.insert((kind, id));
                    }
                }
                (Some(_), None) => break,
            }
        }
        self.missing_packs(&missing)?;
        heal::remember_gone(self.repo.state(), missing.iter().map(|(_, id)| *id))?;
        self.gone = missing;
        self.gone.extend(deleted);
        Ok(())
    }

    /// Their blobs are gone, or may be. The whole index is read once to name them; that is rare.
    fn missing_packs(&mut self, missing: &HashSet<(BlobType, PackId)>) -> Result<()> {
        if missing.is_empty() {
            return Ok(());
        }
        let mut gone = Vec::new();
        self.blobs.index().each(&mut |pack, blob| {
            if missing.contains(&(pack.kind, pack.id)) && gone.len() < DAMAGED_KEPT_MAX {
                gone.push((pack.id, blob.id));
            }
            Ok(())
        })?;
        gone.into_iter().for_each(|(pack, blob)| self.damage(pack, blob));
        Ok(())
    }
}

/// Every pack that is in the store. What only looks like one is none.
pub(crate) fn stored_packs(store: &dyn Store, spool: &Path) -> Result<Sorted<ROW_BYTES>> {
    let mut sorter = Sorter::new(spool);
    for kind in [BlobType::Data, BlobType::Tree] {
        let mut failure = None;
        store.list(kind.folder(), &mut |entry| {
            if let Some(id) = names::unhex(&entry.name).map(PackId)
                && names::pack(kind, id) == entry.name
                && failure.is_none()
            {
                failure = sorter.push(row(kind, id, entry.len)).err();
            }
            Ok(())
        })?;
        failure.map_or(Ok(()), Err)?;
    }
    sorter.sorted()
}

/// Every pack that the index names.
pub(crate) fn indexed_packs(index: &IndexSet, spool: &Path) -> Result<Sorted<ROW_BYTES>> {
    let mut sorter = Sorter::new(spool);
    index.each_pack(&mut |pack: &PackInfo| sorter.push(row(pack.kind, pack.id, pack.len.into())))?;
    sorter.sorted()
}
