//! The beginning of a pack: what it is, its id, its key sealed to a public key.

use zeroize::Zeroizing;

use crate::config::RepoId;
use crate::crypto::{Cipher, Kem, Secret};
use crate::model::PackId;
use crate::names::BlobType;
use crate::{Error, Kind, Result};

const MAGIC: &[u8; 4] = b"ATLP";
const VERSION: u8 = 1;
/// Everything before the sealed key.
pub(crate) const HEADER_FIXED_BYTES: usize = 28;

/// ```text
/// magic "ATLP" | version u8 | type u8 | cipher u8 | KEM u8 | key epoch u16 | sealed key length u16 | pack id 16 | sealed key
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: BlobType,
    pub(crate) cipher: Cipher,
    pub(crate) kem: Kem,
    /// Of the public key that its key is sealed to.
    pub(crate) epoch: u16,
    pub(crate) id: PackId,
    sealed_len: u16,
}

impl Header {
    /// Header bytes for a new pack whose `key` only the holder of `public`'s secret half can read.
    pub(crate) fn build(
        kind: BlobType,
        cipher: Cipher,
        repo: &RepoId,
        id: PackId,
        (epoch, kem, public): (u16, Kem, &[u8]),
        key: &Secret,
    ) -> Result<Vec<u8>> {
        let sealed_len = (kem.encapsulated_bytes() + 32 + crate::crypto::TAG_BYTES) as u16;
        let mut out = Self { kind, cipher, kem, epoch, id, sealed_len }.fixed().to_vec();
        let sealed = kem.seal(public, &info(repo), &out, &key.0)?;
        debug_assert_eq!(sealed.len(), sealed_len as usize);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    fn fixed(&self) -> [u8; HEADER_FIXED_BYTES] {
        let mut out = [0; HEADER_FIXED_BYTES];
        out[..4].copy_from_slice(MAGIC);
        out[4..8].copy_from_slice(&[VERSION, self.kind.number(), self.cipher.number(), self.kem.number()]);
        out[8..10].copy_from_slice(&self.epoch.to_be_bytes());
        out[10..12].copy_from_slice(&self.sealed_len.to_be_bytes());
        out[12..].copy_from_slice(&self.id.0);
        out
    }

    pub(crate) fn parse(bytes: &[u8; HEADER_FIXED_BYTES]) -> Result<Self> {
        if &bytes[..4] != MAGIC {
            return Err(Error::damaged("not a pack"));
        }
        if bytes[4] == 0 || bytes[4] > VERSION {
            return Err(Error::new(Kind::TooNew, "pack is of a newer version; upgrade the program"));
        }
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[12..]);
        Ok(Self {
            kind: BlobType::from_number(bytes[5])?,
            cipher: Cipher::from_number(bytes[6])?,
            kem: Kem::from_number(bytes[7])?,
            epoch: u16::from_be_bytes([bytes[8], bytes[9]]),
            id: PackId(id),
            sealed_len: u16::from_be_bytes([bytes[10], bytes[11]]),
        })
    }

    /// Bytes of the whole header; blobs begin there.
    pub(crate) fn len(&self) -> usize {
        HEADER_FIXED_BYTES + self.sealed_len as usize
    }

    /// The pack's key, from the sealed bytes that follow the fixed part.
    pub(crate) fn open_key(&self, repo: &RepoId, secret: &[u8], sealed: &[u8]) -> Result<Secret> {
        let plain: Zeroizing<Vec<u8>> = self.kem.open(secret, &info(repo), &self.fixed(), sealed)?;
        let bytes = plain.as_slice().try_into().map_err(|_| Error::damaged("pack key has the wrong length"))?;
        Ok(Secret(bytes))
    }
}

fn info(repo: &RepoId) -> Vec<u8> {
    [b"atalaya 1 pack key".as_slice(), repo].concat()
}
