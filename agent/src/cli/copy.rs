//! `copy`: replicas of a repository on other disks and machines.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::atomic::Ordering;

use atalaya_base::config::parse_size;
use atalaya_base::signals::Signals;
use atalaya_repo::copy::{CopyOptions, CopyProgress, CopySummary};
use atalaya_repo::{Budget, Repository};
use atalaya_store::StoreUrl;

use super::backup::limited;
use super::context::Context;
use super::copy_report::{JsonCopy, JsonTarget, report};
use super::exit::{Exit, Failure, Result};
use super::folders::resolved;
use super::output::complain;
use super::place::{self, Place};
use super::progress::{Counts, Display};
use super::{PROGRAM, times};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent copy --repo /mnt/usb/nas /mnt/usb2/nas
  atalaya-agent copy --repo /mnt/usb/nas /mnt/usb2/nas sftp://nas@host/~/nas
  atalaya-agent copy --repo /mnt/usb/nas /mnt/usb2/nas --heal
  atalaya-agent copy --repo /mnt/usb2/nas --promote";

/// Copy a repository to other places, and keep the copies up to date
///
/// A copy is a replica: the same objects, opened by the same keys, from which everything can be restored if the
/// repository is lost. Only what a target lacks is copied, and what was forgotten and pruned goes there, too. Stopped or
/// cut off, a target is a repository all the same, and the next copy goes on. An empty target is made a replica.
///
/// No key to names or content is needed: a writer's key will do, except to make a replica. Backups, forget and prune are for
/// the repository alone; a replica refuses them until --promote makes it the repository.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the copies are: folders, sftp://USER@HOST:PORT/PATH, s3://HOST/BUCKET/PREFIX, az://ACCOUNT/CONTAINER/PREFIX, or gs://BUCKET/PREFIX
    #[arg(value_name = "TARGET", required_unless_present = "promote", conflicts_with = "promote")]
    targets: Vec<OsString>,

    /// Read everything on both sides, and put sound objects in the place of damaged ones
    #[arg(long, conflicts_with = "promote")]
    heal: bool,

    /// Make a replica where one was before and is gone, or of a copy made by other means
    #[arg(long, conflicts_with = "promote")]
    init: bool,

    /// Delete nothing if more than this share of a replica was pruned
    #[arg(long, value_name = "PERCENT", default_value = "40", value_parser = clap::value_parser!(u8).range(0..=100))]
    drop_max: u8,

    /// Say what would be done, and do nothing
    #[arg(long, conflicts_with_all = ["promote", "heal"])]
    dry_run: bool,

    /// Write at most SIZE a second to a target
    #[arg(long, value_name = "SIZE", value_parser = parse_size, conflicts_with = "promote")]
    limit_upload: Option<u64>,

    /// Make the replica that --repo names the repository, because the one it was copied from is lost
    #[arg(long)]
    promote: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        super::background::yield_to_everything();
    }
    let urls = args.targets.iter().map(|target| parse(target)).collect::<Result<Vec<_>>>()?;
    urls.iter().try_for_each(|url| check(context, url))?;
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let source = context.place()?;
    let repo = context.open_at(&source)?;
    if args.promote {
        return promote(context, &repo);
    }
    let mut targets = Vec::new();
    for url in &urls {
        let done = target(context, &repo, url, args, &signals);
        if let (Err(failure), true) = (&done, urls.len() > 1) {
            complain(format_args!("{PROGRAM}: {failure}"));
        }
        targets.push((url, done));
        if signals.came().is_some() {
            break;
        }
    }
    finish(context, &repo, args, targets)
}

/// What is wrong with how a target is named, before any of them is written to.
fn parse(target: &OsStr) -> Result<StoreUrl> {
    place::parse(target)
        .map_err(|failure| Failure::new(failure.exit, failure.text.replace("cannot open repository", "cannot copy to")))
}

fn check(context: &Context, url: &StoreUrl) -> Result<()> {
    let source = context.global.repo()?;
    if let Some(folder) = url.folder() {
        context.refuse_within(folder)?;
        if let Some(source) = source.folder() {
            refuse_nested(source, folder)?;
        }
    }
    let beside = place::beside_bytes(&source) + place::beside_bytes(url);
    let total = usize::try_from(context.global.memory_max).unwrap_or(usize::MAX);
    if beside > 0 && Budget::divide(total.saturating_sub(beside)).is_err() {
        let text = "--memory-max is too small to work with: each ssh takes 7M beside what a copy needs; try 39M";
        return Err(Failure::usage(text));
    }
    Ok(())
}

fn refuse_nested(source: &Path, target: &Path) -> Result<()> {
    let (here, there) = (resolved(source), resolved(target));
    if here != there && (here.starts_with(&there) || there.starts_with(&here)) {
        let text = format!(
            "cannot copy {} to {}: one lies in the other; choose another folder",
            source.display(),
            target.display()
        );
        return Err(Failure::usage(text));
    }
    Ok(())
}

