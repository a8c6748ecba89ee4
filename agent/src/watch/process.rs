//! A backup in a process of its own: what it is told, what it says, how it ended. The process is ours, or one that the
//! job service starts for us (`desk.rs`).

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use async_channel::Sender;
use atalaya_wire::Stamp;
use jiff::Timestamp;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::said::Said;
use crate::config::{Check, Chore, Config, Job};
use crate::schedule::Outcome;

/// Of a line that a job's process says, and of all its complaints.
const OUTPUT_BYTES_MAX: u64 = 256 << 10;
/// How often it says how far it is, in seconds.
const PROGRESS_EVERY: &str = "5";
/// Behind the name of a job, all of which is to be read. No job is called so: their names have no dots.
const FULL: &str = ".full";

/// What a job's process tells.
#[derive(Debug)]
pub(super) enum News {
    /// How far it is.
    Progress(Progress),
    /// That it is over.
    Ended(Ended),
}

/// How far a backup is; totals where it knows or guesses them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Progress {
    pub(super) bytes: u64,
    pub(super) bytes_per_second: u64,
    pub(super) total_bytes: Option<u64>,
}

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) job: String,
    pub(super) id: [u8; 16],
    pub(super) began: Stamp,
    pub(super) wall: Timestamp,
    /// Whether it reads everything.
    pub(super) full: bool,
    hand: Hand,
    /// When it was told to stop.
    pub(super) stopped: Option<Duration>,
    /// It was, because it took too long.
    pub(super) late: bool,
    killed: bool,
}

/// How a run is told to stop or to wait.
#[derive(Debug)]
enum Hand {
    /// It could not be started.
    None,
    /// A process of ours, and what it started.
    Own(Pid),
    /// The job service does it.
    Desk(Desk),
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: std::io::Result<ExitStatus>,
    pub(super) said: String,
    pub(super) complaint: String,
}

/// What a process is to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task<'a> {
    /// A backup, of everything or of what changed.
    Backup(&'a Job, bool),
    /// A check of a job's repository.
    Check(&'a Check),
    /// A task of a repository's upkeep.
    Chore(&'a Chore),
}

impl<'a> Task<'a> {
    /// What `config` says of the task called `word`.
    pub(super) fn called(word: &str, config: &'a Config) -> Option<Self> {
        let job = |name: &str| config.jobs.iter().find(|job| job.plan.name == name);
        let check = || config.jobs.iter().filter_map(|job| job.check.as_ref()).find(|check| check.plan.name == word);
        let chore = || config.chores.iter().find(|chore| chore.plan.name == word).map(Self::Chore);
        match word.strip_suffix(FULL) {
            Some(name) => Some(Self::Backup(job(name)?, true)),
            None => {
                let backup = job(word).map(|job| Self::Backup(job, false));
                backup.or_else(|| check().map(Self::Check)).or_else(chore)
            }
        }
    }

    /// What [`Task::called`] understands.
    pub(super) fn word(&self) -> String {
        let full = matches!(self, Self::Backup(_, true));
        format!("{}{}", self.name(), if full { FULL } else { "" })
    }

    /// As the schedule calls it.
    pub(super) fn name(&self) -> &'a str {
        match self {
            Self::Backup(job, _) => &job.plan.name,
            Self::Check(check) => &check.plan.name,
            Self::Chore(chore) => &chore.plan.name,
        }
    }

    /// What its process is told, before the state folder and behind it.
    fn words(&self) -> (Vec<&'a str>, &'a [String]) {
        let (mut words, rest) = match self {
            Self::Backup(job, full) => {
                let mut words = vec!["backup", "--progress-every", PROGRESS_EVERY];
                words.extend(full.then_some("--full"));
                (words, &job.words)
            }
            Self::Check(check) => (vec!["check"], &check.words),
            Self::Chore(chore) => (vec![chore.work.name()], &chore.words),
        };
        words.extend(["--json", "--quiet", "--background"]);
        (words, rest)
    }
}

/// What a run is about, for the record of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) id: [u8; 16],
    pub(super) began: Stamp,
    pub(super) wall: Timestamp,
    pub(super) full: bool,
}

