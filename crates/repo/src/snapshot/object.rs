//! The snapshot object: a catalogue part that every role reads, a private part for maintainers and owners.

use atalaya_store::{Body, Store};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::config::{decode, encode, read_small};
use crate::crypto::TAG_BYTES;
use crate::envelope::{self, Purpose};
use crate::keys::{Keyring, Roster};
use crate::model::{ChunkId, Time};
use crate::names::{self, BlobType};
use crate::tree::Root;
use crate::{Error, Result};

/// What every role may know of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    /// When the backup began: seconds since 1970 and nanoseconds.
    pub started: (i64, u32),
    /// When it was complete.
    pub finished: (i64, u32),
    /// Name of the job.
    pub job: String,
    /// The session it ends.
    pub session: [u8; 16],
    /// SHA-256 of the snapshots it follows: all that its writer knew and none had followed.
    pub predecessors: Vec<[u8; 32]>,
    /// Paths in it.
    pub entries: u64,
    /// Bytes of content in it.
    pub bytes: u64,
    /// Bytes that this backup added to the store.
    pub added_bytes: u64,
    /// Paths that could not be read.
    pub problems: u64,
    /// Every byte was read and compared (`--full`).
    pub full: bool,
}

/// What is for maintainers and owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Private {
    pub(crate) root: [u8; 32],
    pub(crate) level: u8,
    /// Sources as they were given, absolute.
    pub(crate) sources: Vec<Vec<u8>>,
    pub(crate) host: String,
}

/// A snapshot as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Random, the object's name.
    pub id: [u8; 16],
    /// SHA-256 of the object.
    pub hash: [u8; 32],
    /// Number of the member who signed it.
    pub writer: u32,
    /// What every role may know.
    pub catalogue: Catalogue,
    /// A prune took its backup for dead, so it may name what was deleted, and its writer was told to begin anew. Known only
    /// in listings.
    pub fenced: bool,
    pub(crate) sealed: Vec<u8>,
    /// The key epoch in which it was sealed.
    pub(crate) epoch: u16,
}

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    id: [u8; 16],
    catalogue: &'a [u8],
    private: &'a [u8],
}

fn private_info(keyring: &Keyring) -> Vec<u8> {
    [b"atalaya 1 snapshot".as_slice(), &keyring.config.id].concat()
}

/// Seals, signs and stores a snapshot; gives what a listing would.
pub(crate) fn store(
    store: &dyn Store,
    keyring: &Keyring,
    id: [u8; 16],
    catalogue: &Catalogue,
    private: &Private,
) -> Result<Info> {
    let mut open = encode(catalogue)?;
    // The id is random and names one object, so its key seals this one message.
    let tag = keyring.catalogue_key(&id)?.seal(0, b"snapshot", &mut open)?;
    open.extend_from_slice(&tag);
    let (epoch, kem, public) = keyring.public_of(BlobType::Tree);
    let sealed = kem.seal(public, &private_info(keyring), &id, &encode(private)?)?;
    // In the first epoch as before there were others: else older programs would read nothing of any repository.
    let (version, mut prefixed) = if epoch == 0 { (1, Vec::new()) } else { (2, epoch.to_be_bytes().to_vec()) };
    prefixed.extend_from_slice(&sealed);
    let body = encode(&Record { id, catalogue: &open, private: &prefixed })?;
    let writer = keyring.material.member;
    let bytes = envelope::seal_version(Purpose::Snapshot, version, writer, &keyring.signer, &body);
    store.put(&names::object(names::SNAPSHOTS, &id), Body::Bytes(&bytes))?;
    Ok(Info {
        id,
        hash: Sha256::digest(&bytes).into(),
        writer,
        catalogue: catalogue.clone(),
        fenced: false,
        sealed,
        epoch,
    })
}

/// Reads and verifies one snapshot.
pub(crate) fn load(store: &dyn Store, keyring: &Keyring, roster: &Roster, id: [u8; 16]) -> Result<Info> {
    let name = names::object(names::SNAPSHOTS, &id);
    parse(&read_small(store, &name)?, keyring, roster, id)
        .map_err(|err| err.context(&format!("snapshot {}", names::hex(&id[..4]))))
}

/// The same for bytes that were read already.
pub(crate) fn parse(bytes: &[u8], keyring: &Keyring, roster: &Roster, id: [u8; 16]) -> Result<Info> {
    let unverified = envelope::parse(Purpose::Snapshot, bytes)?;
    let member = roster.member(unverified.signer)?;
    let body = unverified.verified_by(&member.public)?;
    let record: Record<'_> = decode(body)?;
    if record.id != id {
        return Err(Error::damaged("it is another snapshot than its name says"));
    }
    if record.catalogue.len() < TAG_BYTES {
        return Err(Error::damaged("it was cut short"));
    }
    let mut sealed = record.catalogue.to_vec();
    let plain = keyring.catalogue_key(&id)?.open(0, b"snapshot", &mut sealed)?;
    let catalogue: Catalogue = decode(plain)?;
    if let Some(revoked) = member.revoked_secs
        && catalogue.started.0 > revoked
    {
        return Err(Error::damaged(format!("it was signed by key {} after that was removed", member.number)));
    }
    let (epoch, private) = match (unverified.version, record.private.split_first_chunk()) {
        (1, _) => (0, record.private),
        (_, Some((epoch, private))) => (u16::from_be_bytes(*epoch), private),
        (_, None) => return Err(Error::damaged("it was cut short")),
    };
    Ok(Info {
        id,
        hash: Sha256::digest(bytes).into(),
        writer: member.number,
        catalogue,
        fenced: false,
        sealed: private.to_vec(),
        epoch,
    })
}

impl Info {
    /// When the backup began.
    #[must_use]
    pub fn started(&self) -> Time {
        Time { secs: self.catalogue.started.0, nanos: self.catalogue.started.1 }
    }

    /// The private part, for a role that may read it.
    pub(crate) fn private(&self, keyring: &Keyring) -> Result<Private> {
        let (kem, secret) = keyring.secret_in(BlobType::Tree, self.epoch)?;
        let plain = kem.open(secret, &private_info(keyring), &self.id, &self.sealed)?;
        decode(&plain)
    }
}

impl Private {
    pub(crate) fn root(&self, catalogue: &Catalogue) -> Root {
        Root { id: ChunkId(self.root), level: self.level, entries: catalogue.entries, bytes: catalogue.bytes }
    }
}
