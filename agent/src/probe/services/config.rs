//! What should run or answer, as people write it.

use std::time::Duration;

use atalaya_base::config::{Entry, entries};
use serde::Deserialize;

use super::TIMEOUT_MAX_SECONDS;
use crate::probe::address::page_of;
use atalaya_reach::split;

/// What should run or answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServicesConfig {
    /// Everything that is looked at.
    #[serde(deserialize_with = "entries")]
    pub check: Vec<Check>,
}

/// One of them. Its name is what people call it; what it is found by if not given.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// A unit of systemd.
    Systemd {
        /// See above.
        name: Option<String>,
        /// Such as `nginx.service`.
        unit: String,
    },
    /// A service of OpenWrt's procd.
    Procd {
        /// See above.
        name: Option<String>,
        /// As in `/etc/init.d`.
        service: String,
    },
    /// A process.
    Process {
        /// See above.
        name: Option<String>,
        /// The process' name, as in `ps -o comm`.
        comm: Option<String>,
        /// What stands in its command line.
        command: Option<String>,
    },
    /// A port that takes connections.
    Tcp {
        /// See above.
        name: Option<String>,
        /// Host and port.
        address: String,
        /// How long it may take.
        #[serde(default = "seconds")]
        timeout_seconds: u64,
    },
    /// A host that answers pings.
    Icmp {
        /// See above.
        name: Option<String>,
        /// Name or address.
        host: String,
        /// How long it may take.
        #[serde(default = "seconds")]
        timeout_seconds: u64,
    },
    /// A web page.
    Http {
        /// See above.
        name: Option<String>,
        /// With `http://` or `https://`.
        url: String,
        /// The status it should have; any from 200 to 399 if not given.
        status: Option<u16>,
        /// What should stand in the first 64 KiB.
        contains: Option<String>,
        /// How long it may take.
        #[serde(default = "seconds")]
        timeout_seconds: u64,
    },
}

const fn seconds() -> u64 {
    5
}

impl Entry for Check {
    type Raw = Self;

    fn check(raw: Self) -> Result<Self, String> {
        if let Some(seconds) = raw.timeout_seconds().filter(|seconds| !(1..=TIMEOUT_MAX_SECONDS).contains(seconds)) {
            return Err(format!("timeout_seconds: {seconds} is not from 1 to {TIMEOUT_MAX_SECONDS}"));
        }
        match &raw {
            Self::Tcp { address, .. } => split(address, None).map(drop)?,
            Self::Http { url, .. } if !url.starts_with("http://") && !url.starts_with("https://") => {
                return Err(format!("{url:?} is no web page; write http://… or https://…"));
            }
            Self::Process { comm: None, command: None, .. } => {
                return Err("a process is known by its comm or by what stands in its command line; give one".into());
            }
            check if check.name().trim().is_empty() => return Err("what is looked at has no name".into()),
            _ => {}
        }
        Ok(raw)
    }

    fn name(&self) -> &str {
        self.name()
    }
}

impl Check {
    /// In the view and, as an id, in the topic.
    #[must_use]
    pub fn name(&self) -> &str {
        let (name, otherwise) = match self {
            Self::Systemd { name, unit } => (name, Some(unit)),
            Self::Procd { name, service } => (name, Some(service)),
            Self::Process { name, comm, command } => (name, comm.as_ref().or(command.as_ref())),
            Self::Tcp { name, address, .. } => (name, Some(address)),
            Self::Icmp { name, host, .. } => (name, Some(host)),
            Self::Http { name, url, .. } => return name.as_deref().unwrap_or_else(|| page_of(url)),
        };
        name.as_ref().or(otherwise).map_or("process", String::as_str)
    }

    /// How long it may take to answer.
    pub(super) fn wait(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds().unwrap_or_default())
    }

    const fn timeout_seconds(&self) -> Option<u64> {
        match self {
            Self::Tcp { timeout_seconds, .. }
            | Self::Icmp { timeout_seconds, .. }
            | Self::Http { timeout_seconds, .. } => Some(*timeout_seconds),
            Self::Systemd { .. } | Self::Procd { .. } | Self::Process { .. } => None,
        }
    }

    /// In the view.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Systemd { .. } => "systemd",
            Self::Procd { .. } => "procd",
            Self::Process { .. } => "process",
            Self::Tcp { .. } => "tcp",
            Self::Icmp { .. } => "icmp",
            Self::Http { .. } => "http",
        }
    }
}
