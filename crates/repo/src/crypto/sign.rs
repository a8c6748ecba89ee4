//! Signatures: Ed25519, by `ring`.

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::Secret;
use crate::{Error, Kind, Result};

/// A secret signing key.
pub(crate) struct Signer(Ed25519KeyPair);

impl Signer {
    pub(crate) fn new(seed: &Secret) -> Result<Self> {
        Ed25519KeyPair::from_seed_unchecked(&seed.0)
            .map(Self)
            .map_err(|_| Error::new(Kind::Io, "cannot set up a signing key"))
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.public_key().as_ref());
        out
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut out = [0; 64];
        out.copy_from_slice(self.0.sign(message).as_ref());
        out
    }
}

/// Whether `signature` over `message` was made by the holder of `public`'s secret half.
pub(crate) fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}
