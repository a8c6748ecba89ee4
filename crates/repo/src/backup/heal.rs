//! Packs that the index names and that are gone or damaged: what only they hold is stored again, as long as the
//! sources still have it.

use std::collections::HashSet;
use std::path::Path;

use crate::check::packs::{indexed_packs, parse, stored_packs};
use crate::index::IndexSet;
use crate::model::{ChunkId, PackId};
use crate::{Error, Kind, Repository, Result, names};

/// Packs up to which every backup compares the list of the store with the index; larger repositories are
/// compared by full runs and by `check`.
const COMPARED_PACKS_MAX: u64 = 50_000;
/// More missing packs than this are no accident of single files.
const UNUSABLE_MAX: usize = 64 << 10;

/// Finds packs that cannot be used and tells the index; `true` when something is in no other pack, so that
/// unchanged files have to be read again.
pub(super) fn look(repo: &Repository, set: &mut IndexSet, full: bool, spool: &Path) -> Result<bool> {
    let mut bad = damaged(repo.state());
    let packs: u64 = set.runs.iter().map(|run| u64::from(run.packs)).sum();
    if full || packs <= COMPARED_PACKS_MAX {
        let mut found = bad.clone();
        let mut compared = compare(repo, set, spool, &mut found);
        let odd = found.len() > bad.len() || compared.as_ref().is_err_and(|err| err.kind == Kind::Damaged);
        if odd && set.doubt()? {
            found.clone_from(&bad);
            compared = compare(repo, set, spool, &mut found);
        }
        compared?;
        bad = found;
    }
    if bad.is_empty() {
        return Ok(false);
    }
    let lost = only_in(set, &bad)?;
    set.unusable = bad;
    Ok(lost)
}

/// Packs that the index names and the store lacks, or has with another length.
fn compare(repo: &Repository, set: &IndexSet, spool: &Path, bad: &mut HashSet<PackId>) -> Result<()> {
    // The index first: a pack that another writer puts meanwhile is then in the store's list at most.
    let mut indexed = indexed_packs(set, spool)?;
    let mut stored = stored_packs(repo, spool)?;
    let mut here = stored.next()?;
    while let Some(row) = indexed.next()? {
        while here.is_some_and(|other| other < row) {
            here = stored.next()?;
        }
        if here != Some(row) {
            bad.insert(parse(&row)?.1);
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

/// Whether some blob is in no pack but those.
fn only_in(set: &mut IndexSet, bad: &HashSet<PackId>) -> Result<bool> {
    let mut present: Option<(ChunkId, bool)> = None;
    let mut lost = false;
    set.each(&mut |pack, blob| {
        let usable = !bad.contains(&pack.id);
        match &mut present {
            Some((id, good)) if *id == blob.id => *good |= usable,
            _ => {
                lost |= present.is_some_and(|(_, good)| !good);
                present = Some((blob.id, usable));
            }
        }
        Ok(())
    })?;
    Ok(lost || present.is_some_and(|(_, good)| !good))
}

/// What the last check that read packs found damaged.
pub(crate) fn damaged(state: &Path) -> HashSet<PackId> {
    let bytes = std::fs::read(state.join("damaged")).unwrap_or_default();
    bytes.as_chunks::<16>().0.iter().take(UNUSABLE_MAX).map(|id| PackId(*id)).collect()
}

/// Notes damaged packs for the next backup. A check of everything replaces the notes, one of a sample adds to them.
pub(crate) fn remember_damaged(state: &Path, mut bad: HashSet<PackId>, whole: bool) -> Result<()> {
    if !whole {
        bad.extend(damaged(state));
    }
    let path = state.join("damaged");
    if bad.is_empty() {
        let _ = std::fs::remove_file(path);
        return Ok(());
    }
    let bytes: Vec<u8> = bad.iter().take(UNUSABLE_MAX).flat_map(|id| id.0).collect();
    let partial = names::partial(&path)?;
    std::fs::write(&partial, bytes)
        .and_then(|()| std::fs::rename(&partial, &path))
        .map_err(|err| Error::io("cannot write to the state folder", &err))
}
