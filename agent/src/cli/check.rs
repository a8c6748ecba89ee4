//! `check`: is everything there, and is it what it was.

use std::sync::atomic::Ordering;
use std::time::Instant;

use atalaya_base::signals::Signals;
use atalaya_base::text::shown;
use atalaya_base::units::{self, counted, size};
use atalaya_repo::check::{CheckOptions, CheckProgress, CheckSummary, Finding, Sample, check_hosted};
use atalaya_repo::model::Time;
use serde::Serialize;

use super::compared::{self, JsonCompared};
use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::output::{Output, complain};
use super::progress::{Counts, Display};
use super::restore::may_read;
use super::text::shown_path;
use super::{findings::Findings, host, times};
use crate::share::Share;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent check --repo /mnt/usb/nas
  atalaya-agent check --repo /mnt/usb/nas --read-data
  atalaya-agent check --repo /mnt/usb/nas --read-data=5%
  atalaya-agent check --repo /mnt/usb/nas --read-data=2h --background
  atalaya-agent check --repo /mnt/usb/nas --compare=10%
  atalaya-agent check --repo /srv/customers/nas --without-key --read-data";

/// Check that everything is there and, with --read-data, that it is what was stored
///
/// Without it, objects are listed, small ones, the index and names are read, and of each pack its directory: a small read
/// for every 8 MiB.
///
/// Each finding is a line on standard error; with findings the exit code is 1. What is odd but harmless is a warning
/// and changes no exit code. With --json both (the first hundred of them) stand in the object on standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Read the stored data too: all of it, a share (5%), so much (20G), or for so long (30m, 2h)
    ///
    /// What no check has read yet comes first, then what was read longest ago. With the state folder it is remembered when
    /// each pack was read, also when the check is stopped.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true, default_missing_value = "100%")]
    read_data: Option<Share>,

    /// Restore some files too, without writing them, and compare them with their sources: all, a share (10%) or so much (20G)
    ///
    /// Of the newest snapshot of each job files are drawn by lot. Each is put together as a restore does it. Where its source
    /// is there, and size, times and inode are those of the backup, its bytes have to be the same: else one of both changed
    /// silently, which is a finding. Takes the owner's key.
    #[arg(long, value_name = "SHARE", num_args = 0..=1, require_equals = true, default_missing_value = "100%",
        conflicts_with = "without_key")]
    compare: Option<Share>,

    /// Check what can be checked without a key: for whoever keeps a repository for others
    ///
    /// Signatures, that everything is there that the index names, and with --read-data the checksums of packs. What content
    /// is, and which files there are, only a key tells. Nothing is remembered: packs of a share are drawn by lot.
    #[arg(long)]
    without_key: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,
}

#[derive(Serialize)]
struct JsonCheck {
    good: bool,
    findings: u64,
    warnings: u64,
    finding_list: Vec<super::findings::JsonFinding>,
    snapshots: u64,
    packs: u64,
    unindexed_packs: u64,
    packs_read: u64,
    bytes_read: u64,
    /// Where stored data was read.
    packs_never_read: Option<u64>,
    oldest_read: Option<String>,
    blobs_verified: u64,
    nodes_read: u64,
    trees_checked: bool,
    content_verified: bool,
    files_affected: u64,
    #[serde(flatten)]
    compared: Option<JsonCompared>,
    seconds: f64,
    memory_peak_bytes: Option<u64>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let start = Instant::now();
    if args.background {
        super::background::yield_to_everything();
    }
    compared::checked(args.compare)?;
    let place = context.place()?;
    let spool = context.spool()?;
    let repo = match args.without_key {
        false => Some(context.open_at(&place).map_err(Failure::without_check)?),
        true => None,
    };
    if let (Some(repo), Some(_)) = (&repo, args.compare) {
        may_read(repo.role(), "compare")?;
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let progress = CheckProgress::default();
    let display = Display::new(context.global.quiet || context.global.json);
    let findings = Findings::default();
    let in_time = || !matches!(args.read_data, Some(Share::Time(time)) if start.elapsed() >= time);
    let options = CheckOptions {
        sample: sample(args.read_data, &in_time),
        now: &times::now,
        threads: context.budget.workers,
        spool: &spool,
        stop: &signals.stop,
        finding: &|finding| findings.add(finding, &display),
        progress: &progress,
    };
    let mut summary = display
        .around(
            || counts(&progress),
            || match &repo {
                Some(repo) => repo.check(&options),
                None => check_hosted(&*place.store, &options),
            },
        )
        .map_err(|err| Failure::stopped(err, &signals).without_check())?;
    let compared = match (&repo, args.compare) {
        (Some(repo), Some(share)) => {
            let watch = (&display, &signals, &findings);
            Some(compared::run(context, repo, share, watch, &mut summary).map_err(Failure::without_check)?)
        }
        _ => None,
    };
    let mut out = context.output();
    let seconds = start.elapsed();
    let only_compared = compared.as_ref().is_some_and(|compared| compared.is_all(summary.findings));
    if out.json {
        out.json(&json(&summary, findings, compared, seconds.as_secs_f64()))?;
    } else {
        report(&mut out, &summary, (repo.is_some(), compared.as_ref()), seconds)?;
    }
    out.finish()?;
    if summary.findings == 0 {
        return Ok(Exit::Done);
    }
    if only_compared {
        complain(format_args!(
            "atalaya-agent: {} of those that were restored from {} cannot be restored or differ from a source that did not \
             change, see above; look at the disk that the source is on, and at what \"restore\" gives",
            counted(summary.findings, "file", "files"),
            place.shown()
        ));
        return Ok(Exit::Failed);
    }
    // Not as a failure: the check itself was done, and programs have got its object.
    complain(format_args!(
        "atalaya-agent: {} is damaged: {}, {} affected, see above; {}",
        place.shown(),
        counted(summary.findings, "finding", "findings"),
        counted(summary.files_affected, "file", "files"),
        advice(&summary, repo.is_some())
    ));
    Ok(Exit::Failed)
}

/// What to do. Small objects can be replaced; what files and snapshots need cannot.
fn advice(summary: &CheckSummary, with_key: bool) -> &'static str {
    if !with_key {
        "tell whoever holds its key: \"copy --heal\" mends it from another copy"
    } else if summary.findings == summary.objects && summary.files_affected == 0 && summary.trees_checked {
        "what is stored can be restored, and backups go on"
    } else {
        "\"copy --heal\" mends it from another copy; without one, \"atalaya-agent repair\" says what can be kept"
    }
}

