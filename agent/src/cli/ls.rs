//! `ls`: what is in a snapshot.

use std::ffi::OsString;

use atalaya_repo::view::View;

use super::context::Context;
use super::entry_text::{JsonEntry, long};
use super::exit::{Exit, Failure, Result};
use super::output::complain;
use super::snapshot_arg::SnapshotPath;
use super::text::shown_path;

/// For `--help`.
pub(crate) const EXAMPLES: &str = "Examples:
  atalaya-agent ls --repo /mnt/usb/nas latest
  atalaya-agent ls --repo /mnt/usb/nas --long latest/photos:/srv/photos/2024
  atalaya-agent ls --repo /mnt/usb/nas --json 3fa9:/etc";

/// List a snapshot: everything, or PATH and what is below it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Show mode, owner, group, size and time too
    #[arg(long, short)]
    long: bool,

    /// Id prefix, "latest" or "latest/JOB", and a path in it
    #[arg(value_name = "SNAPSHOT[:PATH]")]
    snapshot: OsString,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let arg = SnapshotPath::parse(&args.snapshot)?;
    let repo = context.open()?;
    let snapshot = context.snapshot(&repo, &arg)?;
    let mut out = context.output();
    let mut entries = snapshot.entries(&arg.path)?;
    let (mut shown, mut damaged) = (0_u64, 0_u64);
    loop {
        let entry = match entries.next() {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(err) => {
                damaged += 1;
                complain(format_args!("damaged: {err}"));
                continue;
            }
        };
        shown += 1;
        if out.json {
            out.json(&JsonEntry::new(&entry))?;
        } else if args.long {
            out.line(long(&entry))?;
        } else {
            out.line(shown_path(&entry.path))?;
        }
    }
    out.finish()?;
    if damaged > 0 {
        return Err(Failure::new(
            Exit::Failed,
            "cannot list everything: parts of the snapshot are damaged; run \"atalaya-agent check\"",
        ));
    }
    if shown == 0 && !arg.path.is_empty() {
        return Err(arg.not_there(&snapshot));
    }
    Ok(Exit::Done)
}
