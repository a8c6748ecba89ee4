//! Snapshots that a maintainer forgot: that they are gone is no sign of tampering.

use std::collections::HashMap;

use atalaya_store::Store;

use super::authority::Authority;
use super::lists::Forget;
use crate::envelope::Purpose;
use crate::{Result, names};

/// All that forget lists name.
#[derive(Default)]
pub(crate) struct Forgotten {
    /// Id by the SHA-256 of the object.
    by_hash: HashMap<[u8; 32], [u8; 16]>,
    /// What is odd about lists.
    pub(crate) remarks: Vec<String>,
}

impl Forgotten {
    pub(crate) fn read(store: &dyn Store, authority: Authority<'_>) -> Result<Self> {
        let mut out = Self::default();
        for (_, list) in authority.read_all::<Forget>(store, Purpose::Forget, names::FORGETS, &mut out.remarks)? {
            out.by_hash.extend(list.snapshots.into_iter().map(|(id, hash, _)| (hash, id)));
        }
        Ok(out)
    }

    /// Whether a snapshot with this id was forgotten; which bytes it had is another question.
    pub(crate) fn names_id(&self, id: &[u8; 16]) -> bool {
        self.by_hash.values().any(|forgotten| forgotten == id)
    }

    /// Whether the snapshot with this hash was forgotten.
    pub(crate) fn names(&self, hash: &[u8; 32]) -> bool {
        self.by_hash.contains_key(hash)
    }
}
