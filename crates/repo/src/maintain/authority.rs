//! Objects that count only when a maintainer or owner signed them: else a stolen writer's key would void backups, excuse
//! what is missing, or have packs stored again, by putting an object with the right name.

use atalaya_store::{Body, Store};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::config::{decode, encode, read_small};
use crate::envelope::{self, OWNER, Purpose};
use crate::keys::{Keyring, Role, Roster};
use crate::{Error, Kind, Result, names, presence};

/// Who may say so.
#[derive(Clone, Copy)]
pub(crate) struct Authority<'a> {
    pub(crate) roster: &'a Roster,
    /// The owner's public key, from the key file.
    pub(crate) owner: &'a [u8; 32],
}

impl<'a> Authority<'a> {
    pub(crate) fn of(keyring: &'a Keyring, roster: &'a Roster) -> Self {
        Self { roster, owner: &keyring.material.owner_public }
    }

    /// The body of an object, if it counts.
    pub(crate) fn body<'b>(&self, purpose: Purpose, bytes: &'b [u8]) -> Result<&'b [u8]> {
        let unverified = envelope::parse(purpose, bytes)?;
        let signer = unverified.signer;
        if signer == OWNER {
            return unverified.verified_by(self.owner);
        }
        let member = self.roster.member(signer)?;
        let body = unverified.verified_by(&member.public)?;
        if member.role < Role::Maintainer {
            return Err(Error::damaged(format!("it is signed by key {signer}, a {}'s, which may not", member.role)));
        }
        if member.revoked_secs.is_some() {
            return Err(Error::damaged(format!("it is signed by key {signer}, which was removed")));
        }
        Ok(body)
    }

    /// Reads one object.
    pub(crate) fn read<T: DeserializeOwned>(&self, store: &dyn Store, purpose: Purpose, name: &str) -> Result<T> {
        decode(self.body(purpose, &read_small(store, name)?)?)
    }

    /// Reads every object of `folder` that counts, with the id in its name. `remarks` hears of the others.
    ///
    /// # Errors
    /// When the store cannot be read, or one is of a newer format: what that says cannot be passed over.
    pub(crate) fn read_all<T: DeserializeOwned>(
        &self,
        store: &dyn Store,
        purpose: Purpose,
        folder: &str,
        remarks: &mut Vec<String>,
    ) -> Result<Vec<([u8; 16], T)>> {
        let mut out = Vec::new();
        for id in ids(store, folder)? {
            let name = names::object(folder, &id);
            match self.read(store, purpose, &name) {
                Ok(body) => out.push((id, body)),
                Err(err) if err.kind == Kind::NotFound => {}
                Err(err) if err.kind == Kind::Damaged => remarks.push(format!("{name} does not count: {err}")),
                Err(err) => return Err(err.context(&name)),
            }
        }
        Ok(out)
    }
}

/// Ids of the objects in `folder`, as a listing gives them.
pub(crate) fn ids(store: &dyn Store, folder: &str) -> Result<Vec<[u8; 16]>> {
    let mut out = Vec::new();
    store.list(folder, &mut |entry| {
        out.extend(names::unhex::<16>(&entry.name));
        Ok(())
    })?;
    Ok(out)
}

/// Puts an object in the name of this key's holder. Gives its bytes.
pub(crate) fn put<T: Serialize>(
    store: &dyn Store,
    keyring: &Keyring,
    purpose: Purpose,
    name: &str,
    body: &T,
) -> Result<Vec<u8>> {
    let bytes = envelope::seal(purpose, keyring.material.member, &keyring.signer, &encode(body)?);
    store.put(name, Body::Bytes(&bytes))?;
    Ok(bytes)
}

/// The same where something may stand that does not count: torn when power was lost, or somebody's who may not.
pub(crate) fn replace<T: Serialize>(
    store: &dyn Store,
    keyring: &Keyring,
    purpose: Purpose,
    name: &str,
    body: &T,
) -> Result<()> {
    let bytes = envelope::seal(purpose, keyring.material.member, &keyring.signer, &encode(body)?);
    presence::put(store, name, &bytes)
}

/// Refuses a key that may not do this.
pub(crate) fn check_role(keyring: &Keyring, what: &str) -> Result<()> {
    let role = keyring.material.role;
    if role >= Role::Maintainer {
        return Ok(());
    }
    Err(Error::new(
        Kind::NotAllowed,
        format!("a {role}'s key cannot {what}; use a maintainer's key or the owner's passphrase"),
    ))
}
