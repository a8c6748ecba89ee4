//! Section `[noip_client]`.

use std::path::PathBuf;
use std::str::FromStr;

use atalaya_base::config::{Place, Secret, Spanned, read_from_text, read_text};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::request::{ENDPOINT, Request};

/// More names than a key has.
const HOSTS_MAX: usize = 16;

/// Stands for all names of a key; nobody could see whether it is right.
const EVERY: &str = "all.ddnskey.com";

/// What the agent keeps No-IP informed of. Off as long as there are no names.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// The names that a DDNS key covers.
    #[serde(deserialize_with = "hosts")]
    pub hosts: Vec<String>,
    /// The key's user name.
    #[serde(deserialize_with = "user")]
    pub user: String,
    /// Where its password lies.
    pub password_file: Option<Spanned<Place>>,
    /// Whether our IPv4 address is told.
    pub ipv4: bool,
    /// The same for IPv6: it is this machine's own, past the router.
    pub ipv6: bool,
    /// Other clients that run here and keep other names: `inadyn`, `ddclient`, `ddns-scripts`, …
    pub ignored_clients: Vec<String>,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<Spanned<Place>>,
    /// Where updates go.
    #[serde(deserialize_with = "server")]
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
        self.password_file.as_ref().map(|file| Secret::in_file(file.get_ref().0.clone()))
    }

    /// Certificates to trust instead of the system's.
    #[must_use]
    pub fn ca(&self) -> Option<PathBuf> {
        self.ca_file.as_ref().map(|file| file.get_ref().0.clone())
    }

    /// Whether its values make sense beside each other; nothing is read yet.
    ///
    /// # Errors
    ///
    /// What does not.
    pub fn check(&self) -> Result<(), &'static str> {
        if !self.is_on() {
            return Ok(());
        }
        if self.user.is_empty() || self.password_file.is_none() {
            return Err("hosts need user and password_file beside them, those of a DDNS key");
        }
        if !self.ipv4 && !self.ipv6 {
            return Err("there is neither ipv4 nor ipv6 to tell; leave one of them true");
        }
        let example = Request { names: self.hosts.clone(), v4: Some([203, 0, 113, 7].into()), v6: None };
        example.url(&self.server).map(|_| ())
    }
}

/// A name to update.
struct Host(String);

impl FromStr for Host {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.contains('.') || text.contains('@') || text == EVERY {
            return Err(format!(
                "{text:?} is no name of a host; write the names themselves, whose servers can be asked"
            ));
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if text.len() > 253 || !text.bytes().all(fits) {
            return Err(format!("{text:?} is no name of a host; it has letters, digits, dots and hyphens"));
        }
        Ok(Self(text.to_owned()))
    }
}

read_from_text!(Host, "the name of a host");

fn hosts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let hosts: Vec<String> = Vec::<Host>::deserialize(from)?.into_iter().map(|host| host.0).collect();
    if hosts.len() > HOSTS_MAX {
        return Err(D::Error::custom(format!("there are more than {HOSTS_MAX}")));
    }
    match hosts.iter().enumerate().find(|(at, host)| hosts[..*at].contains(host)) {
        Some((_, host)) => Err(D::Error::custom(format!("{host:?} is there twice"))),
        None => Ok(hosts),
    }
}

/// A DDNS key's user name: it is sent before a colon.
struct User(String);

impl FromStr for User {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = !text.contains(':') && !text.contains(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or_else(|| format!("{text:?} is no user name of a DDNS key"))
    }
}

fn user<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    read_text::<_, User>(from, "the user name of a DDNS key").map(|user| user.0)
}

/// Where updates go.
struct Server(String);

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?}: updates are sent over https only; write https://…");
        text.starts_with("https://").then(|| Self(text.to_owned())).ok_or_else(wrong)
    }
}

fn server<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    read_text::<_, Server>(from, "an address that begins with https://").map(|server| server.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = toml::from_str::<ClientConfig>(text).map_err(|err| err.message().to_owned());
        let told = read.and_then(|config| config.check().map_err(str::to_owned)).err().unwrap_or_default();
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
        check(&good.replace("abc123", "a:b"), "no user name");
        check(&good.replace("/p", "p"), "no absolute path");
        check(&good.replace("b.ddns", "a.ddns"), "twice");
        check(&good.replace("b.ddns.net", "b.x&offline=YES"), "letters, digits");
        check(&format!("{good}ipv4 = false"), "neither");
        check(&format!("{good}server = 'http://127.0.0.1/'"), "https only");
        let many: Vec<_> = (0..17).map(|number| format!("'h{number}.ddns.net'")).collect();
        check(&good.replace("'b.ddns.net'", &many.join(", ")), "more than 16");
    }
}
