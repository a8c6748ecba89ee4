//! `check --compare`: files of the newest snapshots by lot, restored and compared with their sources.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use atalaya_base::signals::Signals;
use atalaya_base::units::{counted, size};
use atalaya_repo::check::{CheckSummary, Finding};
use atalaya_repo::{Info, Repository, hex};
use serde::Serialize;

use super::context::Context;
use super::exit::{Failure, Result};
use super::findings::Findings;
use super::output::Output;
use super::progress::{Counts, Display};
use crate::compare::{Compared, compare};
use crate::share::Share;

/// As programs see it.
#[derive(Serialize)]
pub(super) struct JsonCompared {
    restored_files: u64,
    restored_bytes: u64,
    equal_files: u64,
    changed_files: u64,
    wrong_files: u64,
}

/// Before anything is looked at.
pub(super) fn checked(share: Option<Share>) -> Result<()> {
    match share {
        Some(Share::Time(_)) => {
            Err(Failure::usage("--compare takes a share such as 10%, or a size such as 20G, and no time"))
        }
        _ => Ok(()),
    }
}

/// Compares, and adds what is wrong to `summary`.
pub(super) fn run(
    context: &Context,
    repo: &Repository,
    share: Share,
    (display, signals, findings): (&Display, &Signals, &Findings),
    summary: &mut CheckSummary,
) -> Result<JsonCompared> {
    let snapshots = newest(repo.snapshots()?.0);
    let share = fraction(share, snapshots.iter().map(|info| info.catalogue.bytes).sum());
    let compared = Compared::default();
    for info in &snapshots {
        let snapshot = repo.open_snapshot(info, context.budget.workers)?;
        let id = hex(&info.id)[..8].to_owned();
        let mut wrong = |path: &[u8], why| findings.add(&Finding::File(id.clone(), path.to_vec(), why), display);
        let work = || compare(&snapshot, share, &compared, &signals.stop, &mut wrong);
        display.around(|| counts(&compared), work).map_err(|err| Failure::stopped(err, signals))?;
    }
    let json = json(&compared);
    summary.findings += json.wrong_files;
    summary.files_affected += json.wrong_files;
    Ok(json)
}

/// Of each job: `all` are in order of time.
fn newest(mut all: Vec<Info>) -> Vec<Info> {
    let mut seen = HashSet::new();
    all.reverse();
    all.retain(|info| seen.insert(info.catalogue.job.clone()));
    all
}

fn fraction(share: Share, bytes: u64) -> f64 {
    match share {
        Share::Percent(percent) => percent / 100.0,
        Share::Bytes(wanted) => (wanted as f64 / bytes.max(1) as f64).min(1.0),
        Share::Time(_) => 0.0,
    }
}

fn counts(compared: &Compared) -> Counts {
    let of = |number: &portable_atomic::AtomicU64| number.load(Ordering::Relaxed);
    Counts { entries: of(&compared.files), bytes: of(&compared.bytes), ..Counts::default() }
}

fn json(compared: &Compared) -> JsonCompared {
    let of = |number: &portable_atomic::AtomicU64| number.load(Ordering::Relaxed);
    JsonCompared {
        restored_files: of(&compared.files),
        restored_bytes: of(&compared.bytes),
        equal_files: of(&compared.equal),
        changed_files: of(&compared.changed),
        wrong_files: of(&compared.wrong),
    }
}

impl JsonCompared {
    pub(super) fn report(&self, out: &mut Output) -> Result<()> {
        out.remark(format_args!(
            "  restored {}, {}, by lot: {} what lies on the disk, {} changed since or cannot be compared here",
            counted(self.restored_files, "file", "files"),
            size(self.restored_bytes),
            counted(self.equal_files, "is", "are"),
            self.changed_files
        ))
    }

    /// Whether all that is wrong, of `findings`, was found by comparing.
    pub(super) fn is_all(&self, findings: u64) -> bool {
        findings == self.wrong_files
    }
}
