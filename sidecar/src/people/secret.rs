//! Secrets that are made here and shown once: 256 random bits. What is stored is their SHA-256, from which nobody finds
//! them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::error::{Error, Kind, Result};

/// Characters of one.
const CHARS: usize = 43;

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    ///
    /// If the system gives nothing random.
    pub fn random() -> Result<Self> {
        Ok(Self(Zeroizing::new(random()?)))
    }

    /// From what somebody shows; `None` if it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != CHARS {
            return None;
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let written = BASE64.decode_slice_unchecked(text, &mut *bytes).ok()?;
        (written == bytes.len()).then_some(Self(bytes))
    }

    /// 43 characters that can stand in a cookie, a header and a link.
    #[must_use]
    pub fn text(&self) -> String {
        BASE64.encode(*self.0)
    }

    /// What is stored.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        sha256(&*self.0)
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let none = |_| Error::new(Kind::Internal, "the system gives nothing random");
    SystemRandom::new().fill(&mut bytes).map_err(none)?;
    Ok(bytes)
}

pub(super) fn sha256(bytes: &[u8]) -> [u8; 32] {
    atalaya_wire::join::sha256(bytes)
}

/// Whether two are the same, in a time that says nothing about where they differ.
#[must_use]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (one, other)| std::hint::black_box(differ | (one ^ other)));
    one.len() == other.len() && differ == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is() {
        let secret = Secret::random().unwrap();
        assert_eq!(secret.text().len(), CHARS);
        assert_eq!(Secret::parse(&secret.text()), Some(secret.clone()));
        assert_ne!(Secret::random().unwrap().hash(), secret.hash());
        assert_eq!(format!("{secret:?}"), "***");
        for bad in ["", "x", &"=".repeat(CHARS), &"ñ".repeat(22), &"A".repeat(44), &format!("{}ñ", "A".repeat(41))] {
            assert_eq!(Secret::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_differs_anywhere_is_not_the_same() {
        assert!(same(b"", b"") && same(b"abc", b"abc"));
        for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
            assert!(!same(b"abc", other) && !same(other, b"abc"));
        }
    }
}
