//! What the person who installed it wrote: first as written, then checked. Unknown keys are refused with their line.

mod raw;
mod values;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atalaya_wire::{NodeId, Topics};

pub use raw::{RawJob, RawMqtt};
pub use values::{Secret, Url, Written, duration, size};

use crate::schedule::{self, Calendar, Window};

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
    /// All of it, as it was written.
    pub text: Written,
    /// Sections of probes, each read by its probe.
    pub probes: toml::Table,
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
    /// What to pass to the process that does it, after `backup`.
    pub words: Vec<String>,
    /// Its repository.
    pub repo: String,
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
    /// What to pass to the process that does it, after `check`.
    pub words: Vec<String>,
}

impl Config {
    /// Whether a job or a check is called so.
    #[must_use]
    pub fn has_task(&self, name: &str) -> bool {
        let check = |job: &Job| job.check.as_ref().is_some_and(|check| check.plan.name == name);
        self.jobs.iter().any(|job| job.plan.name == name || check(job))
    }

    /// What is wrong with the section of a probe, with its line. `C` is what the section should be.
    #[must_use]
    pub fn wrong_in_probe<C: serde::de::DeserializeOwned>(&self, name: &str) -> Option<String> {
        let document = toml::de::DeTable::parse(&self.text.0).ok()?.into_inner();
        let probes = document.get("probes")?.get_ref().get(name)?.clone();
        let err = C::deserialize(toml::de::ValueDeserializer::from(probes)).err()?;
        Some(line(&self.text.0, &err))
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// One line: the file, the line where there is one, what is wrong, and what may stand there.
    pub fn load(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = fs::read_to_string(path).map_err(|err| {
            let hint = "write one with \"atalaya-agent config example\"";
            format!(
                "cannot read the configuration {shown}: {}; {hint}",
                err.to_string().split(" (os").next().unwrap_or("")
            )
        })?;
        Self::parse(&text).map_err(|what| format!("cannot use the configuration {shown}: {what}"))
    }

    /// The same, from text.
    ///
    /// # Errors
    ///
    /// As [`Config::load`], without the file.
    pub fn parse(text: &str) -> Result<Self, String> {
        let raw: raw::Raw = toml::from_str(text).map_err(|err| line(text, &err))?;
        raw.check(text)
    }
}

/// A parser's error in one line, with the line it is about.
fn line(text: &str, err: &toml::de::Error) -> String {
    let message = err.message().replace('\n', " ");
    match err.span() {
        Some(span) => {
            let before = text.get(..span.start).unwrap_or_default();
            format!("line {}: {message}", before.matches('\n').count() + 1)
        }
        None => message,
    }
}

/// A prefix that topics can have.
fn prefix(text: &str) -> Result<String, String> {
    let node = NodeId::from_random([0; 8]);
    Topics::new(text, node).map_err(|err| format!("prefix {text:?}: {err}"))?;
    Ok(text.to_owned())
}

/// A job as the schedule sees it.
fn plan(raw: &RawJob, zone: &jiff::tz::TimeZone) -> Result<schedule::Job, String> {
    let calendar = Calendar::parse(&raw.schedule, zone)?;
    let window = raw.window.as_deref().map(Window::parse).transpose()?;
    let jitter = duration(&raw.jitter)?;
    let default_rpo = match raw.tier {
        1 => "1h",
        2 => "24h",
        _ => "7d",
    };
    Ok(schedule::Job {
        name: raw.name.clone(),
        calendar,
        // Spread over the node's jobs too; the node's own part is added when its id is known.
        delay: jitter,
        window,
        retries: raw.retries,
        rpo: duration(raw.rpo.as_deref().unwrap_or(default_rpo))?,
    })
}

/// The check of a job, as the schedule sees it: as often as wanted, at the times of the job.
fn check_plan(job: &schedule::Job, every: Duration) -> schedule::Job {
    schedule::Job {
        // No job is called so: theirs have no dots.
        name: format!("{}.check", job.name),
        calendar: Calendar::Every(every),
        delay: Duration::ZERO,
        window: job.window,
        retries: 1,
        rpo: every.saturating_mul(4),
    }
}

#[cfg(test)]
mod tests;