fn target(context: &Context, repo: &Repository, url: &StoreUrl, args: &Args, signals: &Signals) -> Result<CopySummary> {
    let place = limited(open(context, repo, url, args)?, args.limit_upload, &signals.stop);
    let spool = context.spool()?;
    let progress = CopyProgress::default();
    let display = Display::new(context.global.quiet || context.global.json);
    let options = CopyOptions {
        heal: args.heal,
        dry_run: args.dry_run,
        init: args.init,
        drop_percent_max: f64::from(args.drop_max),
        spool: &spool,
        now: &times::now,
        stop: &signals.stop,
        progress: &progress,
    };
    let work = || repo.copy_to(place.store.clone(), &options);
    let summary = display.around(|| counts(&progress), work).map_err(|err| Failure::stopped(err, signals))?;
    summary.warnings.iter().for_each(|text| complain(format_args!("warning: {text}")));
    summary.told.iter().for_each(|text| complain(format_args!("damaged: {text}")));
    if let Some(why) = &summary.not_deleted {
        complain(format_args!("warning: nothing was deleted at {url}: {why}"));
    }
    Ok(summary)
}

/// The store of a target. Its folder is made, unless that may be a disk that is not mounted.
fn open(context: &Context, repo: &Repository, url: &StoreUrl, args: &Args) -> Result<Place> {
    match place::open(url, &context.global) {
        Err(failure) if failure.exit == Exit::NoRepository && url.folder().is_none_or(|folder| !folder.exists()) => {
            let why = match (args.dry_run, repo.had_replica_at(&settled(url)) && !args.init) {
                (_, true) => {
                    "there was a replica before, and it is not there now; mount it, or make another one with \"--init\""
                }
                (true, _) => "it is not there; without --dry-run it is made",
                _ => return place::create(url, &context.global).map_err(worded),
            };
            Err(Failure::new(Exit::Failed, format!("cannot copy to {url}: {why}")))
        }
        other => other.map_err(worded),
    }
}

/// As the store calls itself when it is there.
fn settled(url: &StoreUrl) -> String {
    url.folder().map_or_else(|| url.to_string(), |folder| resolved(folder).display().to_string())
}

fn worded(mut failure: Failure) -> Failure {
    for words in ["cannot open repository", "cannot create repository"] {
        failure.text = failure.text.replace(words, "cannot copy to");
    }
    failure
}

fn counts(progress: &CopyProgress) -> Counts {
    let total = progress.total_bytes.load(Ordering::Relaxed);
    Counts {
        entries: 0,
        bytes: progress.bytes.load(Ordering::Relaxed),
        nodes: true,
        total_entries: None,
        total_bytes: (total > 0).then_some(total),
        guessed: false,
    }
}

/// One target that failed fails as any command does; of several each was told, and the others were done.
fn finish(
    context: &Context,
    repo: &Repository,
    args: &Args,
    mut targets: Vec<(&StoreUrl, Result<CopySummary>)>,
) -> Result<Exit> {
    if args.targets.len() == 1
        && let Some((_, Err(_))) = targets.first()
        && let Some((_, Err(failure))) = targets.pop()
    {
        return Err(failure);
    }
    let mut exit = Exit::Done;
    let mut out = context.output();
    for (url, done) in &targets {
        match done {
            Ok(summary) => {
                report(&mut out, url, summary, args.dry_run)?;
                if summary.troubles > 0 || summary.not_deleted.is_some() {
                    exit = worse(exit, Exit::Failed);
                }
            }
            Err(failure) => exit = worse(exit, signal_or_failed(failure.exit)),
        }
    }
    if out.json {
        let targets = targets.iter().map(|(url, done)| JsonTarget::new(url, done)).collect();
        out.json(&JsonCopy { repository: repo.place(), dry_run: args.dry_run, targets })?;
    }
    out.finish()?;
    Ok(exit)
}

fn signal_or_failed(exit: Exit) -> Exit {
    if matches!(exit, Exit::Signal(_)) { exit } else { Exit::Failed }
}

fn worse(one: Exit, other: Exit) -> Exit {
    if matches!(one, Exit::Signal(_)) { one } else { other }
}

fn promote(context: &Context, repo: &Repository) -> Result<Exit> {
    repo.promote()?;
    let mut out = context.output();
    if out.json {
        out.json(&JsonCopy { repository: repo.place(), dry_run: false, targets: Vec::new() })?;
    } else {
        out.remark(format_args!("{} is a repository of its own now: back up to it.", repo.place()))?;
        out.remark("Never use the one that it was copied from again, except as a new and empty place.")?;
    }
    out.finish()?;
    Ok(Exit::Done)
}
