//! `backup`: folders into a new snapshot.

use std::cell::Cell;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use atalaya_base::config::parse_size;
use atalaya_base::signals::Signals;
use atalaya_repo::backup::{Options, Progress};
use atalaya_repo::{Error, Kind, Repository, Selector};
use atalaya_store::{Pace, Store, Throttle};

use super::backup_report::Report;
use super::context::Context;
#[cfg(feature = "daemon")]
use super::daemon::backup_job;
use super::exit::{Exit, Failure, Result};
use super::place::Place;
use super::problems::Problems;
use super::progress::{Display, of_backup};
use super::{background, host, progress_lines, times};
use crate::source::{self, Excludes, Opener, Shares, Walker};

/// For `--help`, behind the examples.
const PATTERNS: &str = "Patterns of --exclude, as in .gitignore: '*.tmp' and 'node_modules' match
names anywhere, '/home/*/.cache' from the root, 'Trash/' folders only,
'/srv/**/cache' at any depth; '!keep.tmp' takes an earlier one back. The last
pattern that matches decides.";

fn examples() -> String {
    let configured = if cfg!(feature = "daemon") { "  atalaya-agent backup --job photos\n" } else { "" };
    format!(
        "Examples:
  atalaya-agent backup --repo /mnt/usb/nas /home /etc
  atalaya-agent backup --repo /mnt/usb/nas --job photos --exclude '*.tmp' /srv
  atalaya-agent backup --repo /mnt/usb/nas --one-file-system --exclude-caches /
{configured}
{PATTERNS}"
    )
}

/// Of a wait for the limit.
const STOP_SEEN_WITHIN: Duration = Duration::from_millis(100);

/// Back up folders and files into a new snapshot
#[derive(Debug, clap::Args)]
#[command(after_help = examples())]
pub(crate) struct Args {
    /// Name for what is backed up together; its last snapshot is what the new one is compared with [default: default]
    #[arg(long, value_name = "NAME", value_parser = job_name)]
    job: Option<String>,

    /// Leave out what matches PATTERN (may be given several times)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<OsString>,

    /// Leave out what matches a line of FILE; empty lines and lines that begin with # do not count
    #[arg(long, value_name = "FILE")]
    exclude_file: Vec<PathBuf>,

    /// Leave out the contents of folders with a CACHEDIR.TAG
    #[arg(long)]
    exclude_caches: bool,

    /// Leave out files larger than SIZE
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    exclude_larger_than: Option<u64>,

    /// Do not go into other file systems
    #[arg(long)]
    one_file_system: bool,

    /// Read and compare every byte, also of files that look unchanged
    #[arg(long)]
    full: bool,

    /// Write at most SIZE a second to the repository
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    limit_upload: Option<u64>,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,

    /// With --json, say how far it is every SECONDS, in a line of its own each
    #[arg(long, value_name = "SECONDS", requires = "json", value_parser = clap::value_parser!(u64).range(1..=3600))]
    progress_every: Option<u64>,

    #[cfg(feature = "daemon")]
    #[command(flatten)]
    configured: backup_job::Configured,

    #[cfg_attr(
        feature = "daemon",
        doc = "Folders and files to back up; without any, the configured job called NAME is run"
    )]
    #[cfg_attr(feature = "daemon", arg(value_name = "PATH", required_unless_present = "job"))]
    #[cfg_attr(not(feature = "daemon"), doc = "Folders and files to back up")]
    #[cfg_attr(not(feature = "daemon"), arg(value_name = "PATH", required = true))]
    paths: Vec<PathBuf>,
}

