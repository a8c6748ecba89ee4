//! Packs that the index names and that are gone or damaged: what only they hold is stored again, as long as the
//! sources still have it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::check::packs::{indexed_packs, parse, stored_packs};
use crate::index::{Distrust, IndexSet, Place};
use crate::model::{ChunkId, PackId};
use crate::{Error, Kind, Repository, Result, names, state};

/// Packs up to which every backup compares the list of the store with the index; in larger repositories full runs do,
/// and others go by what the last `check` found.
const COMPARED_PACKS_MAX: u64 = 50_000;
/// More missing packs than this are no accident of single files.
const UNUSABLE_MAX: usize = 64 << 10;

/// Files of the state folder with what checks found: ids of packs, ids of packs, places of blobs.
const DAMAGED: &str = "damaged";
const GONE: &str = "gone";
const UNTRUE: &str = "untrue";

/// What a job remembers after a run: which blobs are lost, as a hash, and the snapshot it made.
const MEMORY_BYTES: usize = 48;

/// What bad packs mean for what was backed up before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Every blob is in some pack that can be used.
    Nothing,
    /// Some are in none, so entries of the last tree may name what is lost: files have to be read.
    New,
    /// Some are in none, but this snapshot of the job was made when the same ones were lost, so none of its entries
    /// names one. What the sources no longer have would otherwise make every backup read everything, for ever.
    Settled([u8; 16]),
}

impl Loss {
    /// Whether entries of the tree of `snapshot` may be carried over unread.
    pub(super) fn spares(self, snapshot: &[u8; 16]) -> bool {
        match self {
            Self::Nothing => true,
            Self::New => false,
            Self::Settled(made) => made == *snapshot,
        }
    }
}

/// Whether a backup can afford to compare the list of the store with the index.
pub(super) fn comparable(set: &IndexSet) -> bool {
    set.runs.iter().map(|run| u64::from(run.packs)).sum::<u64>() <= COMPARED_PACKS_MAX
}

/// Finds packs that cannot be used and tells the index.
pub(crate) fn look(repo: &Repository, set: &mut IndexSet, job: &str, comparing: bool, spool: &Path) -> Result<Loss> {
    let mut bad = damaged(repo.state());
    let places = noted(&repo.state().join(UNTRUE)).collect();
    if comparing {
        let mut found = bad.clone();
        let mut compared = compare(repo, set, spool, &mut found);
        let odd = found.len() > bad.len() || compared.as_ref().is_err_and(|err| err.kind == Kind::Damaged);
        if odd && set.doubt()? {
            found.clone_from(&bad);
            compared = compare(repo, set, spool, &mut found);
        }
        compared?;
        bad = found;
    } else {
        bad.extend(noted(&repo.state().join(GONE)).map(PackId));
    }
    let distrust = Distrust { packs: bad, places };
    let loss = match only_in(set, &distrust)? {
        None => Loss::Nothing,
        Some(lost) => settled(repo.state(), job, &lost).map_or(Loss::New, Loss::Settled),
    };
    set.distrust = distrust;
    Ok(loss)
}

fn memory(state: &Path, job: &str) -> PathBuf {
    state.join(format!("settled-{}", names::hex(job.as_bytes())))
}

/// The snapshot that this job's last run made, if the same blobs were lost then.
fn settled(state: &Path, job: &str, lost: &[u8; 32]) -> Option<[u8; 16]> {
    let bytes: [u8; MEMORY_BYTES] = std::fs::read(memory(state, job)).ok()?.try_into().ok()?;
    if bytes[..32] != *lost {
        return None;
    }
    bytes[32..].try_into().ok()
}

/// After `snapshot` was made: what is still lost now. The run's own tree names none of that, because what was lost when
/// it began counted as not there. The memory is of that one tree: while the packs are back, a later run may make one
/// that names what they hold.
pub(super) fn remember(state: &Path, job: &str, set: &mut IndexSet, snapshot: &[u8; 16]) -> Result<()> {
    let path = memory(state, job);
    let distrust = std::mem::take(&mut set.distrust);
    let lost = only_in(set, &distrust)?;
    set.distrust = distrust;
    match lost {
        Some(lost) => state::replace(&path, &[&lost[..], snapshot].concat()),
        None => {
            let _ = std::fs::remove_file(path);
            Ok(())
        }
    }
}

