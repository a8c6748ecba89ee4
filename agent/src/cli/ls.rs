//! `ls`: what is in a snapshot.

use std::ffi::OsString;
use std::ops::ControlFlow;

use super::context::Context;
use super::entry_text::{JsonEntry, long};
use super::exit::{Exit, Result};
use super::snapshot_arg::SnapshotPath;
use super::text::shown_path;
use super::walk::{each_entry, refuse_damage};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent ls --repo /mnt/usb/nas latest
  atalaya-agent ls --repo /mnt/usb/nas --long latest/photos:/srv/photos/2024
  atalaya-agent ls --repo /mnt/usb/nas --json 3fa9:/etc";

/// List a snapshot: everything, or PATH and what is below it
///
/// Names with control characters or bytes that are not UTF-8 are shown with \n and \xff. With --json, each entry
/// is an object on a line of its own; where "path" is not UTF-8, "path_bytes" has it in hex.
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
    let repo = context.open_to_read()?;
    let snapshot = context.snapshot(&repo, &arg)?;
    let mut out = context.output();
    let mut shown = 0_u64;
    let damaged = each_entry(&snapshot, &arg.path, |entry| {
        shown += 1;
        if out.json {
            out.json(&JsonEntry::new(entry))?;
        } else if args.long {
            out.line(long(entry))?;
        } else {
            out.line(shown_path(&entry.path))?;
        }
        Ok(ControlFlow::Continue(()))
    })?;
    out.finish()?;
    refuse_damage(damaged)?;
    if shown == 0 && !arg.path.is_empty() {
        return Err(arg.not_there(&snapshot));
    }
    Ok(Exit::Done)
}
