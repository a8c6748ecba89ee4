//! Keyed hashes: names of blobs.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::Sha256;

use super::Secret;

/// HMAC-SHA-256 with the key's blocks already hashed, so that a short message costs two blocks.
#[derive(Clone)]
pub(crate) struct Mac(Hmac<Sha256>);

impl Mac {
    pub(crate) fn new(key: &Secret) -> Self {
        Self(Hmac::new_from_slice(&key.0).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length")))
    }

    /// The keyed hash of `parts`, one after another.
    pub(crate) fn of_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_ring() {
        let key = Secret([0x2a; 32]);
        let theirs = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key.0);
        for len in [0_usize, 1, 55, 56, 64, 1000] {
            let text = vec![5_u8; len];
            assert_eq!(Mac::new(&key).of_parts(&[&text]), ring::hmac::sign(&theirs, &text).as_ref());
        }
    }
}
