//! A blocked Bloom filter over blob ids: says "surely not there" without touching the disk.

use std::path::Path;

use crate::{Error, Result};

/// One cache line.
const BLOCK_BYTES: usize = 64;
/// All filters together; ten million blobs get four bits each.
pub(crate) const FILTER_BYTES_MAX: usize = 5 << 20;

/// Ids are keyed hashes, so their own bits are as good as any hash of them.
#[derive(Debug)]
pub(crate) struct Filter {
    bits: Vec<u8>,
}

impl Filter {
    /// Room for about `n` ids: 12 bits each while that is small, fewer beyond.
    pub(crate) fn for_ids(n: u64) -> Self {
        Self { bits: vec![0; Self::bytes_for(n)] }
    }

    /// Memory that a filter for `n` ids takes.
    pub(crate) fn bytes_for(n: u64) -> usize {
        let bytes = (n.saturating_mul(12) / 8).clamp(BLOCK_BYTES as u64, FILTER_BYTES_MAX as u64) as usize;
        bytes.next_multiple_of(BLOCK_BYTES)
    }

    /// The block's first byte, and three bit positions in it (a block has 512 bits).
    fn places(&self, id: &[u8; 32]) -> (usize, [usize; 3]) {
        let blocks = (self.bits.len() / BLOCK_BYTES) as u64;
        let word = u64::from(u32::from_be_bytes([id[8], id[9], id[10], id[11]]));
        let bit = |at: usize| usize::from(u16::from_be_bytes([id[at], id[at + 1]]) & 511);
        (((word * blocks) >> 32) as usize * BLOCK_BYTES, [bit(12), bit(14), bit(16)])
    }

    pub(crate) fn insert(&mut self, id: &[u8; 32]) {
        let (block, bits) = self.places(id);
        for bit in bits {
            self.bits[block + bit / 8] |= 1 << (bit % 8);
        }
    }

    pub(crate) fn may_contain(&self, id: &[u8; 32]) -> bool {
        let (block, bits) = self.places(id);
        bits.iter().all(|bit| self.bits[block + bit / 8] & (1 << (bit % 8)) != 0)
    }

    /// Written beside the run it belongs to; it can always be made again from it.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        std::fs::write(path, &self.bits)
            .map_err(|err| Error::io("cannot write an index filter to the state folder", &err))
    }

    /// `None` when it is missing or has an impossible size.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        let len = std::fs::metadata(path).ok()?.len();
        if len == 0 || len > FILTER_BYTES_MAX as u64 || !len.is_multiple_of(BLOCK_BYTES as u64) {
            return None;
        }
        std::fs::read(path).ok().map(|bits| Self { bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn knows_all_it_was_told_and_little_else() {
        let id = |n: u32| -> [u8; 32] { Sha256::digest(n.to_be_bytes()).into() };
        let mut filter = Filter::for_ids(10_000);
        (0..10_000).for_each(|n| filter.insert(&id(n)));
        assert!((0..10_000).all(|n| filter.may_contain(&id(n))));
        let wrong = (10_000..30_000).filter(|n| filter.may_contain(&id(*n))).count();
        assert!(wrong < 600, "{wrong} of 20,000 false");
    }
}
