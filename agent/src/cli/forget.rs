//! `forget`: which snapshots are kept, and why.

use std::collections::HashSet;

use atalaya_base::signals::Signals;
use atalaya_base::units::counted;
use atalaya_repo::maintain::{Forgetting, Sighting};
use atalaya_repo::model::Time;
use atalaya_repo::{Info, Repository, Selector, hex};
use atalaya_retain::{Policy, Snapshot, Verdict, decide};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::frozen::Frozen;
use super::output::{Output, complain};
use super::span::Span;
use super::{prune, times};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent forget --repo /mnt/usb/nas --dry-run
  atalaya-agent forget --repo /mnt/usb/nas --keep-daily 14 --keep-within 30d
  atalaya-agent forget --repo /mnt/usb/nas --prune
  atalaya-agent forget --repo /mnt/usb/nas 3f9a12cd";

/// Forget snapshots that no rule keeps, or those that are named
///
/// Without any --keep option 7 daily, 4 weekly, 12 monthly and 7 yearly ones are kept. Of each day, week, month or year
/// that has one the newest counts; each job is judged for itself, days begin at midnight here. Never forgotten are the
/// newest of a job, and what was first seen here less than a day ago.
///
/// Where most of a job's content changed or went at once, nothing of that job is forgotten until --despite-change says
/// that this is known. Only snapshots are forgotten; the room they take is given back by "prune".
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only those of this job
    #[arg(long, value_name = "NAME")]
    job: Option<String>,

    /// Keep the last N
    #[arg(long, value_name = "N")]
    keep_last: Option<u32>,

    /// Keep one of each of the last N hours that have one
    #[arg(long, value_name = "N")]
    keep_hourly: Option<u32>,

    /// Keep one of each of the last N days that have one
    #[arg(long, value_name = "N")]
    keep_daily: Option<u32>,

    /// Keep one of each of the last N weeks that have one
    #[arg(long, value_name = "N")]
    keep_weekly: Option<u32>,

    /// Keep one of each of the last N months that have one
    #[arg(long, value_name = "N")]
    keep_monthly: Option<u32>,

    /// Keep one of each of the last N years that have one
    #[arg(long, value_name = "N")]
    keep_yearly: Option<u32>,

    /// Keep everything younger than SPAN, such as 30d
    #[arg(long, value_name = "SPAN")]
    keep_within: Option<Span>,

    /// Forget although most of a job's content changed or went at once
    #[arg(long)]
    despite_change: bool,

    /// Say what would be done, and why, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Then delete what no snapshot uses any more
    #[arg(long)]
    prune: bool,

    /// Leave out the list of snapshots: say only how many there are, and what is frozen
    #[arg(long)]
    no_list: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,

    /// Forget these snapshots, whatever the rules say: "latest", "latest/JOB" or the first digits of an id
    #[arg(value_name = "SNAPSHOT")]
    snapshots: Vec<Selector>,
}

/// Frozen jobs that are named.
const FROZEN_MAX: usize = 64;

/// A snapshot with what becomes of it.
struct Judged {
    info: Info,
    sighting: Sighting,
    verdict: Verdict,
    /// Why the rules do not count for its job.
    frozen: Option<String>,
}

impl Judged {
    fn is_kept(&self) -> bool {
        self.verdict.is_kept() || self.frozen.is_some()
    }

    fn reasons(&self) -> Vec<String> {
        let reasons = self.verdict.reasons.iter().map(ToString::to_string);
        reasons.chain(self.frozen.iter().map(|why| format!("frozen: {why}"))).collect()
    }
}

#[derive(Serialize)]
struct JsonJudged {
    id: String,
    job: String,
    time: String,
    kept: bool,
    reasons: Vec<String>,
    expires: Option<String>,
}

#[derive(Serialize)]
struct JsonForget {
    dry_run: bool,
    forgotten: u64,
    kept: u64,
    /// What nothing was forgotten of.
    frozen: Vec<JsonFrozen>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshots: Option<Vec<JsonJudged>>,
    pruned: Option<prune::JsonPrune>,
}