impl Run {
    /// Starts the process, through the job service if there is one at `desk`; `out` hears what it tells.
    pub(super) fn start(
        task: Task<'_>,
        about: About,
        (state, desk): (&Path, Option<&Path>),
        out: Sender<News>,
    ) -> std::io::Result<Self> {
        let hand = match desk {
            Some(desk) => Hand::Desk(Desk::ask(desk, &task.word(), out)?),
            None => Hand::Own(spawn(task, state, out)?),
        };
        Ok(Self { hand, ..Self::never(task.name().to_owned(), about) })
    }

    /// One that could not be started.
    pub(super) const fn never(job: String, about: About) -> Self {
        let About { id, began, wall, full } = about;
        Self { job, id, began, wall, full, hand: Hand::None, stopped: None, late: false, killed: false }
    }

    /// The number of its process, once it is known.
    pub(super) fn process(&self) -> Option<u32> {
        match &self.hand {
            Hand::None => None,
            Hand::Own(pid) => Some(pid.as_raw().unsigned_abs()),
            Hand::Desk(desk) => desk.process(),
        }
    }

    /// Asks it to stop; what it stored is not lost.
    pub(super) fn stop(&mut self, now: Duration) {
        self.stopped.get_or_insert(now);
        // What is paused hears nothing.
        self.pause(false);
        match &self.hand {
            Hand::None => {}
            Hand::Own(pid) => drop(killpg(*pid, Signal::SIGTERM)),
            Hand::Desk(desk) => desk.stop(),
        }
    }

    /// Ends it at once; `false` if that was done before.
    pub(super) fn kill(&mut self) -> bool {
        match &self.hand {
            Hand::None => {}
            Hand::Own(pid) => drop(killpg(*pid, Signal::SIGKILL)),
            Hand::Desk(desk) => desk.leave(),
        }
        !std::mem::replace(&mut self.killed, true)
    }

    /// Holds it where it is, or lets it go on.
    pub(super) fn pause(&self, pause: bool) {
        match &self.hand {
            Hand::None => {}
            Hand::Own(pid) => hold(*pid, pause),
            Hand::Desk(desk) => desk.hold(pause),
        }
    }
}

/// Holds a process and what it started, or lets it go on.
pub(super) fn hold(pid: Pid, pause: bool) {
    let _ = killpg(pid, if pause { Signal::SIGSTOP } else { Signal::SIGCONT });
}

/// Starts the process of a task that remembers in `state`; `out` hears what it tells.
pub(super) fn spawn(task: Task<'_>, state: &Path, out: Sender<News>) -> std::io::Result<Pid> {
    let mut command = Command::new(crate::program::this());
    let (does, rest) = task.words();
    command.args(does).arg("--state-dir").arg(state).args(rest);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
    thread::Builder::new().name("job".into()).stack_size(64 << 10).spawn(move || {
        let ended = wait(&mut child, &out);
        let _ = out.send_blocking(News::Ended(ended));
    })?;
    Ok(pid)
}

fn wait(child: &mut Child, out: &Sender<News>) -> Ended {
    let complaint = child.stderr.take().map(|stderr| {
        thread::Builder::new().name("job-err".into()).stack_size(64 << 10).spawn(move || limited(stderr))
    });
    let said = child.stdout.take().map(|stdout| listen(stdout, out)).unwrap_or_default();
    let complaint = complaint.and_then(Result::ok).and_then(|thread| thread.join().ok()).unwrap_or_default();
    Ended { status: child.wait(), said, complaint }
}

