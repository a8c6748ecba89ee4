//! Fences: a prune took a session for dead. Only who may prune can say so, else a stolen writer's key would void every
//! backup by putting an object with the right name.

use std::collections::HashSet;

use atalaya_store::Store;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::object::{self, Info};
use crate::config::{self, read_small};
use crate::envelope::Purpose;
use crate::keys::{Keyring, Roster, Seen, Whose, seen};
use crate::maintain::{Authority, Unfence, ids, replace};
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
    let (roster, _) = Roster::read(Whose::of(store, keyring), &mut Seen::nothing(), &mut |_| {})?;
    match verify(store, &name, session, Authority { roster: &roster, owner }) {
        Ok(()) => Ok(true),
        Err(err) if counts_not(&err) => Ok(false),
        // One of a newer format may well be a fence, and then the snapshot may name what is gone.
        Err(err) => Err(err.context(&format!("cannot tell whether a prune fenced this backup, {name}"))),
    }
}

/// Fences that count, and were not withdrawn.
#[derive(Default)]
pub(crate) struct Fences {
    standing: HashSet<[u8; 16]>,
    withdrawn: HashSet<[u8; 16]>,
}

impl Fences {
    /// # Errors
    /// When the store cannot be read, or one is of a newer format.
    pub(crate) fn read(store: &dyn Store, authority: Authority<'_>) -> Result<Self> {
        let mut out = Self::default();
        for session in ids(store, names::FENCES)? {
            let name = names::object(names::FENCES, &session);
            match verify(store, &name, &session, authority) {
                Ok(()) => {}
                Err(err) if counts_not(&err) => continue,
                Err(err) => return Err(err.context(&name)),
            }
            let unfence: Result<Unfence> =
                authority.read(store, Purpose::Unfence, &names::object(names::UNFENCED, &session));
            match unfence {
                Ok(unfence) if unfence.session == session => out.withdrawn.insert(session),
                Err(err) if !counts_not(&err) => return Err(err),
                _ => out.standing.insert(session),
            };
        }
        Ok(out)
    }

    /// Whether the session is fenced.
    pub(crate) fn stands(&self, session: &[u8; 16]) -> bool {
        self.standing.contains(session)
    }

    /// Says that the fence of `snapshot`'s session does not count, because the snapshot was there.
    pub(crate) fn withdraw(repo: &Repository, snapshot: &Info) -> Result<()> {
        let session = snapshot.catalogue.session;
        let fence = read_small(&*repo.store, &names::object(names::FENCES, &session))?;
        let body = Unfence { session, fence: Sha256::digest(&fence).into(), snapshot: snapshot.id };
        let name = names::object(names::UNFENCED, &session);
        replace(&*repo.store, &repo.keyring, Purpose::Unfence, &name, &body)?;
        Ok(repo.store.sync()?)
    }

    /// All sessions that were ever fenced.
    pub(crate) fn sessions(self) -> impl Iterator<Item = [u8; 16]> {
        self.standing.into_iter().chain(self.withdrawn)
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
        let mut seen = Seen::open(self.state(), seen::MEMBERS);
        let (roster, _) = Roster::read(Whose::of(&*self.store, &self.keyring), &mut seen, &mut |_| {})?;
        match verify(&*self.store, &name, &session, Authority { roster: &roster, owner }) {
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

fn verify(store: &dyn Store, name: &str, session: &[u8; 16], authority: Authority<'_>) -> Result<()> {
    let fence: Fence = authority.read(store, Purpose::Fence, name)?;
    if fence.session == *session { Ok(()) } else { Err(Error::damaged("it is of another session than its name says")) }
}