/// A job of which nothing is forgotten.
#[derive(Serialize)]
struct JsonFrozen {
    job: String,
    why: String,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        super::background::yield_to_everything();
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let repo = context.open()?;
    let now = times::now();
    let judged = if args.snapshots.is_empty() { by_rules(&repo, args, now)? } else { named(&repo, args, now)? };
    let gone: Vec<Forgetting> = judged
        .iter()
        .filter(|one| !one.is_kept())
        .map(|one| Forgetting { id: one.info.id, seen_secs: one.sighting.seen_secs })
        .collect();
    let mut out = context.output();
    let frozen = all_frozen(&judged);
    if !out.json && !args.no_list {
        list(&mut out, &judged)?;
    } else if !out.json {
        frozen.iter().try_for_each(|one| out.line(format_args!("{}  frozen: {}", one.job, one.why)))?;
    }
    let forgotten = if args.dry_run { gone.len() as u64 } else { repo.forget(&gone, now)? };
    let pruned = match args.prune && !args.dry_run {
        true => Some(prune::prune(context, &repo, &prune::Limits::default(), &signals)?),
        false => None,
    };
    if out.json {
        let kept = judged.iter().filter(|one| one.is_kept()).count() as u64;
        let snapshots = (!args.no_list).then(|| judged.iter().map(json).collect());
        let pruned = pruned.map(|summary| prune::JsonPrune::new(&summary, false));
        out.json(&JsonForget { dry_run: args.dry_run, forgotten, kept, frozen, snapshots, pruned })?;
    } else {
        let done = if args.dry_run { "would be forgotten" } else { "forgotten" };
        out.remark(format_args!("{} {done}.", counted(forgotten, "snapshot", "snapshots")))?;
        if let Some(summary) = pruned {
            prune::report(&mut out, &summary, false)?;
        } else if forgotten > 0 && !args.dry_run {
            out.remark("The room they took is given back by \"atalaya-agent prune\".")?;
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// All snapshots and when they were seen; those that cannot be read are told.
fn look(repo: &Repository, now: Time) -> Result<Vec<(Info, Sighting)>> {
    let (all, damaged) = repo.snapshots()?;
    damaged.iter().for_each(|err| complain(format_args!("damaged: {err}")));
    let sightings = repo.sightings(&all, now)?;
    Ok(all.into_iter().zip(sightings).collect())
}

fn by_rules(repo: &Repository, args: &Args, now: Time) -> Result<Vec<Judged>> {
    let all = look(repo, now)?;
    let snapshots: Vec<Snapshot> = all
        .iter()
        .map(|(info, sighting)| Snapshot {
            writer: info.writer,
            job: info.catalogue.job.clone(),
            time_secs: sighting.time_secs,
            seen_secs: sighting.seen_secs,
            valid: !info.fenced,
        })
        .collect();
    let verdicts = decide(&policy(args)?, &snapshots, now.secs, &TimeZone::system());
    let all_frozen = Frozen::of(all.iter().map(|(info, _)| info));
    let mut out = Vec::new();
    for ((info, sighting), verdict) in all.iter().zip(verdicts) {
        if args.job.as_ref().is_some_and(|job| *job != info.catalogue.job) {
            continue;
        }
        let frozen = if args.despite_change { None } else { all_frozen.why(info) };
        out.push(Judged { info: info.clone(), sighting: *sighting, verdict, frozen });
    }
    Ok(out)
}

fn policy(args: &Args) -> Result<Policy> {
    let asked = [args.keep_hourly, args.keep_daily, args.keep_weekly, args.keep_monthly, args.keep_yearly];
    if args.keep_last.is_none() && args.keep_within.is_none() && asked.iter().all(Option::is_none) {
        return Ok(Policy::default());
    }
    let policy = Policy {
        last: args.keep_last.unwrap_or(0),
        periods: asked.map(Option::unwrap_or_default),
        within_secs: args.keep_within.map_or(0, |span| span.0),
        ..Policy::default()
    };
    if policy.is_empty() {
        return Err(Failure::usage("these rules keep nothing; give one that does, such as --keep-last 1"));
    }
    Ok(policy)
}

/// Jobs of which nothing is forgotten, each once.
fn all_frozen(judged: &[Judged]) -> Vec<JsonFrozen> {
    let mut out: Vec<JsonFrozen> = Vec::new();
    for one in judged {
        let Some(why) = &one.frozen else { continue };
        if !out.iter().any(|known| known.job == one.info.catalogue.job && known.why == *why) && out.len() < FROZEN_MAX {
            out.push(JsonFrozen { job: one.info.catalogue.job.clone(), why: why.clone() });
        }
    }
    out
}

/// Those that were named. The rules are not asked.
fn named(repo: &Repository, args: &Args, now: Time) -> Result<Vec<Judged>> {
    let (all, sightings): (Vec<Info>, Vec<Sighting>) = look(repo, now)?.into_iter().unzip();
    let mut wanted = HashSet::new();
    for selector in &args.snapshots {
        wanted.insert(selector.choose(&all)?.id);
    }
    let judged = all.into_iter().zip(sightings).filter(|(info, _)| wanted.contains(&info.id));
    Ok(judged.map(|(info, sighting)| Judged { info, sighting, verdict: Verdict::default(), frozen: None }).collect())
}

fn list(out: &mut Output, judged: &[Judged]) -> Result<()> {
    if judged.is_empty() {
        return out.remark("No snapshots.");
    }
    out.line(format_args!("{:<8}  {:<19}  {:<12}  {:<6}  {:<10}  WHY", "ID", "TIME", "JOB", "", "UNTIL"))?;
    judged.iter().try_for_each(|one| {
        let what = if one.is_kept() { "keep" } else { "forget" };
        let until = one.verdict.expires_secs.filter(|_| one.frozen.is_none());
        let until = until.map(|secs| times::local(Time { secs, nanos: 0 }));
        out.line(format_args!(
            "{:<8}  {:<19}  {:<12}  {what:<6}  {:<10}  {}",
            hex(&one.info.id[..4]),
            times::local(Time { secs: one.sighting.time_secs, nanos: 0 }),
            one.info.catalogue.job,
            until.as_deref().and_then(|text| text.get(..10)).unwrap_or("-"),
            if one.is_kept() { one.reasons().join(", ") } else { "no rule keeps it".to_owned() },
        ))
    })
}

fn json(one: &Judged) -> JsonJudged {
    JsonJudged {
        id: hex(&one.info.id),
        job: one.info.catalogue.job.clone(),
        time: times::rfc3339(Time { secs: one.sighting.time_secs, nanos: 0 }),
        kept: one.is_kept(),
        reasons: one.reasons(),
        expires: one.verdict.expires_secs.map(|secs| times::rfc3339(Time { secs, nanos: 0 })),
    }
}
