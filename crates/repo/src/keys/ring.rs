//! What a key file holds, and what is derived from it.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::epoch::Epochs;
use super::rotate::left_out;
use crate::config::{Config, RepoId};
use crate::crypto::{Cipher, Kem, Mac, SealKey, Secret, Signer, derive};
use crate::model::ChunkId;
use crate::names::{self, BlobType};
use crate::{Error, Kind, Result};

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// Back up; see snapshots by time and size. No names, no content.
    Writer,
    /// Also names; forget, prune, repack. No content.
    Maintainer,
    /// Everything.
    Owner,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "writer",
            Self::Maintainer => "maintainer",
            Self::Owner => "owner",
        })
    }
}

impl std::str::FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "writer" => Ok(Self::Writer),
            "maintainer" => Ok(Self::Maintainer),
            "owner" => Ok(Self::Owner),
            _ => Err(Error::new(Kind::Usage, format!("no role \"{text}\"; roles are writer, maintainer and owner"))),
        }
    }
}

/// The secret part of a key file. What the role does not grant is not in it.
#[derive(Clone, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
pub(crate) struct Material {
    #[zeroize(skip)]
    pub(crate) repo: RepoId,
    #[zeroize(skip)]
    pub(crate) role: Role,
    /// Number in the roster.
    pub(crate) member: u32,
    /// The member's own signing key.
    pub(crate) sign_seed: Secret,
    /// Whose signature makes a configuration and a roster true.
    pub(crate) owner_public: [u8; 32],
    pub(crate) data_public: Vec<u8>,
    pub(crate) tree_public: Vec<u8>,
    /// Root of the keys that every role has: ids, index, chunker.
    pub(crate) shared: Secret,
    /// Root of the keys of snapshots' catalogue parts.
    pub(crate) catalogue: Secret,
    /// Maintainers and owners.
    pub(crate) tree_secret: Option<Vec<u8>>,
    /// Owners.
    pub(crate) data_secret: Option<Vec<u8>>,
    /// Owners.
    pub(crate) owner_seed: Option<Secret>,
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({}, member {})", self.role, self.member)
    }
}

impl Material {
    /// The first owner's material of a new repository.
    pub(crate) fn create(repo: RepoId, kem: Kem) -> Result<Self> {
        let secret = || crate::crypto::random().map(Secret);
        let (data_secret, data_public) = kem.generate();
        let (tree_secret, tree_public) = kem.generate();
        let owner_seed = secret()?;
        Ok(Self {
            repo,
            role: Role::Owner,
            member: 0,
            sign_seed: secret()?,
            owner_public: Signer::new(&owner_seed)?.public(),
            data_public,
            tree_public,
            shared: secret()?,
            catalogue: secret()?,
            tree_secret: Some(tree_secret.to_vec()),
            data_secret: Some(data_secret.to_vec()),
            owner_seed: Some(owner_seed),
        })
    }

    /// Material for another member: what `role` grants and nothing more.
    pub(crate) fn grant(&self, role: Role, member: u32) -> Result<Self> {
        let mut out = self.clone();
        out.role = role;
        out.member = member;
        out.sign_seed = Secret(crate::crypto::random()?);
        if role < Role::Owner {
            out.data_secret.zeroize();
            out.data_secret = None;
            out.owner_seed = None;
        }
        if role < Role::Maintainer {
            out.tree_secret.zeroize();
            out.tree_secret = None;
        }
        Ok(out)
    }
}

/// The material of the key that opened the repository, ready for use.
pub(crate) struct Keyring {
    pub(crate) material: Material,
    pub(crate) config: Config,
    pub(crate) signer: Signer,
    id: Mac,
    digest: SealKey,
    index: Secret,
    /// Learned when members and memory of the repository are known.
    epochs: OnceLock<Epochs>,
    /// A pack was met that is sound and sealed under an epoch that is not there.
    pub(crate) lacks_epoch: AtomicBool,
}

impl Keyring {
    pub(crate) fn new(material: Material, config: Config) -> Result<Self> {
        let under = |purpose: &str| derive(&material.shared, purpose, &config.id);
        Ok(Self {
            signer: Signer::new(&material.sign_seed)?,
            id: Mac::new(&under("blob id")),
            digest: SealKey::new(config.cipher, &under("file digest"))?,
            index: under("index"),
            epochs: OnceLock::new(),
            lacks_epoch: AtomicBool::new(false),
            material,
            config,
        })
    }

    pub(crate) fn cipher(&self) -> Cipher {
        self.config.cipher
    }

    /// The name of a blob by its plaintext. Data and tree blobs have separate name spaces, so that
    /// content that looks like a tree node never stands in for one.
    pub(crate) fn blob_id(&self, kind: BlobType, plain: &[u8]) -> ChunkId {
        ChunkId(self.id.of_parts(&[&[kind.number()], plain]))
    }

