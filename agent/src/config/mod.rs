//! What the person who installed it wrote: first as written, then checked. Unknown keys are refused with their line.

mod files;
mod job;
mod length;
mod list;
mod mistake;
mod mqtt;
mod names;
mod number;
mod paths;
mod raw;
mod secret;
mod section;
mod size;
mod text;
mod url;

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use atalaya_wire::NodeId;
use serde::de::{DeserializeOwned, IgnoredAny};
use toml::Spanned;
use toml::de::{DeTable, ValueDeserializer};

pub(crate) use length::{Length, YEARS};
pub(crate) use list::{Entry, entries};
pub(crate) use mistake::{Mistake, Written};
pub(crate) use number::whole;
pub use paths::Place;
pub(crate) use paths::{place, place_names, places};
pub use secret::Secret;
pub use size::parse_size;
pub(crate) use text::{read as read_text, read_from_text};
pub use url::Url;

use crate::schedule;

/// The commented example that is shipped, printed and tested.
pub const EXAMPLE: &str = include_str!("example.toml");

/// Of the file: some thousand entries, and more than a person writes.
const FILE_BYTES_MAX: u64 = 256 << 10;

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
    pub(crate) written: Written,
    /// Sections of probes, each read by its probe.
    pub(crate) probes: BTreeMap<String, Spanned<IgnoredAny>>,
    files: Vec<files::Named>,
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

    /// The section of a probe. `C` is what it should be; nothing of it needs to be there.
    pub(crate) fn section<C: DeserializeOwned + Default>(&self, name: &str) -> Result<C, Mistake> {
        let document = DeTable::parse(&self.written.text).map_err(|err| Mistake::read("", err))?.into_inner();
        let Some(found) = document.get("probes").and_then(|probes| probes.get_ref().get(name)) else {
            return Ok(C::default());
        };
        let section = ValueDeserializer::from(found.clone());
        C::deserialize(section).map_err(|err| Mistake::read(&format!("probes.{name}."), err))
    }

    /// What cannot be read now of the files that are read later, a line each: where they are named, why, and what does
    /// not work until then.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.files.iter().filter_map(|file| file.trouble(&self.written)).collect()
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// One line: the file, the line where there is one, what is wrong, and what may stand there.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = read_text_file(path).map_err(|err| {
            let hint = match err.kind() {
                ErrorKind::NotFound => "write one with \"atalaya-agent config example\"",
                ErrorKind::PermissionDenied => "run it as a user who may",
                ErrorKind::InvalidData => "write it as UTF-8",
                ErrorKind::FileTooLarge => "leave out what nobody needs to watch",
                _ => "name a file",
            };
            let why = err.to_string();
            format!(
                "cannot read the configuration {}: {}; {hint}",
                path.display(),
                why.split(" (os").next().unwrap_or("")
            )
        })?;
        Self::read(path, &text)
    }

    /// The same, from text that is said to stand in the file `path`.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn read(path: &Path, text: &str) -> Result<Self, String> {
        let written = Written::new(path, text);
        let raw = toml::from_str::<raw::Raw>(text).map_err(|err| written.tell(&Mistake::read("", err)))?;
        raw.check(written.clone()).map_err(|mistake| written.tell(&mistake))
    }

    /// Whether there is nothing to back up and nobody to tell.
    #[must_use]
    pub const fn says_nothing(&self) -> bool {
        self.jobs.is_empty() && self.outputs.is_empty()
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

/// A file of text, if it is not too long to be one that a person wrote.
fn read_text_file(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        let what = format!("it is longer than {} KiB", FILE_BYTES_MAX >> 10);
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, what));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
