//! Whether each job's copies are enough, as it is told: a view, made of what `crate::policy` says.

use std::path::Path;

use atalaya_wire::view::Policy as View;
use atalaya_wire::{ObjectId, Sample, text};
use jiff::Timestamp;
use serde::Serialize;

use super::daemon::Daemon;
use super::jobs::whole;
use super::known::Known;
use super::runs::Runs;
use crate::config::Config;
use crate::policy::{Copy, Judgement, Seen, Standing, copies, judge};

/// What became of a job's policy.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) job: String,
    pub(crate) judgement: Judgement,
    pub(crate) copies: Vec<Copy>,
}

/// One copy, for whoever asks.
#[derive(Serialize)]
struct JsonCopy<'a> {
    repo: &'a str,
    medium: Option<&'a str>,
    place: Option<&'a str>,
    state: &'a str,
    made_at: Option<String>,
    verified_at: Option<String>,
}

impl Seen for Runs {
    fn succeeded(&self, name: &str) -> Option<Timestamp> {
        self.plan.histories().find(|(known, _)| *known == name)?.1.succeeded
    }

    fn checked(&self, name: &str) -> Option<&str> {
        let job = self.views.iter().find(|view| view.job.as_deref() == Some(name));
        if let Some(job) = job {
            return job.checked.as_deref();
        }
        let (upkeep, task) = name.split_once('.')?;
        let of = |view: &&atalaya_wire::view::Upkeep| {
            view.name.as_deref() == Some(upkeep) && view.task.as_deref() == Some(task)
        };
        self.chores.iter().find(of)?.verdict.as_deref()
    }
}

/// Each job's, in the order of the configuration.
fn told(config: &Config, runs: &Runs, now: Timestamp) -> Vec<Told> {
    let Some(policy) = &config.policy else { return Vec::new() };
    let each = config.jobs.iter().map(|job| {
        let copies = copies(config, job, runs, now);
        Told { job: job.plan.name.clone(), judgement: judge(policy, &copies), copies }
    });
    each.collect()
}

/// The same where no daemon runs, of what one left in its state folder.
///
/// # Errors
///
/// One line: what cannot be read there.
pub(crate) fn remembered(config: &Config) -> Result<serde_json::Value, String> {
    let readable = |path: &Path| match std::fs::File::open(path) {
        Err(err) if err.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot tell when jobs ran: {}: {err}; run it as a user who may read it", path.display()))
        }
        _ => Ok(()),
    };
    readable(&config.state.join("jobs.json"))?;
    readable(&config.state.join("known.json"))?;
    let known = Known::load(&config.state);
    let runs = Runs::new(config, "", &known);
    Ok(json(&told(config, &runs, super::clock::moment().wall)))
}

/// All that is to be known of them.
fn json(all: &[Told]) -> serde_json::Value {
    all.iter()
        .map(|told| {
            let mut value = serde_json::to_value(view(told)).unwrap_or_default();
            value["missing"] = told.judgement.missing.iter().map(ToString::to_string).collect();
            value["copies"] =
                told.copies.iter().map(|copy| serde_json::to_value(copy_of(copy)).unwrap_or_default()).collect();
            value
        })
        .collect()
}

fn copy_of(copy: &Copy) -> JsonCopy<'_> {
    JsonCopy {
        repo: &copy.repo,
        medium: copy.lies.medium.as_deref(),
        place: copy.lies.place.as_deref(),
        state: match copy.standing {
            Standing::Counts => "current",
            Standing::Never => "never",
            Standing::Stale => "stale",
            Standing::Damaged => "damaged",
        },
        made_at: copy.made.map(whole),
        verified_at: copy.verified.map(whole),
    }
}

fn view(told: &Told) -> View {
    use crate::policy::Verdict;
    let judged = &told.judgement;
    let number = |count: usize| Some(count as u64);
    let problem: Vec<String> = judged.missing.iter().map(ToString::to_string).collect();
    View {
        job: Some(text(&told.job)),
        verdict: Some(text(judged.verdict.name())),
        broken: match judged.verdict {
            Verdict::Broken => Some(true),
            Verdict::Holds => Some(false),
            Verdict::Undeclared | Verdict::Unverified => None,
        },
        problem: (!problem.is_empty()).then(|| text(&problem.join("; "))),
        copies_count: number(judged.copies.sure),
        copies_wanted_count: number(judged.copies.wanted),
        media_count: number(judged.media.sure),
        media_wanted_count: number(judged.media.wanted),
        places_count: number(judged.places.sure),
        places_wanted_count: number(judged.places.wanted),
        lapsed_count: number(told.copies.iter().filter(|copy| copy.standing != Standing::Counts).count()),
        oldest_at: judged.oldest.map(|at| text(&whole(at))),
        verified_at: judged.verified.map(|at| text(&whole(at))),
    }
}

impl Daemon {
    /// Tells how all stand that stand otherwise than before.
    pub(super) fn see_policies(&mut self) {
        for told in told(&self.config, &self.runs, self.now.wall) {
            let (id, sample) = (ObjectId::of(&told.job), Sample::from(view(&told)));
            if self.board.get("policy", &id) != Some(&sample) {
                self.show(id, sample);
            }
        }
    }

    /// For whoever asks.
    pub(super) fn policies(&self) -> serde_json::Value {
        json(&told(&self.config, &self.runs, self.now.wall))
    }
}
