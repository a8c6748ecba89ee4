//! Key epochs: from each on, what is stored is sealed to another pair of keys. `docs/format.md`, section 3.2.

use atalaya_store::Store;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::chain::{Chain, Whose};
use super::ring::{Keyring, Role};
use super::seen::Seen;
use crate::config::{RepoId, decode, read_small};
use crate::crypto::{Kem, Secret, derive};
use crate::envelope::{self, Purpose};
use crate::names::BlobType;
use crate::{Error, Kind, Result, names};

pub(super) const CHAIN: Chain =
    Chain { folder: names::EPOCHS, purpose: Purpose::Epoch, what: "the list of key epochs", lenient: true };

/// The body of an object below `epochs/`.
#[derive(Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) repo: RepoId,
    pub(super) number: u32,
    pub(super) previous: [u8; 32],
    pub(super) created_secs: i64,
    pub(super) kem: u8,
    pub(super) data_public: Vec<u8>,
    pub(super) tree_public: Vec<u8>,
    /// Members, and what is sealed to each.
    pub(super) sealed: Vec<(u32, Vec<u8>)>,
}

/// The body of one below `grants/`: the same for a member who was not there, or was left out.
#[derive(Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) epoch: u32,
    pub(super) member: u32,
    pub(super) sealed: Vec<u8>,
}

/// One epoch, with what the key in use may open of it.
pub(crate) struct Epoch {
    pub(crate) created_secs: i64,
    pub(crate) kem: Kem,
    pub(crate) data_public: Vec<u8>,
    pub(crate) tree_public: Vec<u8>,
    pub(super) data_secret: Option<Zeroizing<Vec<u8>>>,
    pub(super) tree_secret: Option<Zeroizing<Vec<u8>>>,
    /// Members to whom its object seals the secrets.
    pub(super) sealed_to: Vec<u32>,
}

/// All of them in order, the first is number 1; and the hash of the last.
#[derive(Default)]
pub(crate) struct Epochs {
    pub(crate) all: Vec<Epoch>,
    pub(super) hash: [u8; 32],
}

/// The pair of keys by which a member is sealed something: it follows from its signing seed, so that no key file changes.
pub(super) fn member_secret(keyring: &Keyring) -> Secret {
    derive(&keyring.material.sign_seed, "member encryption", &keyring.config.id)
}

pub(super) fn grant_name(epoch: u32, member: u32) -> String {
    format!("{}-{member:08}", names::numbered(names::GRANTS, epoch))
}

/// What it is sealed for, so that it opens as nothing else.
pub(super) fn seal_info(repo: &RepoId) -> Vec<u8> {
    [b"atalaya 1 epoch".as_slice(), repo].concat()
}

pub(super) fn seal_aad(epoch: u32, member: u32) -> [u8; 8] {
    let mut out = [0; 8];
    out[..4].copy_from_slice(&epoch.to_be_bytes());
    out[4..].copy_from_slice(&member.to_be_bytes());
    out
}

impl Epochs {
    /// Reads all, and opens what is sealed to the key in use.
    pub(crate) fn read(
        store: &dyn Store,
        keyring: &Keyring,
        seen: &mut Seen,
        tell: &mut dyn FnMut(String),
    ) -> Result<Self> {
        let (whose, mut all, mut odd) = (Whose::of(store, keyring), Vec::new(), Vec::new());
        let (_, hash) = CHAIN.read(whose, seen, tell, &mut |body| {
            let record: Record = decode(body)?;
            let number = record.number;
            let (epoch, opened) = Epoch::open(store, keyring, record)?;
            all.push(epoch);
            if let Err(err) = opened {
                odd.push(format!(
                    "key epoch {number} cannot be opened: {err}; what is stored since then cannot be read"
                ));
            }
            Ok(())
        })?;
        odd.into_iter().for_each(tell);
        Ok(Self { all, hash })
    }
}

impl Epoch {
    /// An epoch, and whether what this key may open of it could be opened: its public keys can be used all the same.
    pub(super) fn open(store: &dyn Store, keyring: &Keyring, record: Record) -> Result<(Self, Result<()>)> {
        let kem = Kem::from_number(record.kem)?;
        let mut epoch = Self {
            created_secs: record.created_secs,
            kem,
            data_public: record.data_public,
            tree_public: record.tree_public,
            data_secret: None,
            tree_secret: None,
            sealed_to: record.sealed.iter().map(|(member, _)| *member).collect(),
        };
        let opened = epoch.unseal(store, keyring, record.number, &record.sealed);
        Ok((epoch, opened))
    }

    fn unseal(&mut self, store: &dyn Store, keyring: &Keyring, number: u32, sealed: &[(u32, Vec<u8>)]) -> Result<()> {
        let (member, role) = (keyring.material.member, keyring.material.role);
        if role < Role::Maintainer {
            return Ok(());
        }
        let granted;
        let sealed = match sealed.iter().find(|(to, _)| *to == member) {
            Some((_, sealed)) => sealed,
            None => match granted_to(store, keyring, number)? {
                Some(grant) => {
                    granted = grant.sealed;
                    &granted
                }
                None => return Ok(()),
            },
        };
        let own = member_secret(keyring);
        let repo = &keyring.config.id;
        let plain = keyring.config.kem.open(&own.0, &seal_info(repo), &seal_aad(number, member), sealed)?;
        let (tree, data) = plain.split_at(plain.len().min(32));
        self.tree_secret = self.matching(tree, BlobType::Tree)?;
        if role == Role::Owner {
            self.data_secret = self.matching(data, BlobType::Data)?;
        }
        Ok(())
    }

    pub(super) fn public(&self, kind: BlobType) -> &[u8] {
        if kind == BlobType::Data { &self.data_public } else { &self.tree_public }
    }

    pub(super) fn secret(&self, kind: BlobType) -> Option<&[u8]> {
        let secret = if kind == BlobType::Data { &self.data_secret } else { &self.tree_secret };
        secret.as_ref().map(|secret| &secret[..])
    }

    /// What was sealed must be the other half of what is signed: else it would show only when a restore fails.
    fn matching(&self, secret: &[u8], kind: BlobType) -> Result<Option<Zeroizing<Vec<u8>>>> {
        if self.kem.public_of(secret)? != self.public(kind) {
            return Err(Error::damaged("what is sealed to this key is another secret"));
        }
        Ok(Some(Zeroizing::new(secret.to_vec())))
    }
}

/// What an owner sealed to the key in use afterwards.
fn granted_to(store: &dyn Store, keyring: &Keyring, epoch: u32) -> Result<Option<Grant>> {
    let bytes = match read_small(store, &grant_name(epoch, keyring.material.member)) {
        Err(err) if err.kind == Kind::NotFound => return Ok(None),
        other => other?,
    };
    let body = envelope::parse(Purpose::Grant, &bytes)?.verified_by(&keyring.material.owner_public)?;
    let grant: Grant = decode(body)?;
    if (grant.epoch, grant.member) != (epoch, keyring.material.member) {
        return Err(Error::damaged("it is another grant than its name says"));
    }
    Ok(Some(grant))
}
