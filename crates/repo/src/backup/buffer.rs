//! Chunk buffers: made once, handed round, never grown.

use std::ops::Deref;

use crate::limits;

/// Room for the largest chunk, and how much of it is in use. The memory is not touched before it is written.
/// A byte before it is kept free for the codec, so that a chunk that does not compress is sealed where it lies.
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    len: usize,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; 1 + limits::CHUNK_BYTES_MAX].into_boxed_slice(), len: 0 }
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The unused part; what is written there counts after `grow`.
    pub(super) fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[1 + self.len..]
    }

    /// The next `count` bytes of the unused part are in use now.
    pub(super) fn grow(&mut self, count: usize) {
        self.len = (self.len + count).min(limits::CHUNK_BYTES_MAX);
    }

    /// The bytes in use, behind the free one.
    pub(super) fn framed(&mut self) -> &mut [u8] {
        &mut self.bytes[..=self.len]
    }

    /// Appends `bytes`, which must fit.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        self.room()[..bytes.len()].copy_from_slice(bytes);
        self.grow(bytes.len());
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[1..=self.len]
    }
}