/// Names of jobs become names of files.
pub(super) fn job_name(text: &str) -> std::result::Result<String, String> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a job's name has 1 to 64 letters, digits, \"_\" and \"-\"".to_owned())
    }
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        background::yield_to_everything();
    }
    let job = args.job.as_deref().unwrap_or("default");
    #[cfg(feature = "daemon")]
    if args.paths.is_empty() {
        return backup_job::start(context, job, &args.configured, args.full);
    }
    let start = Cell::new(Instant::now());
    let excludes = Excludes::parse(patterns(args)?)?;
    let place = context.place()?;
    let spool = context.spool()?;
    let walked = what_to_walk(context, args, &place, &spool, excludes)?;
    let walker = || Walker::new(&args.paths, walked.clone());
    // What is wrong with the sources is said before anybody is asked for a passphrase.
    let first = walker()?;
    refuse_full(&*place.store)?;
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let place = limited(place, args.limit_upload, &signals.stop);
    let repo = context.open_at(&place)?;
    let progress = Progress::default();
    let display = Display::new(context.global.quiet || context.global.json);
    let problems = Problems::default();
    let options = Options {
        job: job.to_owned(),
        sources: sources(&args.paths),
        host: host::name(),
        full: args.full,
        budget: context.budget.clone(),
        now: &times::now,
        stop: &signals.stop,
        problem: &|problem| problems.add(&problem.path, &problem.why, &display),
        notice: &|text| display.print(text),
        spool: &spool,
        progress: &progress,
    };
    let every = args.progress_every.map(Duration::from_secs);
    let last = if display.is_shown() || every.is_some() { last_totals(&repo, job) } else { None };
    let counts = || of_backup(&progress, last);
    let work = || match repo.backup(first, Opener::new()?, &options) {
        // A prune took what it found unused, because this took too long. It will not be so again.
        Err(err) if err.kind == Kind::Fenced => {
            display.print("a prune ran meanwhile and took this backup for dead; it is done once more");
            // What is reported is the second run alone.
            progress.reset();
            problems.reset();
            start.set(Instant::now());
            repo.backup(walker()?, Opener::new()?, &options)
        }
        result => result,
    };
    let result = display.around(counts, || progress_lines::around(every, counts, work));
    let mut summary = result.map_err(|err| Failure::stopped(err, &signals))?;
    summary.warnings.extend(void_fence(&repo, &summary.snapshot));
    let emptied = last.filter(|(entries, _)| *entries > 1 && summary.files_read + summary.files_unchanged == 0);
    if let Some((entries, _)) = emptied {
        summary
            .warnings
            .insert(0, format!("no file is left of the {entries} entries of last time; is the source mounted?"));
    }
    let mut out = context.output();
    Report::new(&summary, job, problems, start.get().elapsed()).write(&mut out)?;
    out.finish()?;
    Ok(Exit::with_problems(summary.problems + u64::from(emptied.is_some())))
}

/// The same place, into which only so much goes a second.
pub(super) fn limited(place: Place, bytes_per_second: Option<u64>, stop: &Arc<AtomicBool>) -> Place {
    let Some(rate) = bytes_per_second else { return place };
    let clock = Clock { start: Instant::now(), stop: stop.clone() };
    Place { store: Arc::new(Throttle::new(place.store, rate, clock)), ..place }
}

/// The clock that a limit is held by.
struct Clock {
    start: Instant,
    /// Whoever is told to stop waits no longer.
    stop: Arc<AtomicBool>,
}

impl Pace for Clock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn sleep(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.stop.load(Ordering::Relaxed) {
            match until.checked_duration_since(Instant::now()) {
                Some(left) => std::thread::sleep(left.min(STOP_SEEN_WITHIN)),
                None => return,
            }
        }
    }
}

fn what_to_walk(
    context: &Context,
    args: &Args,
    place: &Place,
    spool: &std::path::Path,
    excludes: Excludes,
) -> Result<source::Options> {
    Ok(source::Options {
        excludes,
        exclude_caches: args.exclude_caches,
        exclude_larger_than: args.exclude_larger_than,
        one_file_system: args.one_file_system,
        own_folders: place.folder.iter().cloned().chain([context.state()?, spool.to_owned()]).collect(),
        spool_dir: spool.to_owned(),
        shares: Shares::default(),
    })
}

/// Something that looks like a prune's word against the new snapshot. The snapshot stands, whatever comes of this.
fn void_fence(repo: &Repository, snapshot: &str) -> Option<String> {
    repo.void_fence(snapshot).unwrap_or_else(|err| Some(format!("cannot look at what a prune left: {err}")))
}

/// Entries and bytes of the job's last snapshot, for an estimate.
fn last_totals(repo: &Repository, job: &str) -> Option<(u64, u64)> {
    let last = repo.find_snapshot(&Selector::LatestOf(job.to_owned())).ok()?;
    Some((last.catalogue.entries, last.catalogue.bytes))
}

/// Those on the command line, then those in files, in order.
fn patterns(args: &Args) -> Result<Vec<Vec<u8>>> {
    let mut all: Vec<Vec<u8>> = args.exclude.iter().map(|text| text.as_bytes().to_vec()).collect();
    for path in &args.exclude_file {
        let bytes = std::fs::read(path)
            .map_err(|err| Failure::usage(format!("cannot read exclude file {}: {err}", path.display())))?;
        let lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        all.extend(lines.filter(|line| !line.is_empty() && line[0] != b'#').map(<[u8]>::to_vec));
    }
    Ok(all)
}

/// A backup that has no room at all would fail only after its first pack.
fn refuse_full(store: &dyn Store) -> Result<()> {
    match store.free() {
        Ok(Some(0)) => {
            Err(Error::new(Kind::Full, format!("cannot back up to {}: no room left there", store.place())).into())
        }
        _ => Ok(()),
    }
}

/// For the snapshot's own record, by the paths that its entries have; those that are missing as they were named.
fn sources(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    let found =
        |path: &PathBuf| source::locate(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.clone());
    paths.iter().map(|path| found(path).into_os_string().into_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_have_plain_names() {
        assert!(job_name("photos-2_x").is_ok() && job_name(&"a".repeat(64)).is_ok());
        for bad in ["", "a/b", "..", "a b", "ñ", &"a".repeat(65)] {
            assert!(job_name(bad).is_err(), "{bad}");
        }
    }
}