/// Packs that the index names and the store lacks, or has with another length.
pub(crate) fn compare(repo: &Repository, set: &IndexSet, spool: &Path, bad: &mut HashSet<PackId>) -> Result<()> {
    // The index first: a pack that another writer puts meanwhile is then in the store's list at most.
    let mut indexed = indexed_packs(set, spool)?;
    let mut stored = stored_packs(&*repo.store, spool)?;
    let mut here = stored.next()?;
    while let Some(row) = indexed.next()? {
        while here.is_some_and(|other| other < row) {
            here = stored.next()?;
        }
        let pack = parse(&row)?.1;
        // A prune deletes a pack before the runs that name it.
        if here != Some(row) && !set.doomed.contains(&pack) {
            bad.insert(pack);
        }
        if bad.len() > UNUSABLE_MAX {
            let text = format!(
                "cannot back up to {}: more than {UNUSABLE_MAX} packs are missing; is it the right disk, and all of it?",
                repo.place()
            );
            return Err(Error::new(Kind::Damaged, text));
        }
    }
    Ok(())
}

/// A hash of the ids of all blobs that are nowhere but there; `None` when there is no such blob.
fn only_in(set: &mut IndexSet, distrust: &Distrust) -> Result<Option<[u8; 32]>> {
    if distrust.is_empty() {
        return Ok(None);
    }
    let mut present: Option<(ChunkId, bool)> = None;
    let (mut lost, mut any) = (Sha256::new(), false);
    let mut judge = |blob: Option<(ChunkId, bool)>| {
        if let Some((id, false)) = blob {
            lost.update(id.0);
            any = true;
        }
    };
    set.each(&mut |pack, blob| {
        let usable = !distrust.covers(pack.id, &blob.id);
        match &mut present {
            Some((id, good)) if *id == blob.id => *good |= usable,
            _ => judge(present.replace((blob.id, usable))),
        }
        Ok(())
    })?;
    judge(present);
    Ok(any.then(|| lost.finalize().into()))
}

/// What checks that read packs found damaged.
pub(crate) fn damaged(state: &Path) -> HashSet<PackId> {
    noted(&state.join(DAMAGED)).map(PackId).collect()
}

/// Notes damaged packs for the next backup. A check of everything replaces the notes, one of a sample adds to them, and
/// takes away those that it read and found `mended`.
pub(crate) fn remember_damaged(
    state: &Path,
    mut bad: HashSet<PackId>,
    mended: &HashSet<PackId>,
    whole: bool,
) -> Result<()> {
    if !whole {
        bad.extend(damaged(state).into_iter().filter(|id| !mended.contains(id)));
    }
    note(&state.join(DAMAGED), bad.into_iter().map(|id| id.0))
}

/// Notes packs that are missing or have another length, in the place of those noted before: every check compares all.
pub(crate) fn remember_gone(state: &Path, gone: impl Iterator<Item = PackId>) -> Result<()> {
    note(&state.join(GONE), gone.map(|id| id.0))
}

/// Notes where blobs are not though the index says so, in the place of what was noted before.
pub(crate) fn remember_untrue(state: &Path, places: impl Iterator<Item = Place>) -> Result<()> {
    note(&state.join(UNTRUE), places)
}

fn noted(path: &Path) -> impl Iterator<Item = [u8; 16]> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let count = (bytes.len() / 16).min(UNUSABLE_MAX);
    (0..count).filter_map(move |at| bytes.as_chunks().0.get(at).copied())
}

fn note(path: &Path, rows: impl Iterator<Item = [u8; 16]>) -> Result<()> {
    let bytes: Vec<u8> = rows.take(UNUSABLE_MAX).flatten().collect();
    if bytes.is_empty() {
        let _ = std::fs::remove_file(path);
        return Ok(());
    }
    state::replace(path, &bytes)
}
