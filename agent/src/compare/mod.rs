//! Files drawn by lot, restored without writing them anywhere, and compared with what they were made of.
//!
//! A check shows that what is stored is what was stored. This shows that it can be put together to files, and that these
//! are the ones that lie on the disk: where size, times and inode of a source are still those of the backup, so must its
//! bytes be, or one of both changed silently.

mod against;
mod lot;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};

use atalaya_repo::model::{Entry, Kind};
use atalaya_repo::view::View;
use atalaya_repo::{Error, Kind as Why, Result};
use portable_atomic::AtomicU64;

use crate::dump::{Batch, Broken, Filled, SMALL_FILE_BYTES_MAX, copy};
use crate::fs::{Folders, NoAtime};
use against::{Against, Verdict};
use lot::Lot;

/// What was compared, counted while it is.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// Files whose content was put together, and its bytes.
    pub(crate) files: AtomicU64,
    /// See `files`.
    pub(crate) bytes: AtomicU64,
    /// Files whose source has the same bytes.
    pub(crate) equal: AtomicU64,
    /// Files whose source changed since, or is not there.
    pub(crate) changed: AtomicU64,
    /// Files that cannot be restored, or whose source differs although it did not change.
    pub(crate) wrong: AtomicU64,
}

/// Hears of a file that is not what it should be: path, why.
pub(crate) type Wrong<'a> = dyn FnMut(&[u8], String) + 'a;

/// Compares `share` (0 to 1) of the files of a snapshot. What is `wrong` is told, and ends nothing.
///
/// # Errors
/// When the store or its owner is gone, and when it was stopped.
pub(crate) fn compare(
    view: &dyn View,
    share: f64,
    compared: &Compared,
    stop: &AtomicBool,
    wrong: &mut Wrong<'_>,
) -> Result<()> {
    let folders = Folders::at_root().map_err(|err| Error::io("cannot open the root folder", &err.into()))?;
    let mut comparer = Comparer { view, compared, wrong, folders, atime: NoAtime::default() };
    // Small ones share chunks, and one by one each chunk would be read many times.
    let (mut batch, mut lot) = (Batch::new(), Lot::new(share));
    let mut entries = view.entries(b"")?;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::new(Why::Interrupted, "the comparison was stopped"));
        }
        match entries.next() {
            Ok(Some(entry)) if entry.meta.kind == Kind::File && lot.draws() => comparer.add(entry, &mut batch)?,
            Ok(Some(_)) => {}
            Ok(None) => return comparer.flush(&mut batch),
            // Names that cannot be read are what a check tells.
            Err(err) => judge(err).map(drop)?,
        }
    }
}

struct Comparer<'a, 'w> {
    view: &'a dyn View,
    compared: &'a Compared,
    wrong: &'a mut Wrong<'w>,
    folders: Folders,
    atime: NoAtime,
}

impl Comparer<'_, '_> {
    fn add(&mut self, entry: Entry, batch: &mut Batch) -> Result<()> {
        if entry.meta.size > SMALL_FILE_BYTES_MAX {
            let mut against = Against::open(&mut self.folders, &mut self.atime, &entry);
            return match copy(self.view, &entry, &mut against) {
                Ok(_) => {
                    self.settle(&entry, against);
                    Ok(())
                }
                Err(Broken::Read(err)) => self.unreadable(&entry.path, err),
                Err(Broken::Write(err)) => Err(Error::io("compare", &err)),
            };
        }
        if !batch.has_room(&entry, false) {
            self.flush(batch)?;
        }
        let path = entry.path.clone();
        batch.push(self.view, entry, false).or_else(|err| self.unreadable(&path, err))
    }

    fn flush(&mut self, batch: &mut Batch) -> Result<()> {
        let Filled { items, bytes, mut failed } = batch.fill(self.view)?;
        for (number, item) in items.iter().enumerate() {
            if let Some(err) = failed.remove(&(number as u32)) {
                self.unreadable(&item.entry.path, err)?;
                continue;
            }
            let mut against = Against::open(&mut self.folders, &mut self.atime, &item.entry);
            against.take(&bytes[item.content.clone()]);
            self.settle(&item.entry, against);
        }
        batch.clear();
        Ok(())
    }

    fn settle(&mut self, entry: &Entry, against: Against) {
        self.compared.files.fetch_add(1, Ordering::Relaxed);
        self.compared.bytes.fetch_add(entry.meta.size, Ordering::Relaxed);
        let count = match against.verdict(entry) {
            Verdict::Equal => &self.compared.equal,
            Verdict::Changed => &self.compared.changed,
            Verdict::Different(why) => {
                (self.wrong)(&entry.path, why);
                &self.compared.wrong
            }
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn unreadable(&mut self, path: &[u8], err: Error) -> Result<()> {
        let err = judge(err)?;
        self.compared.wrong.fetch_add(1, Ordering::Relaxed);
        (self.wrong)(path, format!("cannot be restored: {err}"));
        Ok(())
    }
}

/// What is wrong with one file is given back; what concerns all of them ends the comparison.
fn judge(err: Error) -> Result<Error> {
    match err.kind {
        Why::Damaged | Why::NotFound | Why::TooNew => Ok(err),
        _ => Err(err),
    }
}
