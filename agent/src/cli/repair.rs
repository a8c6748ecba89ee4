//! `repair`: takes out what is damaged, and keeps what is left.

use atalaya_base::signals::Signals;
use atalaya_base::units::{counted, size};
use atalaya_repo::check::{CheckOptions, CheckProgress, Sample};
use atalaya_repo::repair::{RepairOptions, RepairSummary};
use serde::Serialize;

use super::check::counts;
use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::findings::{Findings, JsonFinding};
use super::output::Output;
use super::progress::Display;
use super::times;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent repair --repo /mnt/usb/nas --read-data
  atalaya-agent repair --repo /mnt/usb/nas --read-data --apply";

/// Make a damaged repository sound again, with all that can be had of it
///
/// Without --apply it changes nothing, and says what is damaged and what would be lost: each file with its snapshot. Where
/// there is a copy, "copy --heal" brings back what a repair can only leave out: do that first.
///
/// With --apply the index is rebuilt from the packs; what can be read of a damaged pack is stored once more; a snapshot of
/// which some files are lost is made anew without them; one of which nothing is left is forgotten. Nothing is overwritten,
/// and what is taken out is kept under "damaged" in the repository, but for packs, which the next prune takes away.
///
/// It needs the owner's key. Exit code 0: nothing is damaged, or nothing was lost; 1: something is damaged and was not
/// repaired; 3: it was repaired, and something was lost.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Read all that is stored, too: without it, only damage shows that lists, names and earlier checks tell of
    #[arg(long)]
    read_data: bool,

    /// Do it
    #[arg(long)]
    apply: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,
}

#[derive(Serialize)]
struct JsonRepair {
    applied: bool,
    findings: u64,
    finding_list: Vec<JsonFinding>,
    damaged_runs: u64,
    named_packs: u64,
    dropped_packs: u64,
    saved_blobs: u64,
    saved_bytes: u64,
    damaged_keys: u64,
    lost_files: u64,
    renewed_snapshots: Vec<String>,
    lost_snapshots: Vec<String>,
    set_aside: u64,
}

impl JsonRepair {
    fn new(applied: bool, summary: RepairSummary, findings: Findings) -> Self {
        Self {
            applied,
            findings: summary.findings,
            finding_list: findings.into_first(),
            damaged_runs: summary.damaged_runs,
            named_packs: summary.named_packs,
            dropped_packs: summary.dropped_packs,
            saved_blobs: summary.saved_blobs,
            saved_bytes: summary.saved_bytes,
            damaged_keys: summary.damaged_keys,
            lost_files: summary.lost_files,
            renewed_snapshots: summary.renewed_snapshots,
            lost_snapshots: summary.lost_snapshots,
            set_aside: summary.set_aside,
        }
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        super::background::yield_to_everything();
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let repo = context.open().map_err(Failure::without_check)?;
    let spool = context.spool()?;
    let progress = CheckProgress::default();
    let display = Display::new(context.global.quiet || context.global.json);
    let findings = Findings::default();
    let check = CheckOptions {
        sample: if args.read_data { Sample::Percent(100.0) } else { Sample::Nothing },
        now: &times::now,
        threads: context.budget.workers,
        spool: &spool,
        stop: &signals.stop,
        finding: &|finding| findings.add(finding, &display),
        progress: &progress,
    };
    let options = RepairOptions { check, apply: args.apply };
    let summary = display
        .around(|| counts(&progress), || repo.repair(&options))
        .map_err(|err| Failure::stopped(err, &signals).without_check())?;
    let exit = verdict(&summary, args.apply);
    let mut out = context.output();
    if out.json {
        out.json(&JsonRepair::new(args.apply, summary, findings))?;
    } else {
        report(&mut out, &summary, args.apply)?;
    }
    out.finish()?;
    Ok(exit)
}

fn verdict(summary: &RepairSummary, applied: bool) -> Exit {
    match (summary.is_nothing(), applied) {
        (true, _) if summary.findings > 0 => Exit::Failed,
        (true, _) => Exit::Done,
        (false, false) => Exit::Failed,
        (false, true) => Exit::with_problems(u64::from(summary.is_loss())),
    }
}

fn report(out: &mut Output, summary: &RepairSummary, applied: bool) -> Result<()> {
    if summary.is_nothing() {
        return out.remark(match summary.findings {
            0 => "Nothing is damaged that was looked at.",
            _ => "There is nothing that a repair could do; see above.",
        });
    }
    out.remark(if applied { "Repaired:" } else { "Nothing was changed. With --apply:" })?;
    for line in lines(summary) {
        out.remark(format_args!("  {line}"))?;
    }
    if summary.is_loss() && !applied {
        out.remark("Is there a copy of this repository? Then first: atalaya-agent copy --heal, which loses nothing.")?;
    }
    if applied {
        out.remark("\"atalaya-agent check --read-data\" says whether all is sound now.")?;
    }
    Ok(())
}

fn lines(summary: &RepairSummary) -> Vec<String> {
    let mut out = Vec::new();
    let mut add = |number: u64, one: &str, many: &str, what: &str| {
        if number > 0 {
            out.push(format!("{} {what}", counted(number, one, many)));
        }
    };
    add(summary.damaged_runs, "index run", "index runs", "damaged; the index made anew from all that is known");
    add(summary.named_packs, "pack", "packs", "that no index named: named again");
    add(summary.dropped_packs, "pack", "packs", "damaged or missing: named by no index any more");
    let saved = format!("with {} of damaged packs: stored once more", size(summary.saved_bytes));
    add(summary.saved_blobs, "blob", "blobs", &saved);
    add(summary.damaged_keys, "key file", "key files", "that opens nothing: taken out");
    add(summary.renewed_snapshots.len() as u64, "snapshot", "snapshots", "made anew, without what is lost");
    add(summary.lost_files, "file", "files", "lost in them, each named above");
    add(summary.lost_snapshots.len() as u64, "snapshot", "snapshots", "lost whole: forgotten");
    out.extend(summary.lost_snapshots.iter().map(|id| format!("  {}", id.get(..8).unwrap_or(id))));
    out
}
