//! Key files: a role's material, wrapped under a passphrase or lying in a file that only root reads.
//!
//! ```text
//! magic "ATLK" | version u8 | length u32 | clear part (postcard) | sealed or plain material (postcard)
//! ```
//! The clear part is authenticated as additional data.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::ring::{Material, Role};
use crate::config::{RepoId, decode, encode};
use crate::crypto::{Cipher, Cost, SealKey, TAG_BYTES, random, stretch};
use crate::{Error, Kind, Result};

const MAGIC: &[u8; 4] = b"ATLK";
const VERSION: u8 = 1;
const HEAD_BYTES: usize = 9;

/// How a key file is kept from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Protection {
    /// By the rights of the file it lies in.
    None,
    /// By a passphrase.
    Passphrase { salt: [u8; 16], cost: Cost },
}

/// What everybody may know of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clear {
    pub(crate) repo: RepoId,
    pub(crate) role: Role,
    pub(crate) member: u32,
    pub(crate) label: String,
    pub(crate) created_secs: i64,
    pub(crate) protection: Protection,
}

/// A key file that is parsed but not opened.
pub(crate) struct KeyFile {
    pub(crate) clear: Clear,
    head: Vec<u8>,
    rest: Zeroizing<Vec<u8>>,
}

impl KeyFile {
    /// Wraps `material` under `passphrase`, or plain when there is none.
    pub(crate) fn wrap(material: &Material, label: &str, now_secs: i64, passphrase: Option<&[u8]>) -> Result<Vec<u8>> {
        let protection = match passphrase {
            None => Protection::None,
            Some(_) => Protection::Passphrase { salt: random()?, cost: Cost::DEFAULT },
        };
        let clear = Clear {
            repo: material.repo,
            role: material.role,
            member: material.member,
            label: label.to_owned(),
            created_secs: now_secs,
            protection,
        };
        let body = encode(&clear)?;
        let mut out = MAGIC.to_vec();
        out.push(VERSION);
        out.extend_from_slice(&(body.len() as u32).to_be_bytes());
        out.extend_from_slice(&body);
        let mut secret = Zeroizing::new(encode(material)?);
        if let (Some(passphrase), Protection::Passphrase { salt, cost }) = (passphrase, &clear.protection) {
            // The salt is drawn anew for every file, so the key seals this one message.
            let key = SealKey::new(Cipher::Aes256Gcm, &stretch(passphrase, salt, *cost)?)?;
            let tag = key.seal(0, &out, &mut secret)?;
            out.extend_from_slice(&secret);
            out.extend_from_slice(&tag);
        } else {
            out.extend_from_slice(&secret);
        }
        Ok(out)
    }

    pub(crate) fn parse(bytes: &[u8]) -> Result<Self> {
        let bad = || Error::damaged("it is not a key file, or it was cut short");
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or_else(bad)?;
        if &head[..4] != MAGIC {
            return Err(bad());
        }
        if head[4] == 0 || head[4] > VERSION {
            return Err(Error::new(Kind::TooNew, "the key file is of a newer version; upgrade the program"));
        }
        let len = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) as usize;
        let (clear, rest) = rest.split_at_checked(len).ok_or_else(bad)?;
        let head = bytes[..HEAD_BYTES + len].to_vec();
        Ok(Self { clear: decode(clear)?, head, rest: Zeroizing::new(rest.to_vec()) })
    }

    /// The material inside. `Kind::WrongKey` when the passphrase does not fit.
    pub(crate) fn open(&self, passphrase: Option<&[u8]>) -> Result<Material> {
        let material: Material = match (&self.clear.protection, passphrase) {
            (Protection::None, _) => decode(&self.rest)?,
            (Protection::Passphrase { .. }, None) => {
                return Err(Error::new(Kind::WrongKey, "the key file is protected by a passphrase"));
            }
            (Protection::Passphrase { salt, cost }, Some(passphrase)) => {
                // Else a file that was cut short would look like a wrong passphrase.
                if !sealed_lens(&self.clear).contains(&self.rest.len()) {
                    return Err(Error::damaged("it was cut short, or something was added to it"));
                }
                let key = SealKey::new(Cipher::Aes256Gcm, &stretch(passphrase, salt, *cost)?)?;
                let mut sealed = Zeroizing::new(self.rest.to_vec());
                let plain = key
                    .open(0, &self.head, &mut sealed)
                    .map_err(|_| Error::new(Kind::WrongKey, "the passphrase does not open the key file"))?;
                decode(plain)?
            }
        };
        if material.repo != self.clear.repo || material.role != self.clear.role || material.member != self.clear.member
        {
            return Err(Error::damaged("the key file contradicts itself"));
        }
        Ok(material)
    }
}

