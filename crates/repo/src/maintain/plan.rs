//! Which packs nobody uses.

use super::PruneOptions;
use super::PruneSummary;
use super::lists::LIST_PACKS_MAX;
use super::mark::{Marks, Usage};
use super::repack::{Choice, Verdict, Worth};
use crate::check::packs::{ROW_BYTES, indexed_packs, parse, stored_packs};
use crate::model::PackId;
use crate::names::BlobType;
use crate::read::Blobs;
use crate::sorter::Sorted;
use crate::{Error, Kind, Repository, Result};

/// Packs in order of type and id: those of the store, and those that only the index names.
struct Packs {
    stored: Sorted<ROW_BYTES>,
    indexed: Sorted<ROW_BYTES>,
    here: Option<[u8; ROW_BYTES]>,
    named: Option<[u8; ROW_BYTES]>,
}

impl Packs {
    fn new(repo: &Repository, blobs: &Blobs<'_>, options: &PruneOptions<'_>) -> Result<Self> {
        let mut indexed = indexed_packs(&blobs.index(), options.spool)?;
        let mut stored = stored_packs(repo, options.spool)?;
        let (here, named) = (stored.next()?, indexed.next()?);
        Ok(Self { stored, indexed, here, named })
    }

    /// The next pack, and its length if it is in the store.
    fn next(&mut self) -> Result<Option<(BlobType, PackId, Option<u32>)>> {
        let key = |row: [u8; ROW_BYTES]| row[..17].to_vec();
        let Some(first) = [self.here, self.named].into_iter().flatten().map(key).min() else { return Ok(None) };
        let (mut found, mut len) = (None, None);
        while let Some(row) = self.named.filter(|row| row[..17] == first[..]) {
            found = Some(parse(&row)?);
            self.named = self.indexed.next()?;
        }
        while let Some(row) = self.here.filter(|row| row[..17] == first[..]) {
            let parsed = parse(&row)?;
            (found, len) = (Some(parsed), Some(parsed.2));
            self.here = self.stored.next()?;
        }
        Ok(found.map(|(kind, id, _)| (kind, id, len)))
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
    // What was stored once more is there twice now.
    let twice = summary.repacked_bytes;
    while let Some((kind, id, len)) = packs.next()? {
        let usage = marks.of(kind, id)?;
        let bytes = u64::from(len.unwrap_or(0));
        summary.packs += u64::from(len.is_some());
        summary.bytes += bytes;
        if !usage.used.is_empty() {
            partly(summary, choice.as_mut(), (kind, id, len), usage);
            continue;
        }
        summary.unused_packs += 1;
        summary.unused_bytes += bytes;
        if unused.len() < LIST_PACKS_MAX {
            unused.push((kind, id));
        } else {
            summary.more = true;
        }
    }
    expected(repo, options, summary, twice)?;
    let mut worth = choice.map(|choice| choice.packs).unwrap_or_default();
    // Both have to be on one list, or packs would be given up in vain.
    if unused.len() + worth.len() > LIST_PACKS_MAX && !worth.is_empty() {
        worth.clear();
        summary.locked_bytes += std::mem::take(&mut summary.repacked_unused_bytes);
        (summary.repacked_packs, summary.repacked_bytes, summary.more) = (0, 0, true);
    }
    Ok(Plan { unused, worth })
}

fn partly(
    summary: &mut PruneSummary,
    choice: Option<&mut Choice<'_>>,
    (kind, id, len): (BlobType, PackId, Option<u32>),
    usage: Usage,
) {
    let (used, unused) = (usage.used_bytes, usage.unused_bytes);
    let verdict = match (choice, len) {
        (Some(choice), Some(len)) => choice.consider(kind, id, len, usage),
        _ => Verdict::Stays,
    };
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
}

/// What would be dropped is mostly what a day or a month of backups left; much more of it is rather a mistake, or somebody's
/// work.
fn expected(repo: &Repository, options: &PruneOptions<'_>, summary: &PruneSummary, twice: u64) -> Result<()> {
    let worth = if twice == 0 { summary.repacked_unused_bytes } else { 0 };
    let dropped = summary.unused_bytes.saturating_sub(twice) + worth;
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
