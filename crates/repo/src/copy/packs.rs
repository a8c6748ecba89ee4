//! Packs: which ones the target lacks, and bringing them there.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use atalaya_store::Store;

use super::Copy;
use crate::check::packs::{KEY_BYTES as PACK_KEY, ROW_BYTES as PACK_ROW, indexed_packs, parse, stored_packs};
use crate::index::IndexSet;
use crate::maintain::Doomed;
use crate::model::PackId;
use crate::names::{self, BlobType};
use crate::side::Side;
use crate::sorter::{Sorted, Sorter};
use crate::{Kind, Result, limits};

/// Type, id, length here, length there.
const ROW_BYTES: usize = 25;
/// The target does not have it.
const NONE: u32 = u32::MAX;
/// Packs that are missing and remembered one by one.
const ABSENT_MAX: usize = 20_000;

/// A pack to be copied, replaced or verified.
type Due = (BlobType, PackId, u32, u32);

fn row_of((kind, id, here, there): Due) -> [u8; ROW_BYTES] {
    let mut out = [0; ROW_BYTES];
    out[0] = kind.number();
    out[1..17].copy_from_slice(&id.0);
    out[17..21].copy_from_slice(&here.to_be_bytes());
    out[21..].copy_from_slice(&there.to_be_bytes());
    out
}

fn parsed(row: &[u8; ROW_BYTES]) -> Result<Due> {
    let mut id = [0; 16];
    id.copy_from_slice(&row[1..17]);
    let word = |at: usize| u32::from_be_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
    Ok((BlobType::from_number(row[0])?, PackId(id), word(17), word(21)))
}

/// A pack that runs name and the primary does not have; its length in the target, if it is there.
pub(super) type Absent = (BlobType, PackId, Option<u32>);

