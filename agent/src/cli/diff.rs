//! `diff`: what changed between two snapshots.

use atalaya_base::units::{count, size};
use atalaya_repo::model::Entry;
use atalaya_repo::{Change, Differs, Error, Kind, Selector, diff, hex};
use serde::Serialize;

use super::context::Context;
use super::entry_text::JsonEntry;
use super::exit::{Exit, Failure, Result};
use super::output::Output;
use super::text::shown_path;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent diff --repo /mnt/usb/nas 3fa9 latest
  atalaya-agent diff --repo /mnt/usb/nas --json 3fa9 latest/photos

In front of each path: + added, - removed, M other content, a other
attributes, T another kind of thing.";

/// Show what changed between two snapshots
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The older: id prefix, "latest" or "latest/JOB"
    #[arg(value_name = "A")]
    a: Selector,

    /// The newer
    #[arg(value_name = "B")]
    b: Selector,
}

#[derive(Default, Serialize)]
struct Sums {
    added: u64,
    added_bytes: u64,
    removed: u64,
    removed_bytes: u64,
    changed: u64,
}

/// One difference; `before` or `after` is missing where there is no such entry.
#[derive(Serialize)]
struct JsonChange {
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<JsonEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<JsonEntry>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let repo = context.open_to_read()?;
    let open = |selector: &Selector| repo.open_snapshot(&repo.find_snapshot(selector)?, context.budget.workers);
    let (a, b) = (open(&args.a)?, open(&args.b)?);
    let mut out = context.output();
    let mut sums = Sums::default();
    let mut failure = None;
    let result = diff(&a, &b, &mut |change| {
        show(&mut out, &mut sums, &change).map_err(|err| {
            failure = Some(err);
            Error::new(Kind::Interrupted, "output ended")
        })
    });
    if let Some(failure) = failure {
        return Err(failure);
    }
    let (from, to) = (hex(&a.info().id[..4]), hex(&b.info().id[..4]));
    result.map_err(|err| Failure::from(err.context(&format!("cannot compare {from} and {to}"))))?;
    if !out.json {
        out.remark(format_args!(
            "{from} to {to}: {} added ({}), {} removed ({}), {} changed",
            count(sums.added),
            size(sums.added_bytes),
            count(sums.removed),
            size(sums.removed_bytes),
            count(sums.changed)
        ))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}

fn show(out: &mut Output, sums: &mut Sums, change: &Change) -> Result<()> {
    let (mark, what, before, after): (_, _, Option<&Entry>, Option<&Entry>) = match change {
        Change::Added(entry) => ('+', "added", None, Some(entry)),
        Change::Removed(entry) => ('-', "removed", Some(entry), None),
        Change::Changed(before, after, differs) => {
            let (mark, what) = name(*differs);
            (mark, what, Some(before), Some(after))
        }
    };
    match (before, after) {
        (None, Some(entry)) => (sums.added, sums.added_bytes) = (sums.added + 1, sums.added_bytes + entry.meta.size),
        (Some(entry), None) => {
            (sums.removed, sums.removed_bytes) = (sums.removed + 1, sums.removed_bytes + entry.meta.size)
        }
        _ => sums.changed += 1,
    }
    if out.json {
        let (before, after) = (before.map(JsonEntry::new), after.map(JsonEntry::new));
        return out.json(&JsonChange { change: what, before, after });
    }
    match after.or(before) {
        Some(entry) => out.line(format_args!("{mark} {}", shown_path(&entry.path))),
        None => Ok(()),
    }
}

/// What matters most about a change.
fn name(differs: Differs) -> (char, &'static str) {
    if differs.kind {
        ('T', "kind")
    } else if differs.content {
        ('M', "content")
    } else {
        ('a', "attributes")
    }
}
