//! `snapshots`: what there is.

use atalaya_base::units;
use atalaya_repo::{Info, Repository, hex};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Result};
use super::output::complain;
use super::times;

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent snapshots --repo /mnt/usb/nas
  atalaya-agent snapshots --repo /mnt/usb/nas --job photos --json";

/// List the snapshots of a repository, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only those of this job
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
}

#[derive(Serialize)]
struct Listing {
    snapshots: Vec<JsonSnapshot>,
    damaged: Vec<String>,
}

/// A snapshot as programs see it.
#[derive(Serialize)]
pub(crate) struct JsonSnapshot {
    id: String,
    job: String,
    started: String,
    finished: String,
    entries: u64,
    bytes: u64,
    added_bytes: u64,
    problems: u64,
    full: bool,
    /// A prune took its backup for dead: it may lack data.
    fenced: bool,
    writer: Option<String>,
}

impl JsonSnapshot {
    pub(crate) fn new(repo: &Repository, info: &Info) -> Self {
        let catalogue = &info.catalogue;
        let time = |(secs, nanos)| times::rfc3339(atalaya_repo::model::Time { secs, nanos });
        Self {
            id: hex(&info.id),
            job: catalogue.job.clone(),
            started: time(catalogue.started),
            finished: time(catalogue.finished),
            entries: catalogue.entries,
            bytes: catalogue.bytes,
            added_bytes: catalogue.added_bytes,
            problems: catalogue.problems,
            full: catalogue.full,
            fenced: info.fenced,
            writer: repo.member_label(info.writer),
        }
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let repo = context.open_to_read()?;
    let (mut all, damaged) = repo.snapshots()?;
    all.retain(|info| args.job.as_ref().is_none_or(|job| info.catalogue.job == *job));
    let mut out = context.output();
    if out.json {
        let snapshots = all.iter().map(|info| JsonSnapshot::new(&repo, info)).collect();
        out.json(&Listing { snapshots, damaged: damaged.iter().map(ToString::to_string).collect() })?;
    } else if all.is_empty() {
        out.remark("No snapshots.")?;
    } else {
        out.line(format_args!(
            "{:<8}  {:<19}  {:<12}  {:>11}  {:>10}  {:>10}  PROBLEMS",
            "ID", "TIME", "JOB", "ENTRIES", "SIZE", "ADDED"
        ))?;
        all.iter().try_for_each(|info| out.line(row(info)))?;
    }
    out.finish()?;
    if damaged.is_empty() {
        return Ok(Exit::Done);
    }
    damaged.iter().for_each(|err| complain(format_args!("damaged: {err}")));
    let text = "snapshots do not verify and are not listed; \"atalaya-agent check\" says more";
    complain(format_args!("atalaya-agent: {} {text}", damaged.len()));
    Ok(Exit::Failed)
}

fn row(info: &Info) -> String {
    let catalogue = &info.catalogue;
    let problems = match catalogue.problems {
        _ if info.fenced => "taken for dead by a prune, may lack data".to_owned(),
        0 => "-".to_owned(),
        count => units::count(count),
    };
    format!(
        "{:<8}  {:<19}  {:<12}  {:>11}  {:>10}  {:>10}  {problems}",
        hex(&info.id[..4]),
        times::local(info.started()),
        catalogue.job,
        units::count(catalogue.entries),
        units::size(catalogue.bytes),
        units::size(catalogue.added_bytes),
    )
}