impl Copy<'_> {
    /// Copies what the target lacks; gives packs that the primary lacks. `whole` if every run of the primary can be read:
    /// if not, packs that none names are copied, too, since the one that does may be mended.
    pub(super) fn packs(&mut self, index: &IndexSet, whole: bool) -> Result<Vec<Absent>> {
        let (mut due, mut absent) = self.compare_packs(index, whole)?;
        if self.options.dry_run {
            return Ok(absent);
        }
        while let Some(row) = due.next()? {
            self.stopped()?;
            let due = parsed(&row)?;
            if !self.pack(due)? && absent.len() < ABSENT_MAX {
                absent.push((due.0, due.1, (due.3 != NONE).then_some(due.3)));
            }
            self.options.progress.packs.fetch_add(1, Ordering::Relaxed);
            self.options.progress.bytes.fetch_add(due.2.into(), Ordering::Relaxed);
        }
        self.reading = false;
        Ok(absent)
    }

    /// By listings alone.
    fn compare_packs(&mut self, index: &IndexSet, whole: bool) -> Result<(Sorted<ROW_BYTES>, Vec<Absent>)> {
        let mut named = Side::new(indexed_packs(index, self.spool())?)?;
        let mut here = Side::new(stored_packs(&*self.from.store, self.spool())?)?;
        let mut there = Side::new(stored_packs(&*self.store, self.spool())?)?;
        let (mut due, mut absent, mut count, mut bytes) = (Sorter::new(self.spool()), Vec::new(), 0, 0);
        while let Some(key) = [&named, &here, &there].iter().filter_map(|side| side.peek(PACK_KEY)).min() {
            let mut first = [0; PACK_KEY];
            first.copy_from_slice(key);
            let (by_run, by_us, by_them) = (named.take(&first)?, here.take(&first)?, there.take(&first)?);
            let Some(any) = by_run.or(by_us).or(by_them) else { break };
            let (kind, id, _) = parse(&any)?;
            let len = |row: Option<[u8; PACK_ROW]>| row.map(|row| parse(&row).map(|(.., len)| len)).transpose();
            let (by_us, by_them) = (len(by_us)?, len(by_them)?);
            if by_run.is_none() && (whole || by_us.is_none()) {
                self.summary.strays += u64::from(by_us.is_none() && by_them.is_some());
                continue;
            }
            let Some(by_us) = by_us else {
                if absent.len() < ABSENT_MAX {
                    absent.push((kind, id, by_them));
                }
                continue;
            };
            if by_them != Some(by_us) || self.reading {
                due.push(row_of((kind, id, by_us, by_them.unwrap_or(NONE))))?;
                count += 1;
                bytes += u64::from(by_us);
            }
            if self.options.dry_run && by_them != Some(by_us) {
                self.summary.packs += 1;
                self.summary.bytes += u64::from(by_us);
            }
        }
        let progress = self.options.progress;
        progress.total_packs.store(progress.packs.load(Ordering::Relaxed) + count, Ordering::Relaxed);
        progress.total_bytes.store(progress.bytes.load(Ordering::Relaxed) + bytes, Ordering::Relaxed);
        Ok((due.sorted()?, absent))
    }

    /// `false` when it was deleted since it was listed: whether by a prune is seen when the runs are listed again.
    fn pack(&mut self, (kind, id, here, there): Due) -> Result<bool> {
        let (from, to) = (self.from, Arc::clone(&self.store));
        if self.options.heal && there != NONE {
            self.heal_pack(kind, id, (here, there))?;
            return Ok(true);
        }
        match self.carry_pack(&*from.store, &*to, (kind, id, here), false)? {
            Ok(()) => {
                self.summary.packs += 1;
                self.summary.bytes += u64::from(here);
                self.summary.healed_there += u64::from(there != NONE);
            }
            Err(err) if err.kind == Kind::NotFound => return Ok(false),
            Err(err) => {
                let name = names::pack(kind, id);
                self.trouble(format!("{name} at {}: {err}; it was not copied", from.place()));
                self.offer(&*to, kind, id, there)?;
            }
        }
        Ok(true)
    }

    /// Says that the target has a sound one, if that is so.
    fn offer(&mut self, to: &dyn Store, kind: BlobType, id: PackId, there: u32) -> Result<()> {
        if there != NONE
            && u64::from(there) <= limits::PACK_BYTES_MAX
            && self.verify_pack(to, (kind, id, there))?.is_ok()
        {
            let (name, place) = (names::pack(kind, id), to.place());
            self.warn(format!("{place} has a sound {name}: \"--heal\" puts it back"));
        }
        Ok(())
    }

    /// What the primary lacks and no prune deleted is missing. A prune's list of what it deletes is there from before a pack is
    /// gone until no run names it: so the lists are read first and the runs then, and what is on none of the lists and named
    /// by a run still was not deleted by a prune.
    pub(super) fn tell_absent(&mut self, absent: Vec<Absent>) -> Result<()> {
        if absent.is_empty() {
            return Ok(());
        }
        let (from, to) = (self.from, Arc::clone(&self.store));
        let doomed = Doomed::read(&*from.store, self.authority())?;
        let mut named = HashSet::new();
        let left: HashSet<PackId> =
            absent.iter().map(|(_, id, _)| *id).filter(|id| !doomed.packs.contains(id)).collect();
        from.index()?.each_pack(&mut |pack| {
            named.extend(Some(pack.id).filter(|id| left.contains(id)));
            Ok(())
        })?;
        for (kind, id, there) in absent.into_iter().filter(|(_, id, _)| named.contains(id)) {
            let name = names::pack(kind, id);
            if let Ok(len) = from.store.stat(&name) {
                // A listing that was not whole.
                let due = (kind, id, u32::try_from(len).unwrap_or(NONE), there.unwrap_or(NONE));
                if self.options.dry_run || there.map(u64::from) == Some(len) || self.pack(due)? {
                    continue;
                }
            }
            let Some(there) = there else {
                self.trouble(format!("{name} is missing at {} and at {}", from.place(), to.place()));
                continue;
            };
            if self.options.heal && !self.options.dry_run {
                self.put_back(kind, id, there)?;
            } else {
                let place = to.place();
                self.trouble(format!("{name} is missing at {}; {place} has it: \"--heal\" puts it back", from.place()));
            }
        }
        Ok(())
    }
}
