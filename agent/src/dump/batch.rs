//! Entries that are fetched together: small files share chunks, and one by one each chunk would be read many times.

use std::collections::BTreeMap;
use std::ops::Range;

use atalaya_repo::model::{Entry, Kind, Run, XattrValue};
use atalaya_repo::view::View;
use atalaya_repo::{Error, Result};

use super::WINDOW_BYTES;
use super::content::Window;

/// Entries in one batch.
const ENTRIES_MAX: usize = 1024;
/// Paths, targets and attributes in one batch.
const ENTRY_BYTES_MAX: usize = 1 << 20;
/// Pieces of one such file: a hole and a block in turn, in blocks of 512 bytes.
const RUNS_MAX: usize = SMALL_FILE_BYTES_MAX as usize / 512 + 1;
/// Larger files are not batched.
pub(crate) const SMALL_FILE_BYTES_MAX: u64 = (WINDOW_BYTES / 4) as u64;

/// An entry and where its content will be.
pub(crate) struct Item {
    pub(crate) entry: Entry,
    pub(crate) content: Range<usize>,
    /// A later name of something that the archive has already.
    pub(crate) further: bool,
}

/// A batch with its content.
pub(crate) struct Filled<'a> {
    pub(crate) items: &'a [Item],
    /// Of all items; each knows its range.
    pub(crate) bytes: &'a [u8],
    /// Why content cannot be had, by number of the item.
    pub(crate) failed: BTreeMap<u32, Error>,
}

/// Entries in order, and the window their content is fetched into.
pub(crate) struct Batch {
    pub(crate) items: Vec<Item>,
    window: Window,
    entry_bytes: usize,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new(), window: Window::new(), entry_bytes: 0 }
    }

    /// Whether `entry` (with its content, unless it is a `further` name) still fits.
    pub(crate) fn has_room(&self, entry: &Entry, further: bool) -> bool {
        let content = if further { 0 } else { entry.meta.size };
        let bytes = self.entry_bytes + weight(entry);
        self.items.is_empty()
            || (self.items.len() < ENTRIES_MAX && bytes <= ENTRY_BYTES_MAX && self.window.has_room(content))
    }

    /// Adds an entry, with its content unless it is a `further` name.
    pub(crate) fn push(&mut self, view: &dyn View, entry: Entry, further: bool) -> Result<()> {
        let from = self.window.len();
        if entry.meta.kind == Kind::File && !further {
            let mut runs: Vec<Run> = Vec::new();
            view.runs(&entry, &mut |run| {
                runs.push(run);
                if runs.len() > RUNS_MAX { Err(Error::damaged("it has more pieces than blocks")) } else { Ok(()) }
            })?;
            // Only now it is known that the lengths add up to the size, which was checked.
            let file = self.items.len() as u32;
            runs.into_iter().for_each(|run| self.window.push(file, run));
        }
        self.entry_bytes += weight(&entry);
        self.items.push(Item { entry, content: from..self.window.len(), further });
        Ok(())
    }

    /// Fetches all content.
    pub(crate) fn fill(&mut self, view: &dyn View) -> Result<Filled<'_>> {
        let mut failed = BTreeMap::new();
        let bytes = self.window.fill(view, |file, err| {
            failed.entry(file).or_insert(err);
        })?;
        Ok(Filled { items: &self.items, bytes, failed })
    }

    pub(crate) fn clear(&mut self) {
        self.items.clear();
        self.window.clear();
        self.entry_bytes = 0;
    }
}

fn weight(entry: &Entry) -> usize {
    let xattrs = entry.xattrs.iter().map(|xattr| {
        let value = match &xattr.value {
            XattrValue::Inline(bytes) => bytes.len(),
            XattrValue::Blob(..) => 0,
        };
        xattr.name.len() + value + 80
    });
    std::mem::size_of::<Entry>() + entry.path.len() + entry.target.len() + xattrs.sum::<usize>()
}
