//! What `copy` says of each target.

use atalaya_base::units::{counted, size};
use atalaya_repo::copy::CopySummary;
use atalaya_store::StoreUrl;
use serde::Serialize;

use super::exit::Result;
use super::output::Output;

#[derive(Serialize)]
pub(super) struct JsonCopy {
    pub(super) repository: String,
    pub(super) dry_run: bool,
    pub(super) targets: Vec<JsonTarget>,
}

#[derive(Serialize)]
pub(super) struct JsonTarget {
    target: String,
    good: bool,
    error: Option<String>,
    made: bool,
    copied_packs: u64,
    copied_bytes: u64,
    copied_objects: u64,
    copied_snapshots: u64,
    deleted_packs: u64,
    deleted_bytes: u64,
    deleted_objects: u64,
    deleted_snapshots: u64,
    not_deleted: Option<String>,
    healed_here: u64,
    healed_there: u64,
    stray_packs: u64,
    damaged: u64,
    damaged_list: Vec<String>,
    warnings: Vec<String>,
}

impl JsonTarget {
    pub(super) fn new(url: &StoreUrl, done: &Result<CopySummary>) -> Self {
        let (summary, error) = match done {
            Ok(summary) => (summary.clone(), None),
            Err(failure) => (CopySummary::default(), Some(failure.to_string())),
        };
        Self {
            target: url.to_string(),
            good: error.is_none() && summary.troubles == 0 && summary.not_deleted.is_none(),
            error,
            made: summary.made,
            copied_packs: summary.packs,
            copied_bytes: summary.bytes,
            copied_objects: summary.objects,
            copied_snapshots: summary.snapshots,
            deleted_packs: summary.deleted_packs,
            deleted_bytes: summary.deleted_bytes,
            deleted_objects: summary.deleted_objects,
            deleted_snapshots: summary.deleted_snapshots,
            not_deleted: summary.not_deleted,
            healed_here: summary.healed_here,
            healed_there: summary.healed_there,
            stray_packs: summary.strays,
            damaged: summary.troubles,
            damaged_list: summary.told,
            warnings: summary.warnings,
        }
    }
}

/// Lines for people.
pub(super) fn report(out: &mut Output, url: &StoreUrl, summary: &CopySummary, dry_run: bool) -> Result<()> {
    let would = if dry_run { "would be " } else { "" };
    if summary.made {
        out.remark(format_args!("{url} {}a replica", if dry_run { "would become " } else { "is now " }))?;
    }
    let packs = |number| counted(number, "pack", "packs");
    let snapshots = |number| counted(number, "snapshot", "snapshots");
    if summary.packs + summary.objects + summary.snapshots > 0 {
        out.remark(format_args!(
            "{} with {} and {} {would}copied to {url}",
            packs(summary.packs),
            size(summary.bytes),
            snapshots(summary.snapshots)
        ))?;
    } else {
        out.remark(format_args!("{url} has all that there is"))?;
    }
    if summary.deleted_packs + summary.deleted_objects + summary.deleted_snapshots > 0 {
        out.remark(format_args!(
            "  {} with {} and {} {would}deleted, as in the repository",
            packs(summary.deleted_packs),
            size(summary.deleted_bytes),
            snapshots(summary.deleted_snapshots)
        ))?;
    }
    let objects = |number| counted(number, "object", "objects");
    if summary.healed_here > 0 {
        out.remark(format_args!("  {} of the repository put back from there", objects(summary.healed_here)))?;
    }
    if summary.healed_there > 0 {
        out.remark(format_args!("  {} there replaced by sound ones", objects(summary.healed_there)))?;
    }
    if summary.troubles > 0 {
        out.remark(format_args!("  {} damaged or missing, see above", objects(summary.troubles)))?;
    }
    if summary.strays > 0 {
        out.remark(format_args!("  {} there that nothing names; they do no harm", packs(summary.strays)))?;
    }
    Ok(())
}
