//! Section `[noip_client]`.

use std::path::PathBuf;

use serde::Deserialize;

use super::request::{ENDPOINT, Request};
use crate::config::Secret;

/// More names than a key has.
const HOSTS_MAX: usize = 16;

/// Stands for all names of a key; nobody could see whether it is right.
const EVERY: &str = "all.ddnskey.com";

/// What the agent keeps No-IP informed of. Off as long as there are no names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// The names that a DDNS key covers.
    pub hosts: Vec<String>,
    /// The key's user name.
    pub user: String,
    /// Where its password lies.
    pub password_file: Option<PathBuf>,
    /// Whether our IPv4 address is told.
    pub ipv4: bool,
    /// The same for IPv6: it is this machine's own, past the router.
    pub ipv6: bool,
    /// Other clients that run here and keep other names: `inadyn`, `ddclient`, `ddns-scripts`, …
    pub ignored_clients: Vec<String>,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Where updates go.
    pub server: String,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            hosts: Vec::new(),
            user: String::new(),
            password_file: None,
            ipv4: true,
            ipv6: false,
            ignored_clients: Vec::new(),
            ca_file: None,
            server: ENDPOINT.into(),
        }
    }
}

impl ClientConfig {
    /// Whether there is anything to do.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.hosts.is_empty()
    }

    /// The password, wherever it lies.
    #[must_use]
    pub fn password(&self) -> Option<Secret> {
        self.password_file.clone().map(Secret::in_file)
    }

    /// Whether it makes sense; nothing is read yet.
    ///
    /// # Errors
    ///
    /// One line: what does not.
    pub fn check(&self) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("[noip_client] {what}"));
        if !self.is_on() {
            return Ok(());
        }
        if self.hosts.len() > HOSTS_MAX {
            return wrong(&format!("has more than {HOSTS_MAX} hosts"));
        }
        if let Some(host) = self.hosts.iter().enumerate().find(|(at, host)| self.hosts[..*at].contains(host)) {
            return wrong(&format!("names {:?} twice", host.1));
        }
        if let Some(host) = self.hosts.iter().find(|host| !host.contains('.') || host.contains('@') || *host == EVERY) {
            return wrong(&format!("hosts has {host:?}; write the names themselves, whose servers can be asked"));
        }
        if self.user.is_empty() || self.user.contains([':', '\r', '\n']) || self.password_file.is_none() {
            return wrong("needs user and password_file, those of a DDNS key");
        }
        if !self.ipv4 && !self.ipv6 {
            return wrong("has neither ipv4 nor ipv6 to tell");
        }
        let example = Request { names: self.hosts.clone(), v4: Some([203, 0, 113, 7].into()), v6: None };
        example.url(&self.server).map(|_| ()).or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let config: ClientConfig = toml::from_str(text).unwrap();
        let told = config.check().err().unwrap_or_default();
        assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{text}: {told}");
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let good = "hosts = ['a.ddns.net', 'b.ddns.net']\nuser = 'abc123'\npassword_file = '/p'\n";
        check("", "");
        check("user = 'abc123'", "");
        check(good, "");
        for odd in ["group", "a.ddns.net@rr", "all.ddnskey.com"] {
            check(&good.replace("b.ddns.net", odd), "write the names themselves");
        }
        check("hosts = ['a.ddns.net']", "user and password_file");
        check(&good.replace("abc123", "a:b"), "user and password_file");
        check(&good.replace("b.ddns", "a.ddns"), "twice");
        check(&good.replace("b.ddns.net", "b.x&offline=YES"), "letters, digits");
        check(&format!("{good}ipv4 = false"), "neither");
        check(&format!("{good}server = 'http://127.0.0.1/'"), "https only");
        let many: Vec<_> = (0..17).map(|number| format!("'h{number}.ddns.net'")).collect();
        check(&good.replace("'b.ddns.net'", &many.join(", ")), "more than 16");
    }
}
