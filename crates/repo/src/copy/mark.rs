//! The object that says that a store is a replica. Without it a backup to the replica would make two repositories that
//! both claim to be the one; and a machine that knows both would take the one that lags for one that was rolled back.

use atalaya_store::{Body, Store};
use serde::{Deserialize, Serialize};

use crate::config::{RepoId, decode, encode, read_small};
use crate::envelope::{self, Purpose};
use crate::keys::{Keyring, Roster, Seen, Whose};
use crate::maintain::Authority;
use crate::model::Time;
use crate::{Error, Kind, Repository, Result, names, state};

/// The body of the object.
#[derive(Serialize, Deserialize)]
struct Mark {
    id: [u8; 16],
    secs: i64,
}

/// The id of a replica; `None` for a primary. Who may say so stands in the list of members, which is read without a memory
/// of it: which memory is the right one depends on the answer.
pub(crate) fn read(store: &dyn Store, keyring: &Keyring, told: &mut Vec<String>) -> Result<Option<[u8; 16]>> {
    let bytes = match read_small(store, names::REPLICA) {
        Err(err) if err.kind == Kind::NotFound => return Ok(None),
        other => other?,
    };
    let owner = &keyring.material.owner_public;
    let (roster, _) = Roster::read(Whose::of(store, keyring), &mut Seen::nothing(), &mut |_| {})?;
    match parse(&bytes, Authority { roster: &roster, owner }) {
        Ok(id) => Ok(Some(id)),
        // Else a stolen writer's key could have every backup refused.
        Err(err) if err.kind == Kind::Damaged => {
            let name = names::REPLICA;
            told.push(format!(
                "the object \"{name}\" at {} does not count: {err}; if this is a replica, have \"atalaya-agent copy --init\" \
                 make it one again before anything is backed up here; if not, remove that object",
                store.place()
            ));
            Ok(None)
        }
        Err(err) => Err(err.context(names::REPLICA)),
    }
}

pub(super) fn parse(bytes: &[u8], authority: Authority<'_>) -> Result<[u8; 16]> {
    Ok(decode::<Mark>(authority.body(Purpose::Replica, bytes)?)?.id)
}

/// Makes a store a replica, before there is anything else in it.
pub(super) fn put(store: &dyn Store, keyring: &Keyring, now: Time) -> Result<()> {
    crate::maintain::check_role(keyring, "make a replica")?;
    let body = encode(&Mark { id: crate::crypto::random()?, secs: now.secs })?;
    let bytes = envelope::seal(Purpose::Replica, keyring.material.member, &keyring.signer, &body);
    store.put(names::REPLICA, Body::Bytes(&bytes))?;
    Ok(store.sync()?)
}

/// The folder of a repository in the state folder. A replica has one of its own: it lags, and what is damaged in it is not
/// damaged elsewhere.
pub(crate) fn folder(repo: &RepoId, replica: Option<&[u8; 16]>) -> String {
    match replica {
        None => names::hex(repo),
        Some(id) => format!("{}-{}", names::hex(repo), names::hex(id)),
    }
}

pub(crate) fn refusal(place: &str, what: &str) -> Error {
    let text = format!(
        "cannot {what} {place}: it is a replica, and is changed by \"atalaya-agent copy\" alone; name the primary, or if that \
         is lost, make this one the primary with \"atalaya-agent copy --promote --repo {place}\""
    );
    Error::new(Kind::Refused, text)
}

impl Repository {
    /// Whether it is a replica of another one.
    #[must_use]
    pub fn is_replica(&self) -> bool {
        self.replica.is_some()
    }

    /// Makes a replica a primary, which is backed up to from now on. What this machine remembers of the old primary is put
    /// aside: it would take the one that lagged behind for one that was rolled back.
    ///
    /// # Errors
    /// [`Kind::Usage`] when it is none; [`Kind::NotAllowed`] for a writer's key.
    pub fn promote(&self) -> Result<()> {
        let Some(replica) = &self.replica else {
            return Err(Error::new(Kind::Usage, format!("{} is no replica: nothing to do", self.store.place())));
        };
        crate::maintain::check_role(&self.keyring, "make a replica the primary")?;
        self.keyring.config.writable()?;
        self.store.delete(names::REPLICA)?;
        self.store.sync()?;
        let (own, states) = (self.state(), self.states()?);
        let primary = states.join(folder(&self.keyring.config.id, None));
        let aside =
            states.join(format!("{}-before-{}", names::hex(&self.keyring.config.id), names::hex(&replica[..4])));
        state::rename_if_there(&primary, &aside)?;
        state::rename_if_there(own, &primary)
    }
}
