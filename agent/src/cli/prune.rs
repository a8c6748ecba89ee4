//! `prune`: gives back the room that forgotten snapshots took.

use std::sync::atomic::Ordering;

use atalaya_base::config::parse_size;
use atalaya_base::signals::Signals;
use atalaya_base::units::{counted, size};
use atalaya_repo::Repository;
use atalaya_repo::maintain::{PruneOptions, PruneProgress, PruneSummary};
use atalaya_repo::model::Time;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, complain};
use super::progress::{Counts, Display};
use super::span::Span;
use super::times;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent prune --repo /mnt/usb/nas --dry-run
  atalaya-agent prune --repo /mnt/usb/nas";

/// Delete what no snapshot uses
///
/// It may run beside backups. What is unused is announced first; where a backup that began before may still rely on it,
/// nothing is deleted, and the next prune goes on from there. A backup that was not heard of for the time of --grace is
/// taken for dead; should it live, it finds out and does its work again.
///
/// It needs a maintainer's or owner's key, and deletes nothing while anything in the repository is odd.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// After how long a backup of which nothing is known is taken for dead
    #[arg(long, value_name = "SPAN", default_value = "14d")]
    grace: Span,

    /// Stop and ask when more than this share of the repository is unused
    #[arg(long, value_name = "PERCENT", default_value = "40", value_parser = clap::value_parser!(u8).range(0..=100))]
    drop_max: u8,

    /// Give up packs of which at least this share is unused: the rest of each is stored once more; 101 for none
    #[arg(long, value_name = "PERCENT", default_value = "50", value_parser = clap::value_parser!(u8).range(1..=101))]
    repack: u8,

    /// Store at most so much once more before what it stood in is deleted: room that the repository needs meanwhile
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_size)]
    repack_room: u64,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,
}

/// What a prune may do without being asked.
pub(super) struct Limits {
    grace: Span,
    drop_max: u8,
    repack: u8,
    repack_room: u64,
    /// Packs of older key epochs go, whatever is used of them.
    reencrypt: bool,
    dry_run: bool,
}

