//! From a passphrase to a key: Argon2id.

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Error, Result};

/// What one guess costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cost {
    /// Memory in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
}

impl Cost {
    /// OWASP's first choice for Argon2id: 19 MiB, two passes, one lane.
    pub(crate) const DEFAULT: Self = Self { memory_kib: 19 << 10, passes: 2 };
    /// A key file that asks for more than this is not believed: it would only exhaust the machine.
    const MEMORY_KIB_MAX: u32 = 24 << 10;
    const PASSES_MAX: u32 = 16;

    /// Work in KiB gone through, which takes time in proportion.
    pub(crate) fn work(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }
}

/// Stretches `passphrase`. The memory it needs is given back before this returns.
pub(crate) fn stretch(passphrase: &[u8], salt: &[u8; 16], cost: Cost) -> Result<Secret> {
    if cost.memory_kib > Cost::MEMORY_KIB_MAX || cost.passes > Cost::PASSES_MAX {
        return Err(Error::damaged("key file asks for an unreasonable amount of work"));
    }
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(32))
        .map_err(|err| Error::damaged(format!("key file has bad Argon2 parameters: {err}")))?;
    let mut out = Secret([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, salt, &mut out.0)
        .map_err(|err| Error::damaged(format!("cannot stretch the passphrase: {err}")))?;
    Ok(out)
}
