//! `restore`: a snapshot, or a part of it, into a folder.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use atalaya_base::signals::Signals;
use atalaya_base::units::count;
use atalaya_repo::{Error, Kind, Role, Snapshot};

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::place::Place;
use super::progress::{Counts, Display};
use super::restore_report::{Outcome, write};
use super::restore_watch::Watch;
use super::snapshot_arg::SnapshotPath;
use crate::restore::{Options, restore};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent restore --repo /mnt/usb/nas latest --target /mnt/restored
  atalaya-agent restore --repo /mnt/usb/nas latest:/home/ana --target /home/ana
  atalaya-agent restore --repo /mnt/usb/nas 3fa9:/srv --target /srv --dry-run

A whole snapshot is restored by its full paths, of a folder what is in it.
What is in the target already and right is kept, so that an interrupted
restore goes on where it was; what differs is replaced; what is not in the
snapshot is kept unless --delete is given. Sockets are left out: the programs
that they belong to make them anew.";

/// Restore a snapshot, or PATH in it, into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to; the folder is made if need be
    #[arg(long, value_name = "DIR")]
    target: PathBuf,

    /// Delete what is in the target but not in the snapshot, below the folders that were backed up; refused for a
    /// snapshot whose backup could not read everything
    #[arg(long)]
    delete: bool,

    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,

    /// Read everything again afterwards and compare it
    #[arg(long)]
    verify: bool,

    /// Id prefix, "latest" or "latest/JOB", and a path in it
    #[arg(value_name = "SNAPSHOT[:PATH]")]
    snapshot: OsString,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let start = Instant::now();
    let arg = SnapshotPath::parse(&args.snapshot)?;
    if args.target.as_os_str().is_empty() {
        return Err(Failure::usage("cannot restore: the target is empty; name a folder with --target DIR"));
    }
    let place = context.place()?.cached(&context.state()?, context.global.cache_max);
    let spool = context.spool()?;
    let repo = context.open_at(&place)?;
    may_read(repo.role(), "restore")?;
    let snapshot = context.snapshot(&repo, &arg)?;
    // Before the target is made.
    arg.entry(&snapshot)?;
    if args.delete {
        deletable(&snapshot.info().id, snapshot.info().catalogue.problems)?;
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let display = Display::new(context.global.quiet || context.global.json || args.dry_run);
    let out = context.output();
    let watch = Watch::new(&display, &signals.stop, args.dry_run.then_some(out));
    let options = options(context, args, &place, &snapshot)?;
    let target = std::path::absolute(&args.target).unwrap_or_else(|_| args.target.clone());
    let result = display.around(
        || counts(&watch, &snapshot, &arg),
        || restore(&snapshot, &arg.path, &target, &options, &spool, &watch),
    );
    let problems = watch.finish()?;
    let report = result.map_err(|err| Failure::stopped(err, &signals))?;
    let refused: u64 = report.refused.iter().map(|refusal| refusal.count).sum();
    let exit = Exit::with_problems(report.failed + report.unstable + refused);
    let outcome = Outcome {
        snapshot: &atalaya_repo::hex(&snapshot.info().id),
        target: &target,
        dry_run: args.dry_run,
        report: &report,
        problems,
        took: start.elapsed(),
    };
    let mut out = context.output();
    write(&mut out, outcome)?;
    out.finish()?;
    Ok(exit)
}

/// Any other key would make a tree of empty folders before it came to the first file.
pub(super) fn may_read(role: Role, what: &str) -> Result<()> {
    if role == Role::Owner {
        return Ok(());
    }
    let text = format!("cannot {what}: a {role}'s key cannot read content; use the owner's passphrase or key file");
    Err(Failure::from(Error::new(Kind::NotAllowed, text)))
}

/// What a backup could not read is not in its snapshot, and must not be taken for what was deleted since.
fn deletable(id: &[u8; 16], number: u64) -> Result<()> {
    if number == 0 {
        return Ok(());
    }
    let id = &atalaya_repo::hex(id)[..8];
    Err(Failure::usage(format!(
        "cannot restore snapshot {id} with --delete: its backup had trouble with {} path{}, and what is missing from the \
         snapshot would be deleted; leave --delete out, or restore a snapshot without problems (see \"snapshots\")",
        count(number),
        if number == 1 { "" } else { "s" }
    )))
}

fn options(context: &Context, args: &Args, place: &Place, snapshot: &Snapshot<'_>) -> Result<Options> {
    let whole = snapshot.sources().iter().map(|path| path.strip_prefix(b"/").unwrap_or(path).to_vec());
    Ok(Options {
        delete: args.delete,
        whole_folders: whole.collect(),
        dry_run: args.dry_run,
        verify: args.verify,
        own_folders: place.folder.iter().cloned().chain([context.state()?, context.spool()?]).collect(),
        ..Options::default()
    })
}

/// How far it is. How much there is to do is known only of whole snapshots of which nothing is there yet.
fn counts(watch: &Watch<'_>, snapshot: &Snapshot<'_>, arg: &SnapshotPath) -> Counts {
    let whole = arg.path.is_empty() && watch.kept.load(Ordering::Relaxed) == 0;
    let catalogue = &snapshot.info().catalogue;
    Counts {
        entries: watch.entries.load(Ordering::Relaxed),
        nodes: false,
        bytes: watch.bytes.load(Ordering::Relaxed),
        total_entries: whole.then_some(catalogue.entries),
        total_bytes: whole.then_some(catalogue.bytes),
        guessed: false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_backed_up_is_not_deleted() {
        assert!(deletable(&[0xab; 16], 0).is_ok());
        let text = deletable(&[0xab; 16], 2).unwrap_err().to_string();
        assert!(text.contains("abababab with --delete") && text.contains("2 paths") && !text.contains('\n'), "{text}");
        assert!(text.contains("leave --delete out, or restore a snapshot without problems"), "{text}");
    }
}
