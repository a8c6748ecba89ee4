//! The one form of every small signed object: who says it, what, and the signature.
//!
//! ```text
//! magic "ATLA" | kind u8 | version u8 | signer u32 | length u32 | body | Ed25519 signature of all before
//! ```

use crate::crypto::Signer;
use crate::{Error, Kind, Result};

const MAGIC: &[u8; 4] = b"ATLA";
const HEAD_BYTES: usize = 14;
const SIGNATURE_BYTES: usize = 64;
const VERSION: u8 = 1;

/// What an object is, so that one can never stand in for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Config = 1,
    Roster = 2,
    Snapshot = 3,
    Session = 4,
    Ended = 5,
    Condemned = 6,
    Fence = 7,
    Unfence = 8,
    Forget = 9,
    Deleted = 10,
    Epoch = 11,
    Replica = 13,
    Member = 14,
    Grant = 15,
}

impl Purpose {
    /// The newest version that is known.
    fn version_max(self) -> u8 {
        // The second one says in which key epoch it was sealed.
        if self == Self::Snapshot { 2 } else { VERSION }
    }
}

/// The owner's number as a signer; members of the roster have others.
pub(crate) const OWNER: u32 = u32::MAX;

/// An envelope whose signature has not been looked at.
pub(crate) struct Unverified<'a> {
    pub(crate) version: u8,
    pub(crate) signer: u32,
    pub(crate) body: &'a [u8],
    signed: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Unverified<'a> {
    /// The body, if the holder of `public` signed it.
    pub(crate) fn verified_by(&self, public: &[u8; 32]) -> Result<&'a [u8]> {
        if crate::crypto::verify(public, self.signed, self.signature) {
            Ok(self.body)
        } else {
            Err(Error::damaged("its signature is wrong: it was altered or forged"))
        }
    }
}

pub(crate) fn seal(purpose: Purpose, signer: u32, key: &Signer, body: &[u8]) -> Vec<u8> {
    seal_version(purpose, VERSION, signer, key, body)
}

/// The same in another version than the first.
pub(crate) fn seal_version(purpose: Purpose, version: u8, signer: u32, key: &Signer, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + body.len() + SIGNATURE_BYTES);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[purpose as u8, version]);
    out.extend_from_slice(&signer.to_be_bytes());
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    out.extend_from_slice(body);
    let signature = key.sign(&out);
    out.extend_from_slice(&signature);
    out
}

pub(crate) fn parse(purpose: Purpose, bytes: &[u8]) -> Result<Unverified<'_>> {
    let bad = || Error::damaged("it is not an object of the expected kind");
    let (signed, signature) = bytes.split_at_checked(bytes.len().saturating_sub(SIGNATURE_BYTES)).ok_or_else(bad)?;
    let (head, body) = signed.split_at_checked(HEAD_BYTES).ok_or_else(bad)?;
    if &head[..4] != MAGIC || head[4] != purpose as u8 {
        return Err(bad());
    }
    let (version, max) = (head[5], purpose.version_max());
    if version == 0 || version > max {
        return Err(Error::new(Kind::TooNew, format!("it has format {version}, this program reads up to {max}")));
    }
    let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    if number(10) as usize != body.len() {
        return Err(Error::damaged("its length is wrong"));
    }
    Ok(Unverified { version, signer: number(6), body, signed, signature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Secret;

    #[test]
    fn any_flipped_byte_or_missing_end_is_noticed() {
        let key = Signer::new(&Secret([1; 32])).unwrap();
        let whole = seal(Purpose::Session, 7, &key, b"body");
        let open = |bytes: &[u8]| {
            parse(Purpose::Session, bytes).and_then(|e| e.verified_by(&key.public()).map(<[u8]>::to_vec))
        };
        assert_eq!(open(&whole).unwrap(), b"body");
        assert!(parse(Purpose::Ended, &whole).is_err());
        for at in 0..whole.len() {
            let mut bad = whole.clone();
            bad[at] ^= 0x10;
            assert!(open(&bad).is_err(), "byte {at}");
            assert!(open(&whole[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_newer_version_is_told_apart() {
        let key = Signer::new(&Secret([1; 32])).unwrap();
        let mut newer = seal(Purpose::Config, OWNER, &key, b"");
        newer[5] = 2;
        assert_eq!(parse(Purpose::Config, &newer).err().map(|e| e.kind), Some(Kind::TooNew));
    }
}