/// The role of the key in a key file, which everybody may know; nothing is opened.
///
/// # Errors
/// [`Kind::Damaged`] for what is no key file, [`Kind::TooNew`] for one of a later version.
pub fn key_role(bytes: &[u8]) -> Result<Role> {
    KeyFile::parse(bytes).map(|file| file.clear.role)
}

/// How long the sealed part of such a key is, for each kind of public key.
fn sealed_lens(clear: &Clear) -> [usize; 2] {
    let seed_bytes = 32;
    let number = 1 + (clear.member.max(1).ilog2() / 7) as usize;
    // Repository, role, number; signing seed, owner's key, two roots.
    let always = 16 + 1 + number + 4 * seed_bytes;
    let secrets = match clear.role {
        Role::Writer => 3,
        Role::Maintainer => 3 + 1 + seed_bytes,
        Role::Owner => 3 + 2 * (1 + seed_bytes) + seed_bytes,
    };
    // Two public keys, each with its length.
    [1216 + 2, 32 + 1].map(|public| always + 2 * public + secrets + TAG_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Kem;

    #[test]
    fn the_role_is_read_without_opening() {
        let owner = Material::create([5; 16], Kem::X25519).unwrap();
        for role in [Role::Writer, Role::Maintainer, Role::Owner] {
            let material = owner.grant(role, 3).unwrap();
            for passphrase in [None, Some(&b"right"[..])] {
                assert_eq!(key_role(&KeyFile::wrap(&material, "x", 0, passphrase).unwrap()).unwrap(), role);
            }
        }
        for bad in [&b""[..], b"ATLK", b"correct horse battery staple\n"] {
            assert_eq!(key_role(bad).unwrap_err().kind, Kind::Damaged);
        }
    }

    #[test]
    fn a_length_that_no_key_has_is_damage() {
        for kem in [Kem::X25519, Kem::XWing] {
            let owner = Material::create([5; 16], kem).unwrap();
            for (role, member) in
                [(Role::Writer, 1), (Role::Maintainer, 127), (Role::Owner, 128), (Role::Owner, 70_000)]
            {
                let bytes = KeyFile::wrap(&owner.grant(role, member).unwrap(), "x", 0, Some(b"right")).unwrap();
                let open = |bytes: &[u8]| KeyFile::parse(bytes).and_then(|file| file.open(Some(b"right"))).map(drop);
                open(&bytes).unwrap();
                assert_eq!(open(&bytes[..bytes.len() - 1]).unwrap_err().kind, Kind::Damaged);
                assert_eq!(open(&[&bytes[..], b"x"].concat()).unwrap_err().kind, Kind::Damaged);
            }
        }
    }

    #[test]
    fn opens_with_its_passphrase_only() {
        let material = Material::create([5; 16], Kem::X25519).unwrap();
        let bytes = KeyFile::wrap(&material, "ana", 0, Some(b"right")).unwrap();
        let file = KeyFile::parse(&bytes).unwrap();
        assert_eq!(file.open(Some(b"right")).unwrap().shared, material.shared);
        assert_eq!(file.open(Some(b"wrong")).unwrap_err().kind, Kind::WrongKey);
        assert_eq!(file.open(None).unwrap_err().kind, Kind::WrongKey);
    }

    #[test]
    fn a_writer_gets_no_secret_half() {
        let owner = Material::create([5; 16], Kem::X25519).unwrap();
        let writer = owner.grant(Role::Writer, 1).unwrap();
        assert!(writer.tree_secret.is_none() && writer.data_secret.is_none() && writer.owner_seed.is_none());
        assert!(writer.sign_seed != owner.sign_seed);
        let keeper = owner.grant(Role::Maintainer, 2).unwrap();
        assert!(keeper.tree_secret.is_some() && keeper.data_secret.is_none() && keeper.owner_seed.is_none());
    }

    #[test]
    fn damage_gives_an_error() {
        let material = Material::create([5; 16], Kem::X25519).unwrap();
        let bytes = KeyFile::wrap(&material, "", 0, None).unwrap();
        for at in 0..bytes.len() {
            assert!(KeyFile::parse(&bytes[..at]).and_then(|f| f.open(None)).is_err(), "cut at {at}");
        }
    }
}
