//! Bytes that must not be shown and do not outlive their use.

use std::fmt;

use ring::hkdf;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit key. `Debug` hides it; dropping wipes it.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

struct Length;

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

/// HKDF-SHA-256 with an empty salt: the key for one `purpose` (and one object, in `context`) under a root key.
pub(crate) fn derive(root: &Secret, purpose: &str, context: &[u8]) -> Secret {
    let mut out = Secret([0; 32]);
    let parts = [b"atalaya 1 ".as_slice(), purpose.as_bytes(), &[0], context];
    let prk = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&root.0);
    // Neither can fail: 32 bytes is within HKDF's limit and the lengths agree.
    if let Ok(okm) = prk.expand(&parts, Length) {
        let filled = okm.fill(&mut out.0);
        debug_assert!(filled.is_ok());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_and_contexts_give_different_keys() {
        let root = Secret([7; 32]);
        let a = derive(&root, "index", b"x");
        assert_ne!(a.0, derive(&root, "index", b"y").0);
        assert_ne!(a.0, derive(&root, "digest", b"x").0);
        assert_ne!(a.0, [0; 32]);
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret([1; 32])), "***");
    }
}
