//! What the machine's owner wrote. What people change in the browser is in the database instead, never both.

mod alerts;
mod beat;
mod broker;
mod certificates;
mod history;
mod listen;
mod mailbox;
mod names;
mod records;
mod renewals;
mod state;
mod stay;
mod web;

use std::path::Path;

use atalaya_base::config::{Mistake, Named, Spanned, Written, read, section, text_of};
use atalaya_provider::ProviderSettings;
use serde::Deserialize;

pub use alerts::{Alerts, Channel, Set, Stamp};
pub use beat::Beat;
pub use broker::{Broker, External};
pub use certificates::{Acme, Certificate, Certificates, Here, Home, Way};
pub use history::History;
pub use listen::is_loopback;
pub use mailbox::Mailbox;
pub use records::Record;
pub use renewals::Renewals;
pub use state::State;
pub use web::{Metrics, Web};

/// The commented example that is shipped, printed and tested.
pub const EXAMPLE: &str = include_str!("example.toml");
/// Where it is looked for.
pub const FILE: &str = "/etc/atalaya/sidecar.toml";

/// A configuration that can be run.
#[derive(Debug)]
pub struct Config {
    /// Where what is remembered lies, and what the sidecar calls itself.
    pub state: State,
    /// Where nodes connect to.
    pub broker: Broker,
    /// Where people and their tools connect to.
    pub web: Web,
    /// What is kept for how long.
    pub history: History,
    /// Who is told.
    pub alerts: Alerts,
    /// Who is told that it lives.
    pub beat: Beat,
    /// Who is asked about what expires.
    pub renewals: Renewals,
    /// What is ordered here.
    pub certificates: Certificates,
    /// Names that follow a node.
    pub records: Vec<Record>,
    /// Where providers' mails are read.
    pub mailbox: Option<Mailbox>,
    /// As they were written: without that they go by who can connect, which is known once it is clear what stays.
    accept: Option<bool>,
    anonymous: Option<bool>,
    files: Vec<Named>,
    written: Written,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default, deserialize_with = "section")]
    state: state::Raw,
    #[serde(default, deserialize_with = "section")]
    broker: broker::Raw,
    #[serde(default, deserialize_with = "section")]
    web: web::Raw,
    #[serde(default, deserialize_with = "section")]
    history: history::Raw,
    #[serde(default, deserialize_with = "section")]
    alerts: alerts::Raw,
    #[serde(default, rename = "set")]
    sets: Vec<alerts::RawSet>,
    #[serde(default, rename = "channel")]
    channels: Vec<Spanned<alerts::RawChannel>>,
    #[serde(default, deserialize_with = "section")]
    nodes: RawNodes,
    #[serde(default, deserialize_with = "section")]
    beat: beat::Raw,
    #[serde(default, deserialize_with = "section")]
    renewals: renewals::Raw,
    #[serde(default, rename = "provider")]
    providers: Vec<Spanned<ProviderSettings>>,
    #[serde(default, deserialize_with = "section")]
    acme: certificates::RawAcme,
    #[serde(default, deserialize_with = "section")]
    mailbox: mailbox::Raw,
    #[serde(default, rename = "certificate")]
    certificates: Vec<Spanned<certificates::RawCertificate>>,
    #[serde(default, rename = "record")]
    records: Vec<Spanned<records::Raw>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawNodes {
    accept: Option<bool>,
}

impl Raw {
    fn check(self, written: &Written) -> Result<Config, Mistake> {
        let files = self.broker.files().chain(self.web.files()).collect();
        let anonymous = self.broker.anonymous;
        let broker = self.broker.check()?;
        let web = self.web.check()?;
        let state = self.state.check();
        let renewals = self.renewals.check(self.providers)?;
        let certificates =
            certificates::check(self.acme, self.certificates, &renewals.zones(), renewals.contact.as_deref())?;
        let records = records::check(self.records, &renewals.zones())?;
        Ok(Config {
            accept: self.nodes.accept,
            anonymous,
            broker,
            web,
            history: self.history.check()?,
            beat: self.beat.check()?,
            renewals,
            certificates,
            records,
            mailbox: self.mailbox.check()?,
            alerts: alerts::check(self.alerts, self.sets, self.channels, &state.zone)?,
            state,
            files,
            written: written.clone(),
        })
    }
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// One line: the file, the line where there is one, what is wrong, and what may stand there.
    pub fn load(path: &Path) -> Result<Self, String> {
        let text = text_of(path, "write one with \"atalaya-sidecar config example\", or leave --config out")?;
        Self::read(path, &text)
    }

    /// The file that was given, else the usual one if it is there, else what holds without one.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn given(path: Option<&Path>) -> Result<Self, String> {
        let path = path.or_else(|| (!Self::is_none(None)).then_some(Path::new(FILE)));
        path.map_or_else(Self::empty, Self::load)
    }

    /// Whether none was given and the usual file is not there: then defaults hold. One that cannot be looked at is there.
    #[must_use]
    pub fn is_none(path: Option<&Path>) -> bool {
        path.is_none() && !Path::new(FILE).try_exists().unwrap_or(true)
    }

    /// The same, from text that is said to stand in the file `path`.
    ///
    /// # Errors
    ///
    /// As [`Config::load`].
    pub fn read(path: &Path, text: &str) -> Result<Self, String> {
        read(path, text, Raw::check)
    }

    /// What holds without a file.
    ///
    /// # Errors
    ///
    /// None, as the tests show.
    pub fn empty() -> Result<Self, String> {
        Self::read(Path::new("sidecar.toml"), "")
    }

    /// Whether nodes that nobody added are taken in.
    #[must_use]
    pub fn accept(&self) -> bool {
        self.accept.unwrap_or_else(|| self.is_apart())
    }

    /// Whether the broker lets in whoever connects from this machine.
    #[must_use]
    pub fn anonymous(&self) -> bool {
        self.anonymous.unwrap_or_else(|| self.is_apart())
    }

    /// Whether nobody but this machine can connect.
    const fn is_apart(&self) -> bool {
        self.broker.listen_tls.is_empty() && self.broker.external.is_none()
    }

    /// What cannot be read now of the files that are read later, and what tells nobody anything, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let files = self.files.iter().filter_map(|file| file.trouble(&self.written));
        let renewals = self.renewals.warnings(&self.written).chain(self.certificates.warnings(&self.written));
        let mailbox = self.mailbox.as_ref().and_then(|mailbox| mailbox.warning(&self.written));
        let alerts = self.alerts.warnings(&self.written).chain(self.alerts.unnamed(&self.written));
        files.chain(alerts).chain(renewals).chain(mailbox).collect()
    }
}

#[cfg(test)]
mod tests;
