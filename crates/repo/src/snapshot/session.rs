//! Sessions: a running backup shows itself, so that a later prune never takes away what it reuses.

use atalaya_store::{Body, Store};
use serde::{Deserialize, Serialize};

use crate::config::{decode, encode, read_small};
use crate::envelope::{self, Purpose};
use crate::keys::{Keyring, Roster};
use crate::model::Time;
use crate::{Error, Result, names};

#[derive(Serialize, Deserialize)]
struct Session {
    id: [u8; 16],
    started_secs: i64,
}

/// Announces a session, before the index is read.
pub(crate) fn put_session(store: &dyn Store, keyring: &Keyring, id: [u8; 16], now: Time) -> Result<()> {
    put(store, keyring, Purpose::Session, names::SESSIONS, id, now)
}

/// Says that a session ended without a snapshot.
pub(crate) fn end_session(store: &dyn Store, keyring: &Keyring, id: [u8; 16], now: Time) -> Result<()> {
    put(store, keyring, Purpose::Ended, names::ENDED, id, now)
}

/// Whether somebody said that it ended.
pub(crate) fn ended(store: &dyn Store, id: &[u8; 16]) -> Result<bool> {
    match store.stat(&names::object(names::ENDED, id)) {
        Ok(_) => Ok(true),
        Err(err) if err.kind == atalaya_store::Kind::NotFound => Ok(false),
        Err(err) => Err(err.into()),
    }
}

fn put(store: &dyn Store, keyring: &Keyring, purpose: Purpose, folder: &str, id: [u8; 16], now: Time) -> Result<()> {
    let body = encode(&Session { id, started_secs: now.secs })?;
    let bytes = envelope::seal(purpose, keyring.material.member, &keyring.signer, &body);
    Ok(store.put(&names::object(folder, &id), Body::Bytes(&bytes))?)
}

/// Who signed a session or ended object, and when it was made, in seconds since 1970 and as it says.
pub(crate) fn read_session(
    store: &dyn Store,
    roster: &Roster,
    purpose: Purpose,
    folder: &str,
    id: &[u8; 16],
) -> Result<(u32, i64)> {
    let bytes = read_small(store, &names::object(folder, id))?;
    let unverified = envelope::parse(purpose, &bytes)?;
    let signer = unverified.signer;
    let session: Session = decode(unverified.verified_by(&roster.member(signer)?.public)?)?;
    if session.id == *id { Ok((signer, session.started_secs)) } else { Err(another()) }
}

fn another() -> Error {
    Error::damaged("it is of another session than its name says")
}

/// Whether a session or ended object is well-formed and says the id that its name says.
pub(crate) fn names_itself(body: &[u8], name: &str) -> Result<()> {
    let session: Session = decode(body)?;
    if names::unhex(name) == Some(session.id) { Ok(()) } else { Err(another()) }
}
