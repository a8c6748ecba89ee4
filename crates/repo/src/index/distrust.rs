//! What the index says and a backup does not rely on.

use std::collections::HashSet;

use crate::model::{ChunkId, PackId};

/// Packs that cannot be used, and places where a blob is not though a record says so.
#[derive(Default)]
pub(crate) struct Distrust {
    /// Packs that are missing or damaged.
    pub(crate) packs: HashSet<PackId>,
    /// Places, as `place` gives them.
    pub(crate) places: HashSet<Place>,
}

/// The first halves of a pack's id and of a blob's: what is taken for another is only stored once more.
pub(crate) type Place = [u8; 16];

/// A blob in a pack.
pub(crate) fn place(pack: PackId, blob: &ChunkId) -> Place {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&pack.0[..8]);
    out[8..].copy_from_slice(&blob.0[..8]);
    out
}

impl Distrust {
    pub(crate) fn is_empty(&self) -> bool {
        self.packs.is_empty() && self.places.is_empty()
    }

    /// Whether a record of `blob` in `pack` counts as none.
    pub(crate) fn covers(&self, pack: PackId, blob: &ChunkId) -> bool {
        !self.is_empty() && (self.packs.contains(&pack) || self.places.contains(&place(pack, blob)))
    }
}
