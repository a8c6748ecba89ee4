//! What the reader tells the assembler, in tree order.

use crate::model::{ChunkId, Content, Entry, Xattr, XattrValue};

/// A stretch of content whose chunk may not have its id yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PendingRun {
    Hole(u64),
    /// Chunk number of this run, offset, length.
    Data {
        chunk: u64,
        offset: u32,
        len: u32,
    },
}

/// A leaf of the last tree in which nothing changed.
pub(super) struct KeptNode {
    pub(super) id: ChunkId,
    pub(super) node: Vec<u8>,
    pub(super) first: Vec<u8>,
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// Where its record lies in the last tree's file: offset and length.
    pub(super) place: (u64, u64),
}

/// One step of the tree.
pub(super) enum Item {
    Keep(Box<KeptNode>),
    /// From the last tree, as it was.
    Carry(Box<Entry>),
    /// Complete as it is.
    Entry(Box<Entry>),
    /// Content follows from `runs`, after those that `Runs` brought.
    File(Box<NewFile>),
    /// Part of the runs of the file that comes next.
    Runs(Vec<PendingRun>),
    /// The runs brought so far are void: the file changed and is read again.
    Discard,
    /// A further name of a file whose content an earlier item of this run brought.
    Link(Box<Entry>),
}

/// A file that was read.
pub(super) struct NewFile {
    pub(super) entry: Entry,
    pub(super) runs: Vec<PendingRun>,
    /// What the content should be, if nothing but time stamps say so (`--full`).
    pub(super) expected: Option<Content>,
}

/// Items on their way, and the smallest chunk number that later items may still name.
pub(super) struct Items {
    pub(super) items: Vec<Item>,
    pub(super) low: u64,
}

/// Rough bytes of an entry in memory.
pub(super) fn weight(entry: &Entry) -> usize {
    std::mem::size_of::<Entry>() + 64 + entry.path.len() + entry.target.len() + xattrs_weight(&entry.xattrs)
}

/// Rough bytes of extended attributes in memory.
pub(super) fn xattrs_weight(xattrs: &[Xattr]) -> usize {
    let value = |xattr: &Xattr| match &xattr.value {
        XattrValue::Inline(bytes) => bytes.len(),
        XattrValue::Blob(..) => 0,
    };
    xattrs.iter().map(|xattr| xattr.name.len() + 96 + value(xattr)).sum()
}