impl Limits {
    /// What `key reencrypt` may do.
    pub(super) fn reencrypting(drop_max: u8, repack_room: u64, dry_run: bool) -> Self {
        Self { drop_max, repack: 101, repack_room, reencrypt: true, dry_run, ..Self::default() }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace: Span(14 * 86_400),
            drop_max: 40,
            repack: 50,
            repack_room: 1 << 30,
            reencrypt: false,
            dry_run: false,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonPrune {
    dry_run: bool,
    snapshots: u64,
    packs: u64,
    bytes: u64,
    unused_packs: u64,
    unused_bytes: u64,
    locked_bytes: u64,
    repacked_packs: u64,
    repacked_bytes: u64,
    deleted_packs: u64,
    deleted_bytes: u64,
    spared_packs: u64,
    fenced: u64,
    waiting_for: Vec<JsonWaiting>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct JsonWaiting {
    session: String,
    began: String,
}

impl JsonPrune {
    pub(super) fn new(summary: &PruneSummary, dry_run: bool) -> Self {
        let waiting = summary.waiting.iter().map(|(session, secs)| JsonWaiting {
            session: session.clone(),
            began: times::rfc3339(Time { secs: *secs, nanos: 0 }),
        });
        Self {
            dry_run,
            snapshots: summary.snapshots,
            packs: summary.packs,
            bytes: summary.bytes,
            unused_packs: summary.unused_packs,
            unused_bytes: summary.unused_bytes,
            locked_bytes: summary.locked_bytes,
            repacked_packs: summary.repacked_packs,
            repacked_bytes: summary.repacked_bytes,
            deleted_packs: summary.deleted_packs,
            deleted_bytes: summary.deleted_bytes,
            spared_packs: summary.spared_packs,
            fenced: summary.fenced,
            waiting_for: waiting.collect(),
            warnings: summary.warnings.clone(),
        }
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        super::background::yield_to_everything();
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let repo = context.open()?;
    let Args { grace, drop_max, repack, repack_room, dry_run, .. } = *args;
    let limits = Limits { grace, drop_max, repack, repack_room, reencrypt: false, dry_run };
    let summary = prune(context, &repo, &limits, &signals)?;
    let mut out = context.output();
    if out.json {
        out.json(&JsonPrune::new(&summary, args.dry_run))?;
    } else {
        report(&mut out, &summary, args.dry_run)?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// Prunes until no more is unused than one list names.
pub(super) fn prune(context: &Context, repo: &Repository, limits: &Limits, signals: &Signals) -> Result<PruneSummary> {
    let spool = context.spool()?;
    let progress = PruneProgress::default();
    let display = Display::new(context.global.quiet || context.global.json);
    let options = PruneOptions {
        grace_secs: limits.grace.0,
        drop_percent_max: f64::from(limits.drop_max),
        repack_percent: f64::from(limits.repack),
        repack_bytes_max: limits.repack_room,
        reencrypt: limits.reencrypt,
        dry_run: limits.dry_run,
        spool: &spool,
        now: &times::now,
        stop: &signals.stop,
        progress: &progress,
    };
    let work = || -> atalaya_repo::Result<PruneSummary> {
        let mut summary = repo.prune(&options)?;
        // A round that deletes nothing is followed by no other.
        let mut goes_on = summary.deleted_packs > 0;
        while summary.more && goes_on && summary.waiting.is_empty() && !limits.dry_run {
            let mut next = repo.prune(&options)?;
            goes_on = next.deleted_packs > 0;
            next.deleted_packs += summary.deleted_packs;
            next.deleted_bytes += summary.deleted_bytes;
            next.repacked_packs += summary.repacked_packs;
            next.repacked_bytes += summary.repacked_bytes;
            next.warnings.append(&mut summary.warnings);
            summary = next;
        }
        Ok(summary)
    };
    let summary =
        display.around(|| counts(&progress, limits.reencrypt), work).map_err(|err| Failure::stopped(err, signals))?;
    summary.warnings.iter().for_each(|text| complain(format_args!("warning: {text}")));
    Ok(summary)
}

fn counts(progress: &PruneProgress, reencrypt: bool) -> Counts {
    let of = |counter: &portable_atomic::AtomicU64| counter.load(Ordering::Relaxed);
    if reencrypt && of(&progress.moved_bytes_total) > 0 {
        let total_bytes = Some(of(&progress.moved_bytes_total));
        return Counts {
            entries: of(&progress.nodes),
            nodes: true,
            bytes: of(&progress.moved_bytes),
            total_bytes,
            ..Counts::default()
        };
    }
    Counts {
        entries: progress.nodes.load(Ordering::Relaxed),
        bytes: 0,
        nodes: true,
        total_entries: None,
        total_bytes: None,
        guessed: false,
    }
}

/// Backups that a prune waits for, each in a line.
pub(super) fn waiting(out: &mut Output, summary: &PruneSummary) -> Result<()> {
    for (session, began) in &summary.waiting {
        let when = times::local(Time { secs: *began, nanos: 0 });
        out.remark(format_args!("  session {} of {when}", &session[..8.min(session.len())]))?;
    }
    Ok(())
}

pub(super) fn report(out: &mut Output, summary: &PruneSummary, dry_run: bool) -> Result<()> {
    let packs = |number| counted(number, "pack", "packs");
    if dry_run {
        out.remark(format_args!(
            "{} with {} would be deleted, of {} with {}.",
            packs(summary.unused_packs),
            size(summary.unused_bytes),
            packs(summary.packs),
            size(summary.bytes)
        ))?;
    } else if !summary.waiting.is_empty() {
        out.remark("Nothing was deleted yet: backups that began before may rely on what is unused now.")?;
        waiting(out, summary)?;
        out.remark("The next prune goes on from here.")?;
    } else if summary.deleted_packs == 0 {
        out.remark("Nothing to delete.")?;
    } else {
        out.remark(format_args!("Deleted {} with {}.", packs(summary.deleted_packs), size(summary.deleted_bytes)))?;
    }
    if summary.repacked_packs > 0 {
        let (packs, bytes) = (packs(summary.repacked_packs), size(summary.repacked_bytes));
        let verb = if dry_run { "would be" } else { "were" };
        out.remark(format_args!("  {packs} {verb} given up; {bytes} of them are used and {verb} stored once more"))?;
    }
    if summary.locked_bytes > 0 {
        out.remark(format_args!("  {} more are unused in packs that are used in part", size(summary.locked_bytes)))?;
    }
    if summary.fenced > 0 {
        out.remark(format_args!("  {} taken for dead", counted(summary.fenced, "backup was", "backups were")))?;
    }
    Ok(())
}
