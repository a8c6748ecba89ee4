//! The bodies of what maintainers put. Layout in `docs/format.md`, section 11.

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::model::PackId;
use crate::names::BlobType;

/// Packs of one list: with their names a list stays far below the 4 MiB of a small object, and a writer keeps all in memory.
pub(crate) const LIST_PACKS_MAX: usize = 16 << 10;

/// Packs that a prune is about to delete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Condemned {
    pub(crate) id: [u8; 16],
    pub(crate) secs: i64,
    /// Snapshots that were looked at: none of them uses these packs.
    pub(crate) unused_by: Vec<[u8; 16]>,
    pub(crate) packs: Vec<(u8, [u8; 16])>,
}

/// Packs that a prune has deleted or deletes at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Deleted {
    pub(crate) id: [u8; 16],
    pub(crate) condemned: [u8; 16],
    pub(crate) secs: i64,
    pub(crate) packs: Vec<(u8, [u8; 16])>,
}

/// Snapshots that are gone because a maintainer wanted it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forget {
    pub(crate) id: [u8; 16],
    pub(crate) secs: i64,
    /// Id, SHA-256 of the object, when a maintainer first saw it in seconds since 1970.
    pub(crate) snapshots: Vec<([u8; 16], [u8; 32], i64)>,
}

/// A fence that does not count, because its session's snapshot was there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Unfence {
    pub(crate) session: [u8; 16],
    /// SHA-256 of the fence.
    pub(crate) fence: [u8; 32],
    pub(crate) snapshot: [u8; 16],
}

/// A pack as lists name it.
pub(crate) fn listed(kind: BlobType, pack: PackId) -> (u8, [u8; 16]) {
    (kind.number(), pack.0)
}

/// The reverse of [`listed`].
pub(crate) fn pack_of((kind, id): &(u8, [u8; 16])) -> Result<(BlobType, PackId)> {
    Ok((BlobType::from_number(*kind)?, PackId(*id)))
}
