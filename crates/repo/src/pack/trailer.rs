//! The end of a pack: where its directory is, and a checksum that needs no key.

use twox_hash::XxHash3_128;

use crate::{Error, Result};

const MAGIC: &[u8; 4] = b"ATLE";
/// Bytes of the trailer.
pub(crate) const TRAILER_BYTES: usize = 28;

/// XXH3 with 128 bits: it finds decay, it does not stop an attacker (the seals do).
pub(crate) type Checksum = [u8; 16];

/// Checksum of bytes that come in pieces.
pub(crate) struct Checksummer(XxHash3_128);

impl Checksummer {
    pub(crate) fn new() -> Self {
        Self(XxHash3_128::new())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    pub(crate) fn finish(&self) -> Checksum {
        self.0.finish_128().to_be_bytes()
    }
}

/// ```text
/// directory length u32 | blobs u32 | XXH3-128 of everything before the checksum | magic "ATLE"
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) directory_len: u32,
    pub(crate) blobs: u32,
    pub(crate) checksum: Checksum,
}

impl Trailer {
    /// The part of the trailer that the checksum covers.
    pub(crate) fn counted(directory_len: u32, blobs: u32) -> [u8; 8] {
        let mut out = [0; 8];
        out[..4].copy_from_slice(&directory_len.to_be_bytes());
        out[4..].copy_from_slice(&blobs.to_be_bytes());
        out
    }

    pub(crate) fn bytes(&self) -> [u8; TRAILER_BYTES] {
        let mut out = [0; TRAILER_BYTES];
        out[..8].copy_from_slice(&Self::counted(self.directory_len, self.blobs));
        out[8..24].copy_from_slice(&self.checksum);
        out[24..].copy_from_slice(MAGIC);
        out
    }

    pub(crate) fn parse(bytes: &[u8; TRAILER_BYTES]) -> Result<Self> {
        if &bytes[24..] != MAGIC {
            return Err(Error::damaged("pack has no end: it was cut short or overwritten"));
        }
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut checksum = [0; 16];
        checksum.copy_from_slice(&bytes[8..24]);
        Ok(Self { directory_len: number(0), blobs: number(4), checksum })
    }
}
