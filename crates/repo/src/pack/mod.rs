//! Packs: many sealed blobs in one object. Layout in `docs/format.md`, section 5.

mod codec;
mod header;
mod reader;
mod through;
mod trailer;
mod writer;

pub(crate) use codec::{Decoder, Encoder, Verifier};
pub(crate) use header::{HEADER_FIXED_BYTES, Header};
pub(crate) use reader::{PackKeys, open_blob, read_directory};
pub(crate) use through::read_through;
pub(crate) use trailer::{Checksum, Checksummer, TRAILER_BYTES, Trailer};
pub(crate) use writer::{Finished, PackWriter};

use crate::model::{ChunkId, PackId};
use crate::names::BlobType;

/// One blob in a pack, as its directory and the index say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BlobRecord {
    pub(crate) id: ChunkId,
    /// Number in the pack; also the nonce.
    pub(crate) position: u16,
    /// Where its sealed bytes begin in the pack.
    pub(crate) offset: u32,
    /// Sealed bytes.
    pub(crate) stored: u32,
    /// Plaintext bytes.
    pub(crate) raw: u32,
}

/// A pack as index runs and checks name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PackInfo {
    pub(crate) id: PackId,
    pub(crate) kind: BlobType,
    /// Bytes of the whole object.
    pub(crate) len: u32,
    pub(crate) checksum: Checksum,
}

impl PackInfo {
    pub(crate) fn name(&self) -> String {
        crate::names::pack(self.kind, self.id)
    }
}
