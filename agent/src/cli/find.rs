//! `find`: which snapshots have a file.

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;

use atalaya_base::units;
use atalaya_repo::model::{Entry, Kind};
use atalaya_repo::{Error, Info, hex};
use serde::Serialize;

use super::context::Context;
use super::entry_text::JsonEntry;
use super::exit::{Exit, Result};
use super::output::{Output, complain};
use super::text::shown_path;
use super::times;
use super::walk::{each_entry, refuse_damage};
use crate::source::Excludes;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent find --repo /mnt/usb/nas 'IMG_2024*.jpg'
  atalaya-agent find --repo /mnt/usb/nas --ignore-case '/srv/**/*.jpg'

Patterns are those of \"backup --exclude\": without a slash they match names
anywhere, with one at the start paths from the root; '**' stands for any
number of folders, a slash at the end for folders only.";

/// Find files by name across all snapshots
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Take upper and lower case for the same
    #[arg(long, short)]
    ignore_case: bool,

    /// Only in snapshots of this job
    #[arg(long, value_name = "NAME")]
    job: Option<String>,

    /// What to look for
    pattern: OsString,
}

#[derive(Serialize)]
struct Match<'a> {
    snapshot: &'a str,
    #[serde(flatten)]
    entry: JsonEntry,
}

/// A pattern, and whether case counts.
struct Pattern {
    excludes: Excludes,
    ignore_case: bool,
}

impl Pattern {
    fn parse(args: &Args) -> Result<Self> {
        let mut text = args.pattern.as_bytes().to_vec();
        if args.ignore_case {
            text = lower(&text);
        }
        // There is nothing to take back here.
        if text.first() == Some(&b'!') {
            text.insert(0, b'\\');
        }
        let excludes = Excludes::parse([text])
            .map_err(|err| Error::new(err.kind, err.text.replacen("exclude pattern", "pattern", 1)))?;
        Ok(Self { excludes, ignore_case: args.ignore_case })
    }

    fn matches(&self, entry: &Entry) -> bool {
        let folder = entry.meta.kind == Kind::Dir;
        if self.ignore_case {
            self.excludes.excluded(&lower(&entry.path), folder)
        } else {
            self.excludes.excluded(&entry.path, folder)
        }
    }
}

/// In lower case; of what is not UTF-8, only ASCII letters have one.
fn lower(text: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => text.to_lowercase().into_bytes(),
        Err(_) => text.to_ascii_lowercase(),
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let pattern = Pattern::parse(args)?;
    let repo = context.open_to_read()?;
    let (mut all, bad) = repo.snapshots()?;
    all.retain(|info| args.job.as_ref().is_none_or(|job| info.catalogue.job == *job));
    bad.iter().for_each(|err| complain(format_args!("damaged: {err}")));
    let mut out = context.output();
    let (mut found, mut damaged) = (0_u64, bad.len() as u64);
    for info in &all {
        let snapshot = repo.open_snapshot(info, context.budget.workers)?;
        damaged += each_entry(&snapshot, b"", |entry| {
            if pattern.matches(entry) {
                found += 1;
                show(&mut out, info, entry)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
    }
    if found == 0 {
        out.remark("Nothing found.")?;
    }
    out.finish()?;
    refuse_damage(damaged)?;
    Ok(Exit::Done)
}

fn show(out: &mut Output, info: &Info, entry: &Entry) -> Result<()> {
    let id = hex(&info.id);
    if out.json {
        return out.json(&Match { snapshot: &id, entry: JsonEntry::new(entry) });
    }
    out.line(format_args!(
        "{}  {}  {:>10}  {}",
        &id[..8],
        times::local(entry.meta.mtime),
        units::size(entry.meta.size),
        shown_path(&entry.path)
    ))
}
