//! Backup jobs: when, by the plan; how, in a process of their own; what became of them, as view and record.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use atalaya_wire::view::Backup;
use atalaya_wire::{Stamp, text};
use jiff::Timestamp;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;

use crate::config::Job;
use crate::schedule::{History, Outcome, Plan, State};

/// What a job's process may say.
const OUTPUT_BYTES_MAX: u64 = 256 << 10;
/// Least important: the NAS's own work comes first.
const NICE: i32 = 10;

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) job: usize,
    pub(super) id: [u8; 16],
    pub(super) began: Stamp,
    pub(super) wall: Timestamp,
    pid: Pid,
    /// Somebody stopped it.
    pub(super) stopped: bool,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: std::io::Result<ExitStatus>,
    pub(super) said: String,
    pub(super) complaint: String,
}

/// What a backup says of itself, as `--json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Said {
    snapshot: Option<String>,
    entries: Option<u64>,
    bytes: Option<u64>,
    files_read: Option<u64>,
    unchanged: Option<u64>,
    read_bytes: Option<u64>,
    added_bytes: Option<u64>,
    problems: Option<u64>,
    warnings: Vec<String>,
    error: Option<String>,
}

impl Run {
    /// Starts the process; `out` hears of its end.
    pub(super) fn start(
        job: usize,
        words: &[String],
        full: bool,
        id: [u8; 16],
        began: Stamp,
        wall: Timestamp,
        out: Sender<Ended>,
    ) -> std::io::Result<Self> {
        let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"));
        let mut command = Command::new(program);
        command.args(["backup", "--json", "--quiet"]).args(full.then_some("--full")).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
        let _ = rustix::process::setpriority_process(rustix::process::Pid::from_raw(pid.as_raw()), NICE);
        thread::Builder::new().name("job".into()).stack_size(64 << 10).spawn(move || {
            let ended = wait(&mut child);
            let _ = out.send_blocking(ended);
        })?;
        Ok(Self { job, id, began, wall, pid, stopped: false })
    }

    /// Asks it to stop; what it uploaded is not lost.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        let _ = kill(self.pid, Signal::SIGTERM);
    }
}

fn wait(child: &mut Child) -> Ended {
    let complaint = child.stderr.take().map(|stderr| {
        thread::Builder::new().name("job-err".into()).stack_size(64 << 10).spawn(move || limited(stderr))
    });
    let said = child.stdout.take().map(limited).unwrap_or_default();
    let complaint = complaint.and_then(Result::ok).and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ended { status: child.wait(), said, complaint }
}

/// What is said, up to the bound; the rest is read and dropped, so that the process never waits for us.
fn limited(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = (&mut from).take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Ended {
    /// Its outcome, and why in words.
    pub(super) fn judge(&self, stopped: bool) -> (Outcome, Option<i32>, String, Said) {
        let last = self.said.lines().rev().find(|line| line.starts_with('{')).unwrap_or("{}");
        let said: Said = serde_json::from_str(last).unwrap_or_default();
        let status = match &self.status {
            Ok(status) => *status,
            Err(err) => return (Outcome::Failed, None, format!("cannot tell how it ended: {err}"), said),
        };
        let complaint =
            || self.complaint.lines().last().unwrap_or_default().trim_start_matches("atalaya-agent: ").to_owned();
        let (outcome, problem) = match (status.code(), status.signal()) {
            (Some(0), _) => (Outcome::Ok, said.warnings.first().cloned().unwrap_or_default()),
            (Some(3), _) => {
                let count = said.problems.unwrap_or_default();
                (
                    Outcome::Warnings,
                    format!(
                        "{count} could not be backed up; the first: {}",
                        self.complaint.lines().next().unwrap_or("")
                    ),
                )
            }
            _ if stopped => (Outcome::Stopped, "somebody stopped it".into()),
            (Some(code), _) if code > 128 => (Outcome::Stopped, format!("signal {} stopped it", code - 128)),
            (Some(_), _) => (Outcome::Failed, said.error.clone().unwrap_or_else(complaint)),
            (None, Some(signal)) => (Outcome::Failed, format!("signal {signal} ended it")),
            (None, None) => (Outcome::Failed, "it ended, nobody knows how".into()),
        };
        (outcome, status.code(), problem, said)
    }
}

/// What is remembered of jobs, by name.
pub(super) fn load(path: &std::path::Path) -> BTreeMap<String, History> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Writes it.
pub(super) fn save(path: &std::path::Path, plan: &Plan) -> std::io::Result<()> {
    let all: BTreeMap<&str, &History> = plan.histories().collect();
    super::node::write(path, &serde_json::to_vec_pretty(&all)?)
}

/// A job's view before anything is known of its runs.
pub(super) fn view(job: &Job) -> Backup {
    Backup {
        job: Some(text(&job.plan.name)),
        tier: Some(u64::from(job.tier)),
        rpo_seconds: Some(job.plan.rpo.as_secs()),
        result: Some(text("never")),
        checked: Some(text("unverified")),
        ..Backup::default()
    }
}

/// Brings the view up to what the plan says.
pub(super) fn refresh(
    view: &mut Backup,
    at: usize,
    plan: &Plan,
    history: &History,
    now: Timestamp,
    zone: &jiff::tz::TimeZone,
) {
    let (state, reason) = match plan.state(at, now, zone) {
        State::Idle => ("idle", String::new()),
        State::Running => ("running", String::new()),
        State::Retrying => ("retrying", "the last run failed".into()),
        State::Waiting(why) => ("waiting", why),
    };
    let time = |time: Option<Timestamp>| time.map(|time| text(&whole(time)));
    view.state = Some(text(state));
    view.reason = (!reason.is_empty()).then(|| text(&reason));
    view.result = Some(text(history.outcome.map_or("never", Outcome::name)));
    view.failures_count = Some(u64::from(history.failures));
    view.overdue = Some(plan.overdue(at, now));
    view.ended_at = time(history.ended);
    view.succeeded_at = time(history.succeeded);
    view.next_at = time(plan.due(at).map(|(due, _)| due.max(now)).filter(|_| state != "running"));
}

/// To the second.
fn whole(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

/// Puts what a run said into the view.
pub(super) fn told(view: &mut Backup, said: &Said, problem: &str, began: Timestamp, took: Duration) {
    view.started_at = Some(text(&whole(began)));
    view.duration_seconds = Some(took.as_secs_f32());
    view.problem = (!problem.is_empty()).then(|| text(problem));
    if said.snapshot.is_some() {
        view.snapshot = said.snapshot.as_deref().map(|id| text(&id[..id.len().min(16)]));
        view.source_bytes = said.bytes;
        view.read_bytes = said.read_bytes;
        view.added_bytes = said.added_bytes;
        view.files_count = said.entries;
        view.files_unchanged_count = said.unchanged;
        view.files_changed_count = said.files_read;
        view.files_failed_count = said.problems;
    }
}
