//! Authenticated encryption: AES-256-GCM (cipher 1) or ChaCha20-Poly1305 (cipher 2), by `ring`.

use std::time::Duration;

use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};

use super::Secret;
use crate::{Error, Kind, Result};

/// Bytes that sealing adds.
pub(crate) const TAG_BYTES: usize = 16;

/// Number of a cipher in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// For processors with AES instructions.
    Aes256Gcm,
    /// For those without, where it is several times faster.
    ChaCha20Poly1305,
}

impl Cipher {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Aes256Gcm => 1,
            Self::ChaCha20Poly1305 => 2,
        }
    }

    pub(crate) fn from_number(number: u8) -> Result<Self> {
        match number {
            1 => Ok(Self::Aes256Gcm),
            2 => Ok(Self::ChaCha20Poly1305),
            _ => Err(Error::new(Kind::TooNew, format!("cipher number {number} is not known to this version"))),
        }
    }

    /// The name people know.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes256Gcm => "AES-256-GCM",
            Self::ChaCha20Poly1305 => "ChaCha20-Poly1305",
        }
    }
}

/// A key that seals and opens numbered messages. The caller never uses a number twice with one key:
/// keys are drawn or derived per object, numbers are positions in it.
pub(crate) struct SealKey(LessSafeKey);

impl SealKey {
    pub(crate) fn new(cipher: Cipher, key: &Secret) -> Result<Self> {
        let algorithm = match cipher {
            Cipher::Aes256Gcm => &AES_256_GCM,
            Cipher::ChaCha20Poly1305 => &CHACHA20_POLY1305,
        };
        let unbound = UnboundKey::new(algorithm, &key.0).map_err(|_| Error::new(Kind::Io, "cannot set up a cipher"))?;
        Ok(Self(LessSafeKey::new(unbound)))
    }

    /// Encrypts `bytes` in place and gives the tag that belongs after them.
    pub(crate) fn seal(&self, number: u64, aad: &[u8], bytes: &mut [u8]) -> Result<[u8; TAG_BYTES]> {
        let tag = self
            .0
            .seal_in_place_separate_tag(nonce(number), Aad::from(aad), bytes)
            .map_err(|_| Error::new(Kind::Io, "cannot encrypt: message too long"))?;
        let mut out = [0; TAG_BYTES];
        out.copy_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Decrypts `bytes` (ciphertext and tag) in place; gives the plaintext.
    pub(crate) fn open<'a>(&self, number: u64, aad: &[u8], bytes: &'a mut [u8]) -> Result<&'a mut [u8]> {
        self.0.open_in_place(nonce(number), Aad::from(aad), bytes).map_err(|_| Error::damaged("authentication failed"))
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// Measures both ciphers on this machine with the caller's monotonic `clock`; gives the faster and both
/// speeds in bytes a second.
pub fn fastest_cipher(clock: &dyn Fn() -> Duration) -> Result<(Cipher, [(Cipher, f64); 2])> {
    let aes = speed(Cipher::Aes256Gcm, clock)?;
    let chacha = speed(Cipher::ChaCha20Poly1305, clock)?;
    let best = if aes >= chacha { Cipher::Aes256Gcm } else { Cipher::ChaCha20Poly1305 };
    Ok((best, [(Cipher::Aes256Gcm, aes), (Cipher::ChaCha20Poly1305, chacha)]))
}

/// Best of several short rounds: a slow round says something of the machine's other work, not of the cipher.
fn speed(cipher: Cipher, clock: &dyn Fn() -> Duration) -> Result<f64> {
    let key = SealKey::new(cipher, &Secret([1; 32]))?;
    let mut block = vec![0_u8; 64 << 10];
    let mut best = Duration::MAX;
    for number in 0..24 {
        let start = clock();
        key.seal(number, &[], &mut block)?;
        best = best.min(clock().saturating_sub(start));
    }
    Ok(block.len() as f64 / best.as_secs_f64().max(1e-9))
}

#[cfg(test)]
mod tests {
    use aes_gcm::aead::{Aead, KeyInit, Payload};

    use super::*;

    #[test]
    fn ring_and_aes_gcm_give_the_same_bytes() {
        for len in [0_usize, 1, 15, 16, 17, 4080, 70_001] {
            let key = Secret([9; 32]);
            let plain: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
            let mut ours = plain.clone();
            let tag = SealKey::new(Cipher::Aes256Gcm, &key).unwrap().seal(5, b"aad", &mut ours).unwrap();
            ours.extend_from_slice(&tag);
            let other = aes_gcm::Aes256Gcm::new_from_slice(&key.0).unwrap();
            let nonce = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5_u8];
            let theirs = other.encrypt(&nonce.into(), Payload { msg: &plain, aad: b"aad" }).unwrap();
            assert_eq!(ours, theirs, "length {len}");
        }
    }

    #[test]
    fn any_change_is_noticed() {
        for cipher in [Cipher::Aes256Gcm, Cipher::ChaCha20Poly1305] {
            let key = SealKey::new(cipher, &Secret([3; 32])).unwrap();
            let mut sealed = b"some bytes".to_vec();
            let tag = key.seal(1, b"about", &mut sealed).unwrap();
            sealed.extend_from_slice(&tag);
            assert_eq!(key.open(1, b"about", &mut sealed.clone()).unwrap(), b"some bytes");
            assert!(key.open(2, b"about", &mut sealed.clone()).is_err());
            assert!(key.open(1, b"abaut", &mut sealed.clone()).is_err());
            for at in 0..sealed.len() {
                let mut bad = sealed.clone();
                bad[at] ^= 1;
                assert!(key.open(1, b"about", &mut bad).is_err(), "byte {at}");
            }
        }
    }
}
