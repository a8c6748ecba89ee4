//! The configuration as it is written.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::values::{Secret, Url, Written, duration, size};
use super::{Check, Config, Job, Output, Pause, check_plan, plan, prefix};
use crate::schedule;

/// More jobs than anybody has, and few enough to keep in memory.
const JOBS_MAX: usize = 64;
/// Brokers.
const OUTPUTS_MAX: usize = 4;
const INTERVAL_MIN: Duration = Duration::from_secs(5);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    #[serde(default)]
    node: RawNode,
    #[serde(default)]
    watch: RawWatch,
    #[serde(default)]
    mqtt: Vec<RawMqtt>,
    #[serde(default)]
    sidecar: RawSidecar,
    #[serde(default)]
    pause: RawPause,
    #[serde(default, rename = "job")]
    jobs: Vec<RawJob>,
    #[serde(default)]
    probes: toml::Table,
    #[serde(default)]
    noip_client: crate::noip::ClientConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawNode {
    name: Option<String>,
    id: Option<String>,
    state_dir: Option<PathBuf>,
    socket: Option<PathBuf>,
    zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawWatch {
    interval: String,
    heartbeat: String,
}

impl Default for RawWatch {
    fn default() -> Self {
        Self { interval: "60s".into(), heartbeat: "15m".into() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSidecar {
    key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawPause {
    above_celsius: f32,
    above_busy_percent: f32,
}

impl Default for RawPause {
    fn default() -> Self {
        Self { above_celsius: 85.0, above_busy_percent: 90.0 }
    }
}

impl RawPause {
    /// Nothing, for a limit of 0.
    fn check(&self) -> Result<Pause, String> {
        let limit = |name: &str, value: f32, max: f32| match value {
            0.0 => Ok(None),
            value if value > 0.0 && value <= max => Ok(Some(value)),
            _ => Err(format!("[pause] {name} {value} is not between 0 (never) and {max}")),
        };
        Ok(Pause {
            above_celsius: limit("above_celsius", self.above_celsius, 150.0)?,
            above_busy_percent: limit("above_busy_percent", self.above_busy_percent, 100.0)?,
        })
    }
}

/// `[[mqtt]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawMqtt {
    url: String,
    username: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    cert_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    #[serde(default = "default_prefix")]
    prefix: String,
    #[serde(default = "default_discovery")]
    discovery_prefix: String,
    #[serde(default = "yes")]
    streams: bool,
}

fn default_prefix() -> String {
    "atalaya".into()
}

fn default_discovery() -> String {
    "homeassistant".into()
}

const fn yes() -> bool {
    true
}

/// `[[job]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawJob {
    pub(super) name: String,
    repo: String,
    key_file: Option<PathBuf>,
    passphrase_file: Option<PathBuf>,
    paths: Vec<PathBuf>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    exclude_caches: bool,
    exclude_larger_than: Option<String>,
    #[serde(default)]
    one_file_system: bool,
    memory_max: Option<String>,
    limit_upload: Option<String>,
    #[serde(default = "default_schedule")]
    pub(super) schedule: String,
    #[serde(default = "no_time")]
    pub(super) jitter: String,
    pub(super) window: Option<String>,
    full_every: Option<String>,
    check_every: Option<String>,
    #[serde(default = "default_check_share")]
    check_share: String,
    #[serde(default = "default_tier")]
    pub(super) tier: u8,
    pub(super) rpo: Option<String>,
    #[serde(default = "default_retries")]
    pub(super) retries: u32,
}

fn default_schedule() -> String {
    "daily 02:00".into()
}

fn no_time() -> String {
    "0s".into()
}

fn default_check_share() -> String {
    "5%".into()
}

const fn default_tier() -> u8 {
    2
}

const fn default_retries() -> u32 {
    3
}

impl Raw {
    pub(super) fn check(self, text: &str) -> Result<Config, String> {
        let state = self.node.state_dir.unwrap_or_else(|| "/var/lib/atalaya".into());
        let interval = duration(&self.watch.interval)?;
        if interval < INTERVAL_MIN {
            return Err(format!("[watch] interval {:?} is under {} s", self.watch.interval, INTERVAL_MIN.as_secs()));
        }
        let zone = zone(self.node.zone.as_deref())?;
        let node = self.node.id.map(|id| id.parse().map_err(|err| format!("[node] id {id:?}: {err}"))).transpose()?;
        let name = self.node.name.unwrap_or_else(|| {
            nix::unistd::gethostname().map_or_else(|_| "nas".into(), |name| name.to_string_lossy().into_owned())
        });
        if self.jobs.len() > JOBS_MAX || self.mqtt.len() > OUTPUTS_MAX {
            return Err(format!("at most {JOBS_MAX} [[job]] and {OUTPUTS_MAX} [[mqtt]]"));
        }
        let jobs = self.jobs.iter().map(|job| job.check(&state, &zone)).collect::<Result<Vec<_>, _>>()?;
        if let Some(job) =
            self.jobs.iter().enumerate().find(|(at, job)| self.jobs[..*at].iter().any(|other| other.name == job.name))
        {
            return Err(format!("two jobs are called {:?}", job.1.name));
        }
        let mut outputs = self.mqtt.into_iter().map(RawMqtt::check).collect::<Result<Vec<Output>, _>>()?;
        // Numbers of a stream mean something to one reader only.
        outputs.iter_mut().filter(|output| output.streams).skip(1).for_each(|output| output.streams = false);
        self.noip_client.check()?;
        Ok(Config {
            text: Written(text.to_owned()),
            name,
            node,
            socket: self.node.socket.unwrap_or_else(|| state.join("control.sock")),
            state,
            interval,
            heartbeat: duration(&self.watch.heartbeat)?,
            sidecar: self.sidecar.key.as_deref().map(key).transpose()?,
            outputs,
            jobs,
            probes: self.probes,
            noip_client: self.noip_client,
            pause: self.pause.check()?,
            zone,
        })
    }
}

fn zone(name: Option<&str>) -> Result<jiff::tz::TimeZone, String> {
    match name {
        Some(name) => {
            crate::zone::named(name).ok_or_else(|| format!("[node] zone {name:?} is no time zone known here"))
        }
        None => Ok(crate::zone::local()),
    }
}

fn key(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "[sidecar] key is 64 hexadecimal digits, as \"atalaya-sidecar node add\" prints them".to_owned();
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(wrong());
    }
    let mut out = [0; 32];
    for (at, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(out)
}

impl RawMqtt {
    fn check(self) -> Result<Output, String> {
        let url: Url = self.url.parse()?;
        let client = match (self.cert_file, self.key_file) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err("[[mqtt]] cert_file and key_file go together".into()),
        };
        if !url.tls && (client.is_some() || self.ca_file.is_some()) {
            return Err(format!("[[mqtt]] {}: certificates need mqtts://", self.url));
        }
        if !url.tls && self.password_file.is_some() && !url.is_local() {
            return Err(format!(
                "[[mqtt]] {}: a password would cross the network in the clear; use mqtts://",
                self.url
            ));
        }
        let discovery = Some(self.discovery_prefix).filter(|text| !text.is_empty());
        Ok(Output {
            url,
            username: self.username,
            password: self.password_file.map(Secret::in_file),
            ca: self.ca_file,
            client,
            prefix: prefix(&self.prefix)?,
            discovery: discovery.as_deref().map(prefix).transpose()?,
            streams: self.streams,
        })
    }
}

impl RawJob {
    fn check(&self, state: &std::path::Path, zone: &jiff::tz::TimeZone) -> Result<Job, String> {
        let wrong = |what: String| format!("[[job]] {:?}: {what}", self.name);
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !(1..=64).contains(&self.name.len()) || !self.name.bytes().all(fits) {
            return Err(wrong("a name has 1 to 64 letters, digits, \"_\" and \"-\"".into()));
        }
        if self.limit_upload.as_deref().is_some_and(|limit| limit.trim_matches(char::is_alphabetic) == "0") {
            return Err(wrong("limit_upload 0 lets nothing through; leave it out for no limit".into()));
        }
        if self.paths.is_empty() || self.paths.iter().any(|path| path.is_relative()) {
            return Err(wrong("paths are absolute, and there is at least one".into()));
        }
        if !(1..=3).contains(&self.tier) {
            return Err(wrong(format!("tier {} is not 1, 2 or 3", self.tier)));
        }
        let access = self.access(state).map_err(&wrong)?;
        let mut words = access.clone();
        // Joined, because a value may begin with a hyphen.
        let mut pair = |option: &str, value: &str| words.push(format!("{option}={value}"));
        pair("--job", &self.name);
        for pattern in &self.exclude {
            pair("--exclude", pattern);
        }
        for (option, value) in
            [("--exclude-larger-than", &self.exclude_larger_than), ("--limit-upload", &self.limit_upload)]
        {
            if let Some(value) = value {
                size(value).map_err(&wrong)?;
                pair(option, value);
            }
        }
        for (option, wanted) in [("--exclude-caches", self.exclude_caches), ("--one-file-system", self.one_file_system)]
        {
            if wanted {
                words.push(option.to_owned());
            }
        }
        words.push("--".into());
        let paths: Vec<String> = self.paths.iter().map(|path| path.display().to_string()).collect();
        words.extend(paths.iter().cloned());
        let plan = plan(self, zone).map_err(&wrong)?;
        let check = self.check_every.as_deref().map(|every| self.check_of(&plan, every, access)).transpose();
        Ok(Job {
            check: check.map_err(&wrong)?,
            plan,
            repo: self.repo.clone(),
            tier: self.tier,
            words,
            paths,
            full_every: self.full_every.as_deref().map(duration).transpose().map_err(&wrong)?,
        })
    }

    /// What every command on the repository is given.
    fn access(&self, state: &std::path::Path) -> Result<Vec<String>, String> {
        if self.repo.is_empty() {
            return Err("repo names the folder of the repository".into());
        }
        if self.paths.iter().any(|path| path.as_os_str().as_encoded_bytes().contains(&0)) {
            return Err("a path holds no NUL".into());
        }
        let mut words = vec![format!("--repo={}", self.repo), format!("--state-dir={}", state.display())];
        if self.key_file.is_none() && self.passphrase_file.is_none() {
            return Err("key_file or passphrase_file is needed: nobody is there to be asked".into());
        }
        for (option, file) in [("--key-file", &self.key_file), ("--passphrase-file", &self.passphrase_file)] {
            if let Some(file) = file {
                words.push(format!("{option}={}", file.display()));
            }
        }
        if let Some(memory) = &self.memory_max {
            size(memory)?;
            words.push(format!("--memory-max={memory}"));
        }
        Ok(words)
    }

    fn check_of(&self, plan: &schedule::Job, every: &str, mut words: Vec<String>) -> Result<Check, String> {
        let share = self.check_share.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
        if !share.is_some_and(|share| (0.0..=100.0).contains(&share)) {
            return Err(format!("check_share {:?} is no share; write \"5%\" or \"100%\"", self.check_share));
        }
        words.push(format!("--read-data={}", self.check_share));
        Ok(Check { plan: check_plan(plan, duration(every)?), words })
    }
}
