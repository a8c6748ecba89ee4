//! `store`: whether a place keeps what repositories rely on, and for how long nobody can remove it.

use std::ffi::OsString;
use std::time::Instant;

use atalaya_base::units;
use atalaya_store::conformance::{CASES, Part};
use atalaya_store::{Error, StoreUrl};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::place::{self, Scratch};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent store check /mnt/usb
  atalaya-agent store check sftp://nas@backup.example.org/srv/nas
  atalaya-agent store check s3://s3.eu-central-1.amazonaws.com/bucket/nas
  atalaya-agent store retain s3://s3.example.org/bucket/nas --days 30";

/// Try whether a place can hold repositories
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Put, read, list and delete objects in a folder of its own there, which is removed again
    Check {
        /// Folder or URL, as of --repo [default: the one of --repo]
        #[arg(value_name = "R")]
        place: Option<OsString>,

        /// Ten thousand objects, too
        #[arg(long)]
        full: bool,
    },

    /// Have what is there kept for longer, in a bucket with object lock
    #[cfg(feature = "s3")]
    Retain {
        /// URL, as of --repo [default: the one of --repo]
        #[arg(value_name = "R")]
        place: Option<OsString>,

        /// What could be removed within so many days is kept for twice as long
        #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
    },
}

/// What was found out.
#[derive(Serialize)]
struct Report {
    store: String,
    good: bool,
    cases: Vec<Outcome>,
    cannot_promise: Vec<String>,
    seconds: f64,
}

#[derive(Serialize)]
struct Outcome {
    name: &'static str,
    good: bool,
    why: Option<String>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let named =
        |place: &Option<OsString>| place.as_ref().map_or_else(|| context.global.repo(), |place| place::parse(place));
    match &args.action {
        Action::Check { place, full } => check(context, &named(place)?, *full),
        #[cfg(feature = "s3")]
        Action::Retain { place, days } => retain(context, &named(place)?, *days),
    }
}

#[cfg(feature = "s3")]
fn retain(context: &Context, url: &StoreUrl, days: u32) -> Result<Exit> {
    let StoreUrl::Bucket(bucket) = url else {
        let why = "object lock is what buckets of S3 have; name s3://…";
        return Err(Failure::usage(format!("cannot keep what is in {url}: {why}")));
    };
    let done = place::bucket::retain(bucket, &context.global, days)?;
    let mut out = context.output();
    if out.json {
        out.json(&serde_json::json!({ "objects": done.objects, "extended": done.extended }))?;
        return out.finish().map(|()| Exit::Done);
    }
    out.line(format_args!(
        "{} objects are kept for {days} days at least; {} of them were not, and are for {} now",
        done.objects,
        done.extended,
        2 * days
    ))?;
    out.finish().map(|()| Exit::Done)
}

fn check(context: &Context, url: &StoreUrl, full: bool) -> Result<Exit> {
    let start = Instant::now();
    let mut scratch = place::scratch(url, &context.global)?;
    let cannot_promise = std::mem::take(&mut scratch.shortcomings);
    let weaker = std::mem::take(&mut scratch.weaker);
    let mut cases = try_all(&mut scratch, if full { Part::Long } else { Part::Usual });
    // What is said of them stands in what cannot be promised.
    cases.iter_mut().filter(|case| weaker.contains(&case.name)).for_each(|case| case.good = true);
    let removed = scratch.remove();
    let good = cases.iter().all(|case| case.good);
    let report = Report { store: url.to_string(), good, cases, cannot_promise, seconds: start.elapsed().as_secs_f64() };
    tell(context, &report)?;
    removed.map_err(|err| Failure::new(Exit::Failed, format!("cannot remove what was made to try {url}: {err}")))?;
    if good {
        return Ok(Exit::Done);
    }
    Err(Failure::new(Exit::Failed, format!("{url} cannot hold repositories: see above; choose another place")))
}

/// The short form, for a place where a repository is to be made.
pub(super) fn refuse_unfit(context: &Context, url: &StoreUrl) -> Result<()> {
    let mut scratch = place::scratch(url, &context.global)?;
    let cases = try_all(&mut scratch, Part::Short);
    scratch.remove().map_err(atalaya_repo::Error::from)?;
    match cases.into_iter().find(|case| !case.good) {
        None => Ok(()),
        Some(case) => {
            let why = case.why.unwrap_or_default();
            let text = format!(
                "cannot create repository {url}: it fails the test \"{}\": {why}; \"atalaya-agent store check\" says more",
                case.name
            );
            Err(Failure::new(Exit::Failed, text))
        }
    }
}

fn try_all(scratch: &mut Scratch, part: Part) -> Vec<Outcome> {
    let wanted = CASES.iter().filter(|case| case.part <= part);
    wanted
        .map(|case| {
            let done = (scratch.fresh)().and_then(|store| (case.run)(&*store));
            let why = done.err().map(|err: Error| err.text);
            Outcome { name: case.name, good: why.is_none(), why }
        })
        .collect()
}

fn tell(context: &Context, report: &Report) -> Result<()> {
    let mut out = context.output();
    if out.json {
        out.json(report)?;
        return out.finish();
    }
    for case in &report.cases {
        match case.why.as_ref().filter(|_| !case.good) {
            None if case.why.is_some() => out.remark(format_args!("  weak  {}: see the note", case.name))?,
            None => out.remark(format_args!("  good  {}", case.name))?,
            Some(why) => out.line(format_args!("  BAD   {}: {why}", case.name))?,
        }
    }
    for cannot in &report.cannot_promise {
        out.line(format_args!("  note  {cannot}"))?;
    }
    let took = units::duration(std::time::Duration::from_secs_f64(report.seconds));
    if report.good {
        out.remark(format_args!(
            "{} keeps what repositories rely on, as far as can be tried from here; took {took}",
            report.store
        ))?;
        out.remark("Not tried: a power cut over there, and what others with access to it do.")?;
    }
    out.finish()
}
