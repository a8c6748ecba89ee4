//! Packs on the lists of what prunes of the primary deleted.

use std::sync::atomic::Ordering;

use super::Copy;
use crate::check::packs::{KEY_BYTES as PACK_KEY, ROW_BYTES as PACK_ROW, indexed_packs, parse, row, stored_packs};
use crate::config::read_small;
use crate::envelope::Purpose;
use crate::index::IndexSet;
use crate::maintain::{Deleted, pack_of};
use crate::side::Side;
use crate::sorter::{Sorted, Sorter};
use crate::{Result, names, presence};

/// What the target still has of what was dropped.
pub(super) struct Dropped {
    /// Lists that it has not followed yet.
    lists: Vec<[u8; 16]>,
    packs: Sorted<PACK_ROW>,
    pub(super) count: u64,
    pub(super) bytes: u64,
    /// Bytes of all packs in the target.
    total: u64,
}

impl Copy<'_> {
    pub(super) fn dropped(&mut self, index: &IndexSet) -> Result<Dropped> {
        let (mut lists, mut rows) = (Vec::new(), Sorter::<PACK_ROW>::new(self.spool()));
        let mut pairs = self.pairs(names::DROPPED)?;
        while let Some(pair) = pairs.next()? {
            if pair.here.is_none() || pair.there.is_some() {
                continue;
            }
            let name = names::object(names::DROPPED, &pair.id);
            match self.authority().read::<Deleted>(&*self.from.store, Purpose::Deleted, &name) {
                Ok(list) => {
                    for pack in &list.packs {
                        let (kind, id) = pack_of(pack)?;
                        rows.push(row(kind, id, 0))?;
                    }
                    lists.push(pair.id);
                }
                Err(err) if Self::counts_not(&err) => self.warn(format!("{name} does not count: {err}")),
                Err(err) => return Err(err.context(&name)),
            }
        }
        let mut on_lists = Side::new(rows.sorted()?)?;
        let mut named = Side::new(indexed_packs(index, self.spool())?)?;
        let mut there = stored_packs(&*self.store, self.spool())?;
        let (mut out, mut count, mut bytes, mut total) = (Sorter::new(self.spool()), 0, 0, 0);
        while let Some(pack) = there.next()? {
            let len = u64::from(parse(&pack)?.2);
            total += len;
            let key = &pack[..PACK_KEY];
            if on_lists.take(key)?.is_some() && named.take(key)?.is_none() {
                out.push(pack)?;
                count += 1;
                bytes += len;
            }
        }
        Ok(Dropped { lists, packs: out.sorted()?, count, bytes, total })
    }

    /// As a prune, it does not take an unexpected share of what is there without being asked to.
    pub(super) fn too_much(&self, dropped: &Dropped) -> Option<String> {
        let percent = dropped.bytes as f64 * 100.0 / dropped.total.max(1) as f64;
        (percent > self.options.drop_percent_max).then(|| {
            format!(
                "{percent:.0} % of what {} holds was dropped, more than the {} % that may be deleted at once; if that is meant \
                 so, run it again with \"--drop-max {:.0}\"",
                self.store.place(),
                self.options.drop_percent_max,
                percent.ceil()
            )
        })
    }

    /// The lists come last: a list in the target says that it was followed.
    pub(super) fn drop_packs(&mut self, mut dropped: Dropped) -> Result<()> {
        let (from, to) = (self.from, self.store.clone());
        let mut left = false;
        while let Some(pack) = dropped.packs.next()? {
            self.stopped()?;
            let (kind, id, len) = parse(&pack)?;
            let name = names::pack(kind, id);
            // Asked for by its name: it may have come back, and a listing may lag.
            if !presence::is_gone(&*from.store, &name)? {
                left = true;
                continue;
            }
            presence::delete(&*to, &name)?;
            self.summary.deleted_packs += 1;
            self.summary.deleted_bytes += u64::from(len);
            self.options.progress.packs.fetch_add(1, Ordering::Relaxed);
        }
        to.sync()?;
        // A list in the target is not looked at again: what was left would stay there for ever.
        for id in dropped.lists.iter().filter(|_| !left) {
            let name = names::object(names::DROPPED, id);
            let bytes = read_small(&*from.store, &name)?;
            self.authority().body(Purpose::Deleted, &bytes)?;
            presence::put(&*to, &name, &bytes)?;
        }
        Ok(to.sync()?)
    }
}
