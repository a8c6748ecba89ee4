//! What the person who installed it wrote: first as written, then checked. Unknown keys are refused with their line.

mod access;
mod chore;
mod copying;
mod job;
mod mqtt;
mod names;
mod paths;
mod policy;
mod raw;
mod size;
mod upkeep;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atalaya_base::config::{Mistake, Named, Secret, Spanned, Url, Written, read, text_of};
use atalaya_wire::NodeId;
use serde::de::{DeserializeOwned, IgnoredAny};

use chore::KeyNeed;
pub use chore::{Chore, Work};
pub(crate) use paths::place_names;

use crate::policy::{Lies, Policy};
use crate::schedule;

/// The commented example that is shipped, printed and tested.
pub const EXAMPLE: &str = include_str!("example.toml");

/// A configuration that can be run.
#[derive(Debug)]
pub struct Config {
    /// Display name.
    pub name: String,
    /// Id that was adopted, if the node has another's.
    pub node: Option<NodeId>,
    /// Where what is remembered lies.
    pub state: PathBuf,
    /// Where the control socket lies.
    pub socket: PathBuf,
    /// Seconds between two samples of fast things.
    pub interval: Duration,
    /// After which an unchanged view is told again.
    pub heartbeat: Duration,
    /// Public key of the sidecar, which may give signed commands.
    pub sidecar: Option<[u8; 32]>,
    /// Brokers; the first is the one that the streams go to, if there is one.
    pub outputs: Vec<Output>,
    /// Backup jobs.
    pub jobs: Vec<Job>,
    /// What is done to repositories.
    pub chores: Vec<Chore>,
    /// How often what is backed up is to exist; `None` where nobody wants to be told.
    pub policy: Option<Policy>,
    /// All of it, as it was written.
    pub(crate) written: Written,
    /// Sections of probes, each read by its probe.
    pub(crate) probes: BTreeMap<String, Spanned<IgnoredAny>>,
    files: Vec<Named>,
    job_files: Vec<Named>,
    keys: Vec<KeyNeed>,
    /// Certificates that the sidecar orders.
    pub certificates: Vec<crate::certificate::Certificate>,
    /// What the agent keeps No-IP informed of.
    pub noip_client: crate::noip::ClientConfig,
    /// When heavy work waits.
    pub pause: Pause,
    /// Zone of calendars.
    pub zone: jiff::tz::TimeZone,
}

/// When heavy work waits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pause {
    /// Temperature of the processor in °C; `None` for whatever it is.
    pub above_celsius: Option<f32>,
    /// Percent of processor time that others use; `None` for any.
    pub above_busy_percent: Option<f32>,
}

/// A broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Where.
    pub url: Url,
    /// Whom to be there.
    pub username: Option<String>,
    /// With what; read when a connection is made, so that it can be changed.
    pub password: Option<Secret>,
    /// Certificates to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Certificate and key to show.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Before every topic.
    pub prefix: String,
    /// Home Assistant's; `None` where none is wanted.
    pub discovery: Option<String>,
    /// Whether frames and records go here.
    pub streams: bool,
}

/// A backup job.
#[derive(Clone, Debug)]
pub struct Job {
    /// As the schedule sees it.
    pub plan: schedule::Job,
    /// How much it matters: 1 to 3.
    pub tier: u8,
    /// What to pass to the process that does it, after `backup` and its state folder.
    pub words: Vec<String>,
    /// Its repository.
    pub repo: String,
    /// On what that lies, and where.
    pub lies: Lies,
    /// What is backed up, in the words of its process: jobs of the same words keep the same.
    pub what: Vec<String>,
    /// Paths, for showing.
    pub paths: Vec<String>,
    /// How often all files are read.
    pub full_every: Option<Duration>,
    /// How long a run may take.
    pub time_max: Option<Duration>,
    /// How the repository is checked.
    pub check: Option<Check>,
}

/// A check of a job's repository.
#[derive(Clone, Debug)]
pub struct Check {
    /// When.
    pub plan: schedule::Job,
    /// What to pass to the process that does it, after `check` and its state folder.
    pub words: Vec<String>,
}

impl Config {
    /// Whether a job, a check or a task of an upkeep is called so.
    #[must_use]
    pub fn has_task(&self, name: &str) -> bool {
        let check = |job: &Job| job.check.as_ref().is_some_and(|check| check.plan.name == name);
        self.jobs.iter().any(|job| job.plan.name == name || check(job))
            || self.chores.iter().any(|chore| chore.plan.name == name)
    }

    /// Repositories that are backed up to or looked after.
    pub fn repos(&self) -> impl Iterator<Item = &str> {
        let of_chores = self.chores.iter().flat_map(|chore| chore.from.iter().chain([&chore.repo]));
        self.jobs.iter().map(|job| &job.repo).chain(of_chores).map(String::as_str)
    }

    /// Key files that will never do for what is asked of them, a line each. No reason not to start: everything else works.
    #[must_use]
    pub fn wrong_keys(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| key.mistake(&self.written)).collect()
    }

    /// The section of a probe. `C` is what it should be; nothing of it needs to be there.
    pub(crate) fn section<C: DeserializeOwned + Default>(&self, name: &str) -> Result<C, Mistake> {
        self.written.section("probes", name)
    }

    /// What cannot be read now of the files that are read later, a line each: where they are named, why, and what does
    /// not work until then.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.files.iter().chain(&self.job_files).filter_map(|file| file.trouble(&self.written)).collect()
    }

    /// The same, without the files that only jobs read.
    #[must_use]
    pub fn warnings_but_for_jobs(&self) -> Vec<String> {
        self.files.iter().filter_map(|file| file.trouble(&self.written)).collect()
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// One line: the file, the line where there is one, what is wrong, and what may stand there.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = text_of(path, "write one with \"atalaya-agent config example\"")?;
        Self::read(path, &text)
    }

    /// The same, from text that is said to stand in the file `path`.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn read(path: &Path, text: &str) -> Result<Self, String> {
        read(path, text, |raw: raw::Raw, written| raw.check(written.clone()))
    }

    /// Whether there is nothing to back up and nobody to tell.
    #[must_use]
    pub const fn says_nothing(&self) -> bool {
        self.jobs.is_empty() && self.chores.is_empty() && self.outputs.is_empty()
    }

    /// What holds without a file.
    ///
    /// # Errors
    ///
    /// None, as the tests show.
    pub fn empty() -> Result<Self, String> {
        Self::read(Path::new("agent.toml"), "")
    }
}

#[cfg(test)]
mod tests;
