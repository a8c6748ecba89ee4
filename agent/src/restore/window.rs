//! What is under way: as many entries as fit in the share, then their content is fetched.

use super::files::Files;
use super::wants::Wants;
use atalaya_repo::Result;
use atalaya_repo::model::{Entry, Meta, XattrValue};
use atalaya_repo::view::Want;
use std::path::Path;

/// A further name of a file, to be linked when the window's files are there.
#[derive(Debug)]
pub(crate) struct Link {
    /// Below the target.
    pub(crate) path: Vec<u8>,
    /// What has its name now.
    pub(crate) existing: Option<Meta>,
    /// Its folder hands down a group or an ACL.
    pub(crate) odd_folder: bool,
    /// To make a file of its own where linking is refused.
    pub(crate) entry: Entry,
}

/// A folder below which everything is under way, and its note.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) path: Vec<u8>,
    pub(crate) note: Vec<u8>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Window {
    entries_max: usize,
    bytes_max: usize,
    pub(crate) files: Files,
    /// To be written.
    pub(crate) wants: Wants,
    /// To be compared with what was kept.
    pub(crate) checks: Wants,
    pub(crate) links: Vec<Link>,
    pub(crate) closing: Vec<Closing>,
    /// Bytes of links, folders and attributes.
    other_bytes: usize,
}

impl Window {
    pub(crate) fn new(entries_max: usize, bytes_max: usize, spool_dir: &Path) -> Result<Self> {
        let pieces = bytes_max / 3 / size_of::<Want>();
        Ok(Self {
            entries_max,
            bytes_max,
            files: Files::default(),
            wants: Wants::new(pieces, spool_dir)?,
            checks: Wants::new(pieces, spool_dir)?,
            links: Vec::new(),
            closing: Vec::new(),
            other_bytes: 0,
        })
    }

    pub(crate) fn is_full(&self) -> bool {
        let entries = self.files.len() + self.links.len() + self.closing.len();
        let pieces = (self.wants.len() + self.checks.len()).min(1 << 30) as usize * size_of::<Want>();
        let bytes = self.files.bytes() + self.other_bytes + pieces;
        entries >= self.entries_max || bytes >= self.bytes_max || self.wants.is_full() || self.checks.is_full()
    }

    /// Counts bytes that a file holds beside its record.
    pub(crate) fn count(&mut self, bytes: usize) {
        self.other_bytes += bytes;
    }

    pub(crate) fn link(&mut self, link: Link) {
        self.other_bytes += size_of::<Link>() + link.path.len() + entry_bytes(&link.entry);
        self.links.push(link);
    }

    pub(crate) fn close(&mut self, closing: Closing) {
        self.other_bytes += size_of::<Closing>() + closing.path.len() + closing.note.len();
        self.closing.push(closing);
    }

    pub(crate) fn clear(&mut self) -> Result<()> {
        self.files.clear();
        self.links.clear();
        self.closing.clear();
        self.other_bytes = 0;
        self.wants.clear()?;
        self.checks.clear()
    }
}

/// What an entry holds on the heap, about.
pub(crate) fn entry_bytes(entry: &Entry) -> usize {
    let runs = match &entry.content {
        atalaya_repo::model::Content::Runs(runs) => std::mem::size_of_val(&runs[..]),
        _ => 0,
    };
    entry.path.len() + entry.target.len() + runs + xattr_bytes(entry)
}

/// What an entry's extended attributes hold, about.
pub(crate) fn xattr_bytes(entry: &Entry) -> usize {
    let inline = |value: &XattrValue| if let XattrValue::Inline(bytes) = value { bytes.len() } else { 0 };
    entry.xattrs.iter().map(|x| 64 + x.name.len() + inline(&x.value)).sum()
}
