//! `[mailbox]`: where providers' mails are read.

use std::path::PathBuf;

use atalaya_base::config::{Mistake, Place, Written};
use atalaya_mailbox::Security;
use atalaya_notify::Secret;
use serde::Deserialize;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// Whose certificates are trusted, if not those of the machine.
    pub ca_file: Option<PathBuf>,
    /// Who reads.
    pub user: String,
    /// Where the password lies.
    pub password: Secret,
    /// The folder.
    pub folder: String,
    /// The name under which one's own mail server says what it found of a mail's sender.
    pub authserv_id: String,
    /// Host names that are ours, beside those that providers list.
    pub hosts: Vec<String>,
}

impl Mailbox {
    /// That its password cannot be read now.
    pub(super) fn warning(&self, written: &Written) -> Option<String> {
        let why = self.password.read().err()?;
        Some(format!("{}: mailbox.password_file: {why}", written.place(None)))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    host: Option<String>,
    port: Option<u16>,
    security: Security,
    ca_file: Option<Place>,
    user: Option<String>,
    password_file: Option<Secret>,
    folder: Option<String>,
    authserv_id: Option<String>,
    hosts: Vec<String>,
}

impl Raw {
    /// Without a host there is none.
    pub(super) fn check(self) -> Result<Option<Mailbox>, Mistake> {
        let Some(host) = self.host else { return Ok(None) };
        let missing = |key: &str, why: &str| Mistake::whole(&format!("mailbox.{key}"), why);
        let security = self.security;
        if security == Security::None && !matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1") {
            return Err(missing("security", "a mailbox elsewhere is read over tls or starttls alone"));
        }
        let authserv_id = self.authserv_id.ok_or_else(|| {
            missing(
                "authserv_id",
                "is missing: the first word of Authentication-Results in mails of yours, such as mx.google.com",
            )
        })?;
        Ok(Some(Mailbox {
            host,
            port: self.port.unwrap_or(if security == Security::Tls { 993 } else { 143 }),
            security,
            ca_file: self.ca_file.map(|place| place.0),
            user: self.user.ok_or_else(|| missing("user", "is missing"))?,
            password: self.password_file.ok_or_else(|| missing("password_file", "is missing"))?,
            folder: self.folder.unwrap_or_else(|| "INBOX".into()),
            authserv_id,
            hosts: self.hosts,
        }))
    }
}
