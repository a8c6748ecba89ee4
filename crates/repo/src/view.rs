//! What restoring, listing and comparing ask of a snapshot.

use crate::Result;
use crate::model::{ChunkId, Entry, Run, XattrValue};

/// A stretch of a chunk that belongs somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Want {
    /// Which chunk.
    pub chunk: ChunkId,
    /// Where in the chunk's plaintext it begins.
    pub offset: u32,
    /// Bytes.
    pub len: u32,
    /// The caller's number of the file it belongs to.
    pub file: u32,
    /// Where in that file it belongs, in bytes.
    pub at: u64,
}

/// Takes what [`View::fetch`] found: the wants of one chunk and its whole plaintext (index it by
/// `offset` and `len`), or why it cannot be had. Called from several threads at once.
pub type Deliver<'a> = dyn Fn(&[Want], Result<&[u8]>) + Sync + 'a;

/// Entries in tree order.
pub trait EntryStream {
    /// The next entry; `None` at the end. After an error the stream may be asked on: what
    /// cannot be read is skipped.
    fn next(&mut self) -> Result<Option<Entry>>;
}

/// A snapshot that is open for reading.
pub trait View: Sync {
    /// The entry `under` itself (if it is one) and everything below it; all for the empty path.
    fn entries(&self, under: &[u8]) -> Result<Box<dyn EntryStream + '_>>;

    /// Calls `each` for every run of a file's content, in order, with memory that does not grow
    /// with their number. The caller has checked nothing: lengths sum to the file's size or it is an error.
    fn runs(&self, entry: &Entry, each: &mut dyn FnMut(Run) -> Result<()>) -> Result<()>;

    /// The bytes of an extended attribute's value.
    fn xattr_value(&self, value: &XattrValue) -> Result<Vec<u8>>;

    /// Reads chunks, each once, in the order in which they lie in the packs, in parallel, and delivers
    /// them. `wants` is sorted in place; its order afterwards is unspecified. A chunk
    /// that cannot be read is delivered as an error and does not end the call; only what
    /// concerns every chunk (a store that is gone) does.
    fn fetch(&self, wants: &mut [Want], deliver: &Deliver<'_>) -> Result<()>;
}
