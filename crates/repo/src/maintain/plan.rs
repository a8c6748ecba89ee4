//! Which packs nobody uses.

use super::PruneOptions;
use super::PruneSummary;
use super::lists::LIST_PACKS_MAX;
use super::mark::{Marks, Usage};
use super::repack::{Choice, Verdict, Worth};
use crate::check::packs::{KEY_BYTES, ROW_BYTES, indexed_packs, parse, stored_packs};
use crate::model::PackId;
use crate::names::BlobType;
use crate::read::Blobs;
use crate::side::Side;
use crate::{Error, Kind, Repository, Result};
use std::sync::atomic::Ordering;

/// Packs in order of type and id: those of the store, and those that only the index names.
struct Packs {
    stored: Side<ROW_BYTES>,
    indexed: Side<ROW_BYTES>,
}

impl Packs {
    fn new(repo: &Repository, blobs: &Blobs<'_>, options: &PruneOptions<'_>) -> Result<Self> {
        let indexed = Side::new(indexed_packs(&blobs.index(), options.spool)?)?;
        Ok(Self { stored: Side::new(stored_packs(&*repo.store, options.spool)?)?, indexed })
    }

    /// The next pack, and its length if it is in the store.
    fn next(&mut self) -> Result<Option<(BlobType, PackId, Option<u32>)>> {
        let keys = [self.stored.peek(KEY_BYTES), self.indexed.peek(KEY_BYTES)];
        let Some(first) = keys.into_iter().flatten().min().map(<[u8]>::to_vec) else { return Ok(None) };
        let (here, named) = (self.stored.take(&first)?, self.indexed.take(&first)?);
        let Some(any) = here.or(named) else { return Ok(None) };
        let (kind, id, len) = parse(&any)?;
        Ok(Some((kind, id, here.map(|_| len))))
    }
}

/// What a prune may take away.
pub(super) struct Plan {
    /// Nothing of these is used.
    pub(super) unused: Vec<(BlobType, PackId)>,
    /// Little of these is.
    pub(super) worth: Vec<Worth>,
}

/// Finds packs of which nothing is used, and those that `choice` takes for worth giving up, and counts what there is.
///
/// # Errors
/// [`Kind::Refused`] when that is more of the repository than `options` allow.
pub(super) fn plan(
    repo: &Repository,
    blobs: &Blobs<'_>,
    marks: &mut Marks,
    mut choice: Option<Choice<'_>>,
    options: &PruneOptions<'_>,
    summary: &mut PruneSummary,
) -> Result<Plan> {
    let (mut packs, mut unused) = (Packs::new(repo, blobs, options)?, Vec::new());
    let (mut twice, choosing) = (0, choice.is_some());
    while let Some((kind, id, len)) = packs.next()? {
        let usage = marks.of(kind, id)?;
        let bytes = u64::from(len.unwrap_or(0));
        summary.packs += u64::from(len.is_some());
        summary.bytes += bytes;
        if !usage.used.is_empty() {
            partly(summary, choice.as_mut(), (kind, id, len), usage)?;
            continue;
        }
        summary.unused_packs += 1;
        summary.unused_bytes += bytes;
        // Stored once more, by this prune or by one that was killed: it goes, and stays.
        twice += usage.twice_bytes.min(bytes);
        if unused.len() < LIST_PACKS_MAX {
            unused.push((kind, id));
        } else {
            summary.more = true;
        }
    }
    let worth = if choosing { summary.repacked_unused_bytes } else { 0 };
    expected(repo, options, summary, (summary.unused_bytes - twice) + worth)?;
    let mut worth = choice.map_or(Ok(Vec::new()), Choice::chosen)?;
    // Both have to be on one list, or packs would be given up in vain.
    if unused.len() + worth.len() > LIST_PACKS_MAX && !worth.is_empty() {
        worth.clear();
        summary.locked_bytes += std::mem::take(&mut summary.repacked_unused_bytes);
        (summary.repacked_packs, summary.repacked_bytes, summary.more) = (0, 0, true);
    }
    if choosing {
        let progress = options.progress;
        let left = progress.moved_bytes.load(Ordering::Relaxed) + summary.repacked_bytes + summary.old_bytes;
        progress.moved_bytes_total.store(left, Ordering::Relaxed);
    }
    Ok(Plan { unused, worth })
}

fn partly(
    summary: &mut PruneSummary,
    choice: Option<&mut Choice<'_>>,
    (kind, id, len): (BlobType, PackId, Option<u32>),
    usage: Usage,
) -> Result<()> {
    let (used, unused) = (usage.used_bytes, usage.unused_bytes);
    let (mut is_old, mut verdict) = (false, Verdict::Stays);
    if let (Some(choice), Some(len)) = (choice, len) {
        is_old = choice.is_old(kind, id)?;
        verdict = choice.consider(kind, id, len, is_old, usage);
    }
    if is_old && verdict != Verdict::GivenUp {
        summary.old_packs += 1;
        summary.old_bytes += used;
    }
    match verdict {
        Verdict::GivenUp => {
            summary.repacked_packs += 1;
            summary.repacked_bytes += used;
            summary.repacked_unused_bytes += unused;
        }
        Verdict::Stays => summary.locked_bytes += unused,
        Verdict::Later => {
            summary.locked_bytes += unused;
            summary.more = true;
        }
    }
    Ok(())
}

/// What would be dropped is mostly what a day or a month of backups left; much more of it is rather a mistake, or somebody's
/// work.
fn expected(repo: &Repository, options: &PruneOptions<'_>, summary: &PruneSummary, dropped: u64) -> Result<()> {
    let percent = dropped as f64 * 100.0 / summary.bytes.max(1) as f64;
    if percent <= options.drop_percent_max || options.dry_run {
        return Ok(());
    }
    let text = format!(
        "{percent:.0} % of what {} holds is used by none of its {} snapshots, more than the {} % that may be deleted at once; \
         nothing was deleted; look at \"atalaya-agent snapshots\", and if they are all that should be there, run it again with \
         \"--drop-max {:.0}\"",
        repo.place(),
        summary.snapshots,
        options.drop_percent_max,
        percent.ceil()
    );
    Err(Error::new(Kind::Refused, text))
}
