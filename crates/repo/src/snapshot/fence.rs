//! Fences: a prune took a session for dead. Only who may prune can say so, else a stolen writer's key would void every
//! backup by putting an object with the right name.

use atalaya_store::Store;
use serde::{Deserialize, Serialize};

use super::object;
use crate::config::{self, decode, read_small};
use crate::envelope::{self, OWNER, Purpose};
use crate::keys::{Keyring, Role, Roster, Seen};
use crate::{Error, Kind, Repository, Result, names};

/// The body of a fence.
#[derive(Serialize, Deserialize)]
pub(crate) struct Fence {
    pub(crate) session: [u8; 16],
    pub(crate) condemned: [u8; 16],
    pub(crate) secs: i64,
}

/// Whether a prune has fenced the session: then what it reused may be gone, and it must be done again.
///
/// Who may fence is read anew, since owners change it while a backup runs; by the owner's key in the key file, since the
/// one in a configuration that was changed meanwhile would be anybody's.
pub(crate) fn fenced(store: &dyn Store, keyring: &Keyring, session: &[u8; 16]) -> Result<bool> {
    let name = names::object(names::FENCES, session);
    if !listed(store, &name)? {
        return Ok(false);
    }
    let owner = &keyring.material.owner_public;
    let (roster, _) = Roster::read(store, keyring.config.id, owner, &mut Seen::nothing(), &mut |_| {})?;
    match verify(store, &name, session, &roster, owner) {
        Ok(()) => Ok(true),
        Err(err) if counts_not(&err) => Ok(false),
        // One of a newer format may well be a fence, and then the snapshot may name what is gone.
        Err(err) => Err(err.context(&format!("cannot tell whether a prune fenced this backup, {name}"))),
    }
}

impl Repository {
    /// Why the fence of a snapshot's session does not count, if there is one: somebody without the right to it put it
    /// there, or a prune was cut off.
    ///
    /// # Errors
    /// When the store cannot be read, or a newer version wrote to it.
    pub fn void_fence(&self, snapshot: &str) -> Result<Option<String>> {
        if !config::any(&*self.store, names::FENCES)? {
            return Ok(None);
        }
        let id = names::unhex(snapshot)
            .ok_or_else(|| Error::new(Kind::Usage, format!("{snapshot} is no snapshot's whole id")))?;
        let session = object::load(&*self.store, &self.keyring, &self.roster, id)?.catalogue.session;
        let name = names::object(names::FENCES, &session);
        if !listed(&*self.store, &name)? {
            return Ok(None);
        }
        let owner = &self.keyring.material.owner_public;
        let mut seen = Seen::open(self.state());
        let (roster, _) = Roster::read(&*self.store, self.keyring.config.id, owner, &mut seen, &mut |_| {})?;
        match verify(&*self.store, &name, &session, &roster, owner) {
            Ok(()) => Ok(None),
            Err(err) if counts_not(&err) => {
                Ok(Some(format!("{name} would void this backup, but does not count: {err}; it may be removed")))
            }
            Err(err) => Err(err.context(&name)),
        }
    }
}

/// Listed rather than asked for, so that a store that cannot tell is not taken for one without.
fn listed(store: &dyn Store, name: &str) -> Result<bool> {
    let mut found = false;
    store.list(names::FENCES, &mut |entry| {
        found |= entry.name == name;
        Ok(())
    })?;
    Ok(found)
}

/// It was signed by nobody who may, is torn, or was taken away again.
fn counts_not(err: &Error) -> bool {
    matches!(err.kind, Kind::Damaged | Kind::NotFound)
}

fn verify(store: &dyn Store, name: &str, session: &[u8; 16], roster: &Roster, owner: &[u8; 32]) -> Result<()> {
    let bytes = read_small(store, name)?;
    let unverified = envelope::parse(Purpose::Fence, &bytes)?;
    let signer = unverified.signer;
    let body = if signer == OWNER {
        unverified.verified_by(owner)?
    } else {
        let member = roster.member(signer)?;
        let body = unverified.verified_by(&member.public)?;
        if member.role < Role::Maintainer {
            return Err(Error::damaged(format!("it is signed by key {signer}, a {}'s, which may not", member.role)));
        }
        if member.revoked_secs.is_some() {
            return Err(Error::damaged(format!("it is signed by key {signer}, which was removed")));
        }
        body
    };
    let fence: Fence = decode(body)?;
    if fence.session == *session { Ok(()) } else { Err(Error::damaged("it is of another session than its name says")) }
}