/// Passes on how far it is, and gives the last line that is something else.
fn listen(stdout: impl Read, out: &Sender<News>) -> String {
    #[derive(Deserialize)]
    struct Line {
        progress: Progress,
    }
    let mut stdout = BufReader::new(stdout);
    let (mut last, mut line) = (String::new(), Vec::new());
    while matches!((&mut stdout).take(OUTPUT_BYTES_MAX).read_until(b'\n', &mut line), Ok(1..)) {
        match serde_json::from_slice::<Line>(&line) {
            // Whoever is busy hears the next one.
            Ok(line) => drop(out.try_send(News::Progress(line.progress))),
            Err(_) if line.starts_with(b"{") => last = String::from_utf8_lossy(&line).into_owned(),
            Err(_) => {}
        }
        line.clear();
    }
    last
}

/// What is said, up to the bound; the rest is read and dropped, so that the process never waits for us.
fn limited(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = (&mut from).take(OUTPUT_BYTES_MAX).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Ended {
    /// Its outcome, its exit code, why in words, and what it said of itself.
    pub(super) fn judge(&self, stopped: bool) -> (Outcome, Option<i32>, String, Said) {
        let said: Said = serde_json::from_str(&self.said).unwrap_or_default();
        let status = match &self.status {
            Ok(status) => *status,
            Err(_) if stopped => return (Outcome::Stopped, None, "somebody stopped it".into(), said),
            Err(err) => return (Outcome::Failed, None, format!("cannot run a process for it: {err}"), said),
        };
        let complaint =
            || self.complaint.lines().last().unwrap_or_default().trim_start_matches("atalaya-agent: ").to_owned();
        let (outcome, problem) = match (status.code(), status.signal()) {
            (Some(0), _) if !said.frozen.is_empty() => (Outcome::Warnings, said.freeze()),
            (Some(0), _) => (Outcome::Ok, said.remark()),
            (Some(3), _) => (Outcome::Warnings, self.unreadable(&said)),
            (Some(1), _) if said.damaged() > 0 => (Outcome::Failed, self.damage(&said)),
            (Some(1), _) if said.held().is_some() => (Outcome::Warnings, said.held().unwrap_or_default()),
            _ if stopped => (Outcome::Stopped, "somebody stopped it".into()),
            // Not by us: it is tried again.
            (Some(code), _) if code > 128 => (Outcome::Failed, format!("signal {} stopped it", code - 128)),
            (Some(_), _) => (Outcome::Failed, said.error.clone().unwrap_or_else(complaint)),
            (None, Some(9)) => (Outcome::Failed, "it was killed; perhaps memory ran out".into()),
            (None, Some(signal)) => (Outcome::Failed, format!("signal {signal} ended it")),
            (None, None) => (Outcome::Failed, "it ended, nobody knows how".into()),
        };
        (outcome, status.code(), problem, said)
    }

    fn damage(&self, said: &Said) -> String {
        let first = self.damaged().next().unwrap_or_default();
        match said.findings {
            Some(count) => format!("the check found {count}; the first: {first}"),
            None => format!("{} damaged or missing; the first: {first}", said.damaged()),
        }
    }

    /// What a check or a copy complained of, a line each, without what is odd but harmless and what it all came to.
    pub(super) fn damaged(&self) -> impl Iterator<Item = &str> {
        let beside = ["warning: ", "atalaya-agent: "];
        let lines = self.complaint.lines().filter(move |line| !beside.iter().any(|word| line.starts_with(word)));
        lines.map(|line| line.strip_prefix("damaged: ").unwrap_or(line))
    }

    fn unreadable(&self, said: &Said) -> String {
        let count = said.problems.unwrap_or_default();
        if let (0, Some(warning)) = (count, said.warnings.first()) {
            return warning.clone();
        }
        let first = self.complaint.lines().next().unwrap_or_default();
        format!("{count} could not be backed up; the first: {first}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(code: i32, said: &str, complaint: &str) -> Ended {
        Ended { status: Ok(ExitStatus::from_raw(code)), said: said.into(), complaint: complaint.into() }
    }

    #[test]
    fn who_does_not_hear_is_killed() {
        let deaf = "trap '' TERM; echo ready; while :; do sleep 1; done";
        let mut command = Command::new("sh");
        let mut child = command.args(["-c", deaf]).stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
        let about = About { id: [0; 16], began: Stamp::default(), wall: Timestamp::UNIX_EPOCH, full: false };
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap());
        let mut run = Run { hand: Hand::Own(pid), ..Run::never("share".into(), about) };
        run.stop(Duration::from_secs(1));
        run.stop(Duration::from_secs(9));
        assert_eq!(run.stopped, Some(Duration::from_secs(1)));
        assert!(child.try_wait().unwrap().is_none());
        assert!(run.kill() && !run.kill());
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn how_it_ended_is_told_in_words() {
        let failed = ended(1 << 8, r#"{"error":"cannot open repository /x: no such folder"}"#, "");
        assert_eq!(failed.judge(false).0, Outcome::Failed);
        assert_eq!(failed.judge(false).2, "cannot open repository /x: no such folder");
        let some =
            ended(3 << 8, r#"{"snapshot":"ab","problems":2}"#, "cannot read /a: denied\ncannot read /b: denied\n");
        let (outcome, code, problem, said) = some.judge(false);
        assert_eq!((outcome, code, said.problems), (Outcome::Warnings, Some(3), Some(2)));
        assert_eq!(problem, "2 could not be backed up; the first: cannot read /a: denied");
        let check = ended(1 << 8, r#"{"good":false,"findings":2,"warnings":0}"#, "pack ab is damaged\nand so on\n");
        assert_eq!(check.judge(false).2, "the check found 2; the first: pack ab is damaged");
        let copied = |target: &str, complaint: &str| ended(1 << 8, &format!(r#"{{"targets":[{target}]}}"#), complaint);
        let copy = copied(r#"{"damaged":3,"not_deleted":"3 are damaged"}"#, "damaged: pack ab: not copied\n");
        assert_eq!(copy.judge(false).2, "3 damaged or missing; the first: pack ab: not copied");
        let held = copied(r#"{"not_deleted":"too many"}"#, "warning: nothing was deleted\n").judge(false);
        assert_eq!(held.0, Outcome::Warnings, "what is there now is enough to restore from");
        assert_eq!(held.2, "everything was copied and nothing deleted: too many");
        assert_eq!(copied(r#"{"error":"no"}"#, "atalaya-agent: no\n").judge(false).0, Outcome::Failed);
        assert_eq!(ended(9, "", "").judge(false).2, "it was killed; perhaps memory ran out");
        assert_eq!(ended(143 << 8, "", "").judge(true).0, Outcome::Stopped);
        assert_eq!(ended(143 << 8, "", "").judge(false).0, Outcome::Failed, "stopped by somebody else: tried again");
        assert_eq!(ended(2 << 8, "", "atalaya-agent: what?\n").judge(false).2, "what?");
    }

    #[test]
    fn progress_is_passed_on_and_the_last_document_kept() {
        let (out, heard) = async_channel::bounded(1);
        let text = concat!(
            r#"{"progress":{"bytes":1,"bytes_per_second":2,"total_bytes":null}}"#,
            "\n",
            r#"{"progress":{"bytes":9,"bytes_per_second":2,"total_bytes":null}}"#,
            "\nnoise\n",
            r#"{"snapshot":"ab"}"#,
            "\n",
        );
        assert_eq!(listen(text.as_bytes(), &out), "{\"snapshot\":\"ab\"}\n");
        let Ok(News::Progress(first)) = heard.try_recv() else { panic!("no progress") };
        assert_eq!((first.bytes, first.bytes_per_second, first.total_bytes), (1, 2, None));
        assert!(heard.try_recv().is_err(), "who is busy hears the next one, and is not waited for");
    }
}
