//! The repository's configuration: written once by `init`, signed by the owner.

use serde::{Deserialize, Serialize};

use crate::crypto::{Cipher, Kem, Signer};
use crate::envelope::{self, OWNER, Purpose};
use crate::model::Time;
use crate::{Error, Kind, Result, limits, names};
use atalaya_store::{Body, Store};

/// 128 random bits, drawn by `init`.
pub(crate) type RepoId = [u8; 16];

/// What every reader and writer of a repository must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) id: RepoId,
    pub(crate) created: Time,
    pub(crate) cipher: Cipher,
    pub(crate) kem: Kem,
    /// Bits that a writer must know to add anything.
    pub(crate) features_write: u32,
}

impl Config {
    /// Refuses to add anything to a repository that has features which only reading does not need.
    pub(crate) fn writable(&self) -> Result<()> {
        if self.features_write == 0 {
            return Ok(());
        }
        Err(Error::new(
            Kind::TooNew,
            "the repository uses features that this version can only read; upgrade the program to change it",
        ))
    }
}

/// As it stands in the object's body. New fields get a new envelope version.
#[derive(Serialize, Deserialize)]
struct Record {
    id: RepoId,
    created_secs: i64,
    /// Bits that a reader must know to read at all.
    features_read: u32,
    /// Bits that a writer must know to add anything.
    features_write: u32,
    cipher: u8,
    kem: u8,
    chunk_min: u32,
    chunk_avg: u32,
    chunk_max: u32,
    zstd_level: i8,
    owner: [u8; 32],
}

pub(crate) fn write(store: &dyn Store, config: &Config, owner: &Signer) -> Result<()> {
    let record = Record {
        id: config.id,
        created_secs: config.created.secs,
        features_read: 0,
        features_write: config.features_write,
        cipher: config.cipher.number(),
        kem: config.kem.number(),
        chunk_min: limits::CHUNK_BYTES_MIN as u32,
        chunk_avg: limits::CHUNK_BYTES_AVG as u32,
        chunk_max: limits::CHUNK_BYTES_MAX as u32,
        zstd_level: 3,
        owner: owner.public(),
    };
    let bytes = envelope::seal(Purpose::Config, OWNER, owner, &encode(&record)?);
    store.put(names::CONFIG, Body::Bytes(&bytes)).map_err(|err| match err.kind {
        atalaya_store::Kind::Exists => {
            Error::new(Kind::AlreadyThere, format!("there is a repository at {} already", store.place()))
        }
        _ => err.into(),
    })
}

/// Reads the configuration and the owner's public key that it claims. It is believed only when
/// that key is the one in the key file.
pub(crate) fn read(store: &dyn Store) -> Result<(Config, [u8; 32])> {
    let bytes = read_small(store, names::CONFIG).map_err(|err| match err.kind {
        Kind::NotFound => Error::new(
            Kind::NoRepository,
            format!(
                "cannot open repository {p}: there is no repository here; create one with \"atalaya-agent init --repo {p}\"",
                p = store.place()
            ),
        ),
        _ => err.context("cannot read the repository's configuration"),
    })?;
    let what = |err: Error| err.context(&format!("cannot open repository {}: its configuration", store.place()));
    let unverified = envelope::parse(Purpose::Config, &bytes).map_err(what)?;
    let record: Record = decode(unverified.body).map_err(what)?;
    unverified.verified_by(&record.owner).map_err(what)?;
    if record.features_read != 0 {
        return Err(what(Error::new(
            Kind::TooNew,
            "uses features that this version does not know; upgrade the program",
        )));
    }
    if (record.chunk_min as usize, record.chunk_max as usize) != (limits::CHUNK_BYTES_MIN, limits::CHUNK_BYTES_MAX) {
        return Err(what(Error::new(
            Kind::TooNew,
            "has chunk sizes that this version does not know; upgrade the program",
        )));
    }
    if any(store, names::CONFIGS)? {
        return Err(what(Error::new(Kind::TooNew, "was changed by a newer version; upgrade the program")));
    }
    let config = Config {
        id: record.id,
        created: Time { secs: record.created_secs, nanos: 0 },
        cipher: Cipher::from_number(record.cipher).map_err(what)?,
        kem: Kem::from_number(record.kem).map_err(what)?,
        features_write: record.features_write,
    };
    Ok((config, record.owner))
}

/// Reads an object whole, refusing one that is unreasonably large before allocating for it.
pub(crate) fn read_small(store: &dyn Store, name: &str) -> Result<Vec<u8>> {
    let len = store.stat(name)?;
    if len > limits::SMALL_OBJECT_BYTES_MAX {
        return Err(Error::damaged(format!("{name} has {len} bytes, more than any such object")));
    }
    let mut bytes = vec![0; len as usize];
    store.get(name, 0, &mut bytes)?;
    Ok(bytes)
}

/// Whether there is any object in `folder`.
pub(crate) fn any(store: &dyn Store, folder: &str) -> Result<bool> {
    let mut found = false;
    store.list(folder, &mut |_| {
        found = true;
        Ok(())
    })?;
    Ok(found)
}

/// Postcard, for bodies of small objects.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    postcard::to_allocvec(value).map_err(|err| Error::new(Kind::Io, format!("cannot encode: {err}")))
}

/// Postcard; nothing may be left over.
pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        Ok(_) => Err(Error::damaged("has bytes left over")),
        Err(err) => Err(Error::damaged(format!("does not decode: {err}"))),
    }
}
