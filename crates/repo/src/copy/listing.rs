//! Listings of two stores side by side, sorted on disk.

use std::path::Path;

use atalaya_store::Store;

use crate::Result;
use crate::names;
use crate::side::Side;
use crate::sorter::{Sorted, Sorter};

/// Id and length.
pub(super) const ROW_BYTES: usize = 24;

/// Objects of a folder by id. What only looks like one is none.
pub(super) fn objects(store: &dyn Store, folder: &str, spool: &Path) -> Result<Sorted<ROW_BYTES>> {
    let (mut sorter, mut failure) = (Sorter::new(spool), None);
    store.list(folder, &mut |entry| {
        if let Some(id) = names::unhex::<16>(&entry.name)
            && names::object(folder, &id) == entry.name
            && failure.is_none()
        {
            let mut row = [0; ROW_BYTES];
            row[..16].copy_from_slice(&id);
            row[16..].copy_from_slice(&entry.len.to_be_bytes());
            failure = sorter.push(row).err();
        }
        Ok(())
    })?;
    failure.map_or(Ok(()), Err)?;
    sorter.sorted()
}

/// An object that one store or both have, with its lengths.
pub(super) struct Pair {
    pub(super) id: [u8; 16],
    pub(super) here: Option<u64>,
    pub(super) there: Option<u64>,
}

/// Objects of one folder in the primary and in the target.
pub(super) struct Pairs {
    here: Side<ROW_BYTES>,
    there: Side<ROW_BYTES>,
}

impl Pairs {
    pub(super) fn new(here: Sorted<ROW_BYTES>, there: Sorted<ROW_BYTES>) -> Result<Self> {
        Ok(Self { here: Side::new(here)?, there: Side::new(there)? })
    }

    pub(super) fn next(&mut self) -> Result<Option<Pair>> {
        let Some(first) = [self.here.peek(16), self.there.peek(16)].into_iter().flatten().min() else {
            return Ok(None);
        };
        let mut id = [0; 16];
        id.copy_from_slice(first);
        let len = |row: Option<[u8; ROW_BYTES]>| row.and_then(|row| row[16..].try_into().ok().map(u64::from_be_bytes));
        let (here, there) = (len(self.here.take(&id)?), len(self.there.take(&id)?));
        Ok(Some(Pair { id, here, there }))
    }
}
