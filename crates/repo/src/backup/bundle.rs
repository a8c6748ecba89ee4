//! The bundle being filled with small files, and the items that wait for its chunk.

use super::buffer::Buffer;
use super::item::Item;
use crate::chunker::bundle_ends;
use crate::limits;

/// Bytes of waiting items that end a bundle early.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// A bundle that is open.
pub(super) struct Bundle {
    /// Chunk number of this run.
    pub(super) number: u64,
    pub(super) bytes: Buffer,
    files: usize,
}

/// Items that cannot go on before the bundle's chunk is on its way, in order.
#[derive(Default)]
pub(super) struct Waiting {
    pub(super) items: Vec<Item>,
    pub(super) bytes: usize,
}

impl Bundle {
    pub(super) fn new(number: u64, bytes: Buffer) -> Self {
        Self { number, bytes, files: 0 }
    }

    /// Whether a file of `size` bytes (and one more, to notice growth) still fits.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.bytes.len() + size < limits::CHUNK_BYTES_MAX
    }

    /// Counts a file that was appended; `true` when the bundle ends behind it.
    pub(super) fn appended(&mut self, size: usize, digest: &[u8; 16]) -> bool {
        self.files += 1;
        self.files >= limits::BUNDLE_FILES_MAX || bundle_ends(self.bytes.len(), size, digest)
    }
}

impl Waiting {
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= WAITING_BYTES_MAX
    }
}