    /// Keyed digest of a bundled file's content: the tag of an empty message with the content as additional
    /// data. A universal hash does here, at a fraction of a second SHA-256's cost: digests are compared path by
    /// path and lie sealed in the tree, so whoever sees them has the key anyway.
    pub(crate) fn file_digest(&self, content: &[u8]) -> Result<[u8; 16]> {
        self.digest.seal(0, content, &mut [])
    }

    /// Root of the chunker's table.
    pub(crate) fn chunker_seed(&self) -> Secret {
        derive(&self.material.shared, "chunker", &self.config.id)
    }

    /// Key of the function that decides where tree nodes end.
    pub(crate) fn boundary_key(&self) -> [u8; 16] {
        let mut out = [0; 16];
        out.copy_from_slice(&derive(&self.material.shared, "tree boundary", &self.config.id).0[..16]);
        out
    }

    /// The key of one index run's pages, or one pack's directory.
    pub(crate) fn index_key(&self, purpose: &str, object: &[u8; 16]) -> Result<SealKey> {
        SealKey::new(self.cipher(), &derive(&self.index, purpose, object))
    }

    /// The key of one snapshot's or session's catalogue part.
    pub(crate) fn catalogue_key(&self, object: &[u8; 16]) -> Result<SealKey> {
        SealKey::new(self.cipher(), &derive(&self.material.catalogue, "catalogue", object))
    }

    pub(crate) fn learn_epochs(&self, epochs: Epochs) {
        // A copy opens its target with the keys of the primary, which has all that the target has.
        let _ = self.epochs.set(epochs);
    }

    pub(crate) fn epochs(&self) -> &Epochs {
        self.epochs.get_or_init(Epochs::default)
    }

    /// The newest key epoch, its KEM, and the public key that packs of `kind` are sealed to.
    pub(crate) fn public_of(&self, kind: BlobType) -> (u16, Kem, &[u8]) {
        let all = &self.epochs().all;
        match (all.last(), kind) {
            (Some(epoch), _) => (all.len() as u16, epoch.kem, epoch.public(kind)),
            (None, BlobType::Data) => (0, self.config.kem, &self.material.data_public),
            (None, BlobType::Tree) => (0, self.config.kem, &self.material.tree_public),
        }
    }

    /// KEM and secret half that open what was sealed in `epoch`, if this key has it.
    pub(crate) fn secret_in(&self, kind: BlobType, epoch: u16) -> Result<(Kem, &[u8])> {
        let first = self.secret_of(kind)?;
        let Some(at) = usize::from(epoch).checked_sub(1) else { return Ok((self.config.kem, first)) };
        let known = self.epochs().all.get(at).ok_or_else(|| {
            Error::new(
                Kind::TooNew,
                format!(
                    "it is sealed under key epoch {epoch}, which was not there when this began; run it again, and if it is \
                     not there then, put {} of a copy back",
                    names::numbered(names::EPOCHS, epoch.into())
                ),
            )
        })?;
        let secret = known.secret(kind).ok_or_else(|| left_out(epoch.into()))?;
        Ok((known.kem, secret))
    }

    /// Refuses a key that could not read again what it stores.
    pub(crate) fn opens_newest(&self, kind: BlobType) -> Result<()> {
        self.secret_in(kind, self.public_of(kind).0).map(drop)
    }

    /// Refuses a key that was left out of any epoch: of what it cannot open it cannot tell what is damaged.
    pub(crate) fn opens_all(&self, kind: BlobType) -> Result<()> {
        (0..=self.public_of(kind).0).try_for_each(|epoch| self.secret_in(kind, epoch).map(drop))
    }

    /// The secret half that opened packs of `kind` at first, if this role has it.
    pub(crate) fn secret_of(&self, kind: BlobType) -> Result<&[u8]> {
        let (secret, what) = match kind {
            BlobType::Data => (&self.material.data_secret, "read file content"),
            BlobType::Tree => (&self.material.tree_secret, "list file names"),
        };
        secret.as_deref().ok_or_else(|| {
            Error::new(
                Kind::NotAllowed,
                format!("a {}'s key cannot {what}; use the owner's passphrase", self.material.role),
            )
        })
    }

    /// The owner's signing key, if this role has it.
    pub(crate) fn owner_signer(&self) -> Result<Signer> {
        match &self.material.owner_seed {
            Some(seed) => Signer::new(seed),
            None => Err(Error::new(
                Kind::NotAllowed,
                format!("a {}'s key cannot change keys; use the owner's passphrase", self.material.role),
            )),
        }
    }
}
