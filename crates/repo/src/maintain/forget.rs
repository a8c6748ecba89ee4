//! Forgetting snapshots: said first, done then, so that nobody misses them.

use sha2::{Digest, Sha256};

use super::authority::{check_role, put};
use super::lists::Forget;
use crate::config::read_small;
use crate::envelope::Purpose;
use crate::model::Time;
use crate::snapshot::{Info, read_session};
use crate::{Error, Kind, Repository, Result, names, presence};

/// Snapshots that one list names.
const LIST_SNAPSHOTS_MAX: usize = 32 << 10;

/// A snapshot to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgetting {
    /// Its id.
    pub id: [u8; 16],
    /// When a maintainer first saw it, in seconds since 1970.
    pub seen_secs: i64,
}

impl Repository {
    /// Forgets snapshots. Their data stays until a prune finds that no other one uses it. Gives how many there were.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] for a writer's key; [`Kind::Refused`] when no valid snapshot would be left.
    pub fn forget(&self, snapshots: &[Forgetting], now: Time) -> Result<u64> {
        check_role(&self.keyring, "forget snapshots")?;
        self.writable("forget snapshots of")?;
        self.erasable("forget snapshots of")?;
        let store = &*self.store;
        let (all, _) = self.snapshots()?;
        let kept = |id: &[u8; 16]| !snapshots.iter().any(|wanted| wanted.id == *id);
        if all.iter().any(|info| !info.fenced) && !all.iter().any(|info| !info.fenced && kept(&info.id)) {
            return Err(Error::new(Kind::Refused, "the last valid snapshot is never forgotten; nothing was done"));
        }
        let mut done = 0;
        for part in snapshots.chunks(LIST_SNAPSHOTS_MAX) {
            let mut rows = Vec::new();
            for wanted in part {
                match read_small(store, &names::object(names::SNAPSHOTS, &wanted.id)) {
                    Ok(bytes) => rows.push((wanted.id, Sha256::digest(&bytes).into(), wanted.seen_secs)),
                    Err(err) if err.kind == Kind::NotFound => {}
                    Err(err) => return Err(err),
                }
            }
            if rows.is_empty() {
                continue;
            }
            let body = Forget { id: crate::crypto::random()?, secs: now.secs, snapshots: rows };
            put(store, &self.keyring, Purpose::Forget, &names::object(names::FORGETS, &body.id), &body)?;
            store.sync()?;
            for (id, ..) in &body.snapshots {
                // The session first: without its snapshot it would seem to be open for ever.
                if let Some(info) = all.iter().find(|info| info.id == *id) {
                    self.delete_session(info)?;
                }
                presence::delete(store, &names::object(names::SNAPSHOTS, id))?;
                done += 1;
            }
        }
        store.sync()?;
        Ok(done)
    }
}

impl Repository {
    /// Deletes the session that made a snapshot, and no other one that a snapshot may name.
    pub(crate) fn delete_session(&self, info: &Info) -> Result<()> {
        let session = info.catalogue.session;
        match read_session(&*self.store, &self.roster, Purpose::Session, names::SESSIONS, &session) {
            Ok((signer, _)) if signer == info.writer => {
                presence::delete(&*self.store, &names::object(names::SESSIONS, &session))
            }
            Ok(_) => Ok(()),
            Err(err) if matches!(err.kind, Kind::NotFound | Kind::Damaged) => Ok(()),
            Err(err) => Err(err),
        }
    }
}