pub(super) fn counts(progress: &CheckProgress) -> Counts {
    let total = progress.bytes_total.load(Ordering::Relaxed);
    Counts {
        entries: progress.nodes.load(Ordering::Relaxed),
        bytes: progress.bytes.load(Ordering::Relaxed),
        nodes: true,
        total_entries: None,
        total_bytes: (total > 0).then_some(total),
        guessed: false,
    }
}

fn sample<'a>(share: Option<Share>, in_time: &'a (dyn Fn() -> bool + Sync)) -> Sample<'a> {
    match share {
        None => Sample::Nothing,
        Some(Share::Percent(percent)) => Sample::Percent(percent),
        Some(Share::Bytes(bytes)) => Sample::Bytes(bytes),
        Some(Share::Time(_)) => Sample::While(in_time),
    }
}

fn packs(number: u64) -> String {
    counted(number, "pack", "packs")
}

fn report(
    out: &mut Output,
    summary: &CheckSummary,
    (with_key, compared): (bool, Option<&JsonCompared>),
    took: std::time::Duration,
) -> Result<()> {
    let reads_not = if with_key { "this key cannot read content" } else { "content takes a key" };
    let state = if summary.findings == 0 { "Everything is as it should be." } else { "Something is wrong." };
    out.remark(state)?;
    out.remark(format_args!("  {}, {}", counted(summary.snapshots, "snapshot", "snapshots"), packs(summary.packs)))?;
    match (summary.packs_read, summary.content_verified) {
        (0, _) if summary.packs == 0 => {}
        (0, _) => out.remark("  the stored data was not read; --read-data does that")?,
        (read, true) => out.remark(format_args!(
            "  read {}, {}; {} as stored",
            packs(read),
            size(summary.bytes_read),
            counted(summary.blobs_verified, "chunk is", "chunks are")
        ))?,
        (read, false) => out.remark(format_args!(
            "  read {}, {}, by checksums only: {reads_not}",
            packs(read),
            size(summary.bytes_read)
        ))?,
    }
    if let Some(oldest) = summary.oldest_read_secs {
        let oldest = times::local(Time { secs: oldest, nanos: 0 });
        out.remark(match summary.packs_never_read {
            0 => format!("  all of it was read since {oldest}"),
            never => format!(
                "  {} were never read, the others since {oldest}; the next check goes on from there",
                packs(never)
            ),
        })?;
    }
    if let Some(compared) = compared {
        compared.report(out)?;
    }
    if !summary.trees_checked {
        let lists_not = if with_key { "this key cannot list names" } else { "that takes a key" };
        out.remark(format_args!("  which files there are was not checked: {lists_not}"))?;
    }
    if summary.unindexed_packs > 0 {
        out.remark(format_args!(
            "  {} in no index: an interrupted backup left that, which is harmless",
            packs(summary.unindexed_packs)
        ))?;
    }
    let memory = host::peak_memory().map_or_else(String::new, |bytes| format!(", {} of memory at most", size(bytes)));
    out.remark(format_args!("  took {}{memory}", units::duration(took)))
}

fn json(summary: &CheckSummary, findings: Findings, compared: Option<JsonCompared>, seconds: f64) -> JsonCheck {
    JsonCheck {
        good: summary.findings == 0,
        findings: summary.findings,
        warnings: summary.warnings,
        finding_list: findings.into_first(),
        snapshots: summary.snapshots,
        packs: summary.packs,
        unindexed_packs: summary.unindexed_packs,
        packs_read: summary.packs_read,
        bytes_read: summary.bytes_read,
        packs_never_read: summary.oldest_read_secs.map(|_| summary.packs_never_read),
        oldest_read: summary.oldest_read_secs.map(|secs| times::rfc3339(Time { secs, nanos: 0 })),
        blobs_verified: summary.blobs_verified,
        nodes_read: summary.nodes_read,
        trees_checked: summary.trees_checked,
        content_verified: summary.content_verified,
        files_affected: summary.files_affected,
        compared,
        seconds,
        memory_peak_bytes: host::peak_memory(),
    }
}

/// A finding on one line.
pub(super) fn line(finding: &Finding) -> String {
    match finding {
        Finding::Snapshot(text) => format!("snapshot: {}", shown(text.as_bytes())),
        Finding::Pack(text) => format!("pack: {}", shown(text.as_bytes())),
        Finding::Object(text) => format!("object: {}", shown(text.as_bytes())),
        Finding::Harmless(text) => format!("warning: {}", shown(text.as_bytes())),
        Finding::File(id, path, why) => format!("file: {} in snapshot {id}: {why}", shown_path(path)),
        Finding::Names(id, path, why) => format!("names: after {} in snapshot {id}: {why}", shown_path(path)),
    }
}
