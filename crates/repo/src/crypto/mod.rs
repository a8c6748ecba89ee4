//! The few cryptographic pieces, each behind a small function with one purpose.
//!
//! What they are put together to is in `docs/format.md`, section 3.

mod aead;
mod kem;
mod mac;
mod passphrase;
mod random;
mod secret;
mod sign;

pub(crate) use aead::{SealKey, TAG_BYTES};
pub(crate) use kem::Kem;
pub(crate) use mac::Mac;
pub(crate) use passphrase::{Cost, stretch};
pub(crate) use random::random;
pub(crate) use secret::{Secret, derive};
pub(crate) use sign::{Signer, verify};

pub use aead::{Cipher, fastest_cipher};
