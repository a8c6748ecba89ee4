//! Backups that may be running, and how a prune gets past them.

use std::collections::HashSet;

use super::authority::{Authority, ids, replace};
use super::{PruneOptions, PruneSummary};
use crate::envelope::Purpose;
use crate::snapshot::{Fence, Fences, Info, read_session};
use crate::{Kind, Repository, Result, names};

/// A session, and the second in which it says that it began.
pub(super) type Waiting = ([u8; 16], i64);

/// Sessions in the store that neither ended, nor made one of `snapshots`, nor were fenced.
pub(super) fn open_sessions(repo: &Repository, snapshots: &[Info], own: &[u8; 16]) -> Result<Vec<Waiting>> {
    let mut all = ids(&*repo.store, names::SESSIONS)?;
    all.retain(|id| id != own);
    Ok(look(repo, &all, snapshots)?.into_iter().filter_map(|(id, end)| end.open().map(|began| (id, began))).collect())
}

/// How a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It made a snapshot.
    Snapshot,
    /// It says that it ended without one.
    Ended,
    /// It was fenced, and its writer will find that.
    Fenced,
    /// Deleted: a prune saw that it ended.
    Gone,
    /// Nothing says so.
    Open(i64),
}

impl End {
    fn open(self) -> Option<i64> {
        if let Self::Open(began) = self { Some(began) } else { None }
    }
}

/// How each of `sessions` stands. What says so must be signed by whoever signed the session: else a writer could end
/// another one's, and what that relies on would be deleted.
pub(super) fn look(repo: &Repository, sessions: &[[u8; 16]], snapshots: &[Info]) -> Result<Vec<([u8; 16], End)>> {
    let (store, roster) = (&*repo.store, &repo.roster);
    let ended: HashSet<[u8; 16]> = ids(store, names::ENDED)?.into_iter().collect();
    let made: HashSet<([u8; 16], u32)> = snapshots.iter().map(|info| (info.catalogue.session, info.writer)).collect();
    let fenced: HashSet<[u8; 16]> = Fences::read(store, Authority::of(&repo.keyring, roster))?.sessions().collect();
    let mut out = Vec::new();
    for id in sessions {
        let end = match read_session(store, roster, Purpose::Session, names::SESSIONS, id) {
            Ok((signer, _)) if made.contains(&(*id, signer)) => End::Snapshot,
            Ok((signer, _)) if ended.contains(id) && ended_by(repo, id) == Some(signer) => End::Ended,
            Ok(_) if fenced.contains(id) => End::Fenced,
            Ok((_, began)) => End::Open(began),
            Err(err) if err.kind == Kind::NotFound => End::Gone,
            Err(err) if err.kind == Kind::Damaged && fenced.contains(id) => End::Fenced,
            // Its writer was cut off, or it decayed: if that lives all the same, it finds its fence.
            Err(err) if err.kind == Kind::Damaged => End::Open(i64::MIN),
            Err(err) => return Err(err),
        };
        out.push((*id, end));
    }
    Ok(out)
}

fn ended_by(repo: &Repository, id: &[u8; 16]) -> Option<u32> {
    read_session(&*repo.store, &repo.roster, Purpose::Ended, names::ENDED, id).ok().map(|(signer, _)| signer)
}

/// Which of `waiting` a deletion still has to wait for. Those that began too long ago are fenced; `since` is when they were
/// seen here, because a session may say what it likes.
pub(super) fn wait_for(
    repo: &Repository,
    waiting: &[Waiting],
    condemned: &[u8; 16],
    since: i64,
    options: &PruneOptions<'_>,
    summary: &mut PruneSummary,
) -> Result<Vec<Waiting>> {
    let (snapshots, _) = repo.snapshots()?;
    let all: Vec<[u8; 16]> = waiting.iter().map(|(id, _)| *id).collect();
    let ends = look(repo, &all, &snapshots)?;
    let now = (options.now)().secs;
    let (mut still, mut fenced) = (Vec::new(), Vec::new());
    for (id, end) in ends {
        let End::Open(began) = end else { continue };
        if now.saturating_sub(began.min(since)) < options.grace_secs {
            still.push((id, began));
        } else {
            fence(repo, &id, condemned, now)?;
            fenced.push(id);
        }
    }
    if fenced.is_empty() {
        return Ok(still);
    }
    summary.fenced += fenced.len() as u64;
    repo.store.sync()?;
    // Whoever put its snapshot before it could see the fence keeps its data.
    let (snapshots, _) = repo.snapshots()?;
    for session in fenced {
        if let Some(info) = snapshots.iter().find(|info| info.catalogue.session == session) {
            Fences::withdraw(repo, info)?;
        }
    }
    repo.store.sync()?;
    Ok(still)
}

fn fence(repo: &Repository, session: &[u8; 16], condemned: &[u8; 16], now: i64) -> Result<()> {
    let name = names::object(names::FENCES, session);
    let body = Fence { session: *session, condemned: *condemned, secs: now };
    // A torn one, or one of somebody who may not, is no fence, and stands where one should.
    replace(&*repo.store, &repo.keyring, Purpose::Fence, &name, &body)
}
