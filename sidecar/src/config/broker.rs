//! `[broker]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::{DAY, Length, Mistake, Named, Place, Secret, Spanned, Url};
use serde::Deserialize;

use super::listen::{Address, plain, with_tls};
use super::names::Prefix;

/// Of a file that the connection to another broker needs.
const WITHOUT: &str = "there is no connection to the broker";
/// Of a file for our own listeners.
const WITHOUT_TLS: &str = "nobody can connect over TLS";
const NAMES_MAX: usize = 16;

/// Where nodes connect to.
#[derive(Clone, Debug)]
pub struct Broker {
    /// Somebody else's; the built-in one without it.
    pub external: Option<External>,
    /// Of the built-in one, without TLS; this machine alone.
    pub listen: Vec<SocketAddr>,
    /// With TLS.
    pub listen_tls: Vec<SocketAddr>,
    /// After which a changed retained message is written.
    pub flush: Duration,
    /// What stands in the certificate and in join strings; empty for what this machine is called.
    pub names: Vec<String>,
    /// Certificate and key to show, instead of the sidecar's own.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Before every topic.
    pub prefix: String,
    /// Home Assistant's; empty where none is wanted.
    pub discovery_prefix: String,
}

/// A broker that somebody else runs.
#[derive(Clone, Debug, PartialEq)]
pub struct External {
    /// Where.
    pub url: Url,
    /// Whom to be there.
    pub username: Option<String>,
    /// With what; read when a connection is made.
    pub password: Option<Secret>,
    /// Certificates to trust instead of the system's.
    pub ca: Option<PathBuf>,
    /// Certificate and key to show.
    pub client: Option<(PathBuf, PathBuf)>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    mode: Option<Spanned<Mode>>,
    listen: Option<Vec<Spanned<Address>>>,
    listen_tls: Vec<Spanned<Address>>,
    pub(super) anonymous: Option<bool>,
    flush: Length<10, DAY>,
    names: Vec<String>,
    cert_file: Option<Spanned<Place>>,
    key_file: Option<Spanned<Place>>,
    url: Option<Spanned<Url>>,
    username: Option<String>,
    password_file: Option<Spanned<Place>>,
    ca_file: Option<Spanned<Place>>,
    prefix: Option<Spanned<Prefix>>,
    discovery_prefix: Option<Prefix>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            mode: None,
            listen: None,
            listen_tls: Vec::new(),
            anonymous: None,
            flush: Length(Duration::from_secs(900)),
            names: Vec::new(),
            cert_file: None,
            key_file: None,
            url: None,
            username: None,
            password_file: None,
            ca_file: None,
            prefix: None,
            discovery_prefix: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Builtin,
    External,
}

impl Raw {
    /// The files that are read later.
    pub(super) fn files(&self) -> impl Iterator<Item = Named> {
        let is_own = self.url.is_none();
        let pair = if is_own { WITHOUT_TLS } else { WITHOUT };
        Named::of("broker.password_file", self.password_file.as_ref(), WITHOUT)
            .chain(Named::of("broker.ca_file", self.ca_file.as_ref(), WITHOUT))
            .chain(Named::of("broker.cert_file", self.cert_file.as_ref(), pair))
            .chain(Named::of("broker.key_file", self.key_file.as_ref(), pair))
    }

    pub(super) fn check(self) -> Result<Broker, Mistake> {
        let path = |file: Spanned<Place>| file.into_inner().0;
        match (&self.cert_file, &self.key_file) {
            (Some(cert), None) => return Err(Mistake::at("broker.cert_file", cert, "needs its key_file beside it")),
            (None, Some(key)) => return Err(Mistake::at("broker.key_file", key, "needs its cert_file beside it")),
            _ => {}
        }
        if let Some(prefix) = self.prefix.as_ref().filter(|prefix| prefix.get_ref().0.is_empty()) {
            return Err(Mistake::at(
                "broker.prefix",
                prefix,
                "is empty; write the beginning of topics such as \"atalaya\"",
            ));
        }
        let is_external = self.is_external()?;
        let remedy = "use listen_tls there, or keep this on loopback behind a tunnel";
        let listen = match &self.listen {
            _ if is_external => Vec::new(),
            Some(written) => plain("broker.listen", written, remedy)?,
            None => vec![
                SocketAddr::from(([127, 0, 0, 1], 1883)),
                "[::1]:1883".parse().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 1883))),
            ],
        };
        let listen_tls = with_tls("broker.listen_tls", &self.listen_tls)?;
        if let Some(one) = self.names.get(NAMES_MAX) {
            return Err(Mistake::whole("broker.names", format!("{one:?} is one too many; at most {NAMES_MAX}")));
        }
        let pair = self.cert_file.map(path).zip(self.key_file.map(path));
        let external = self.url.filter(|_| is_external).map(|url| External {
            url: url.into_inner(),
            username: self.username,
            password: self.password_file.map(path).map(Secret::in_file),
            ca: self.ca_file.map(path),
            client: pair.clone(),
        });
        Ok(Broker {
            tls: pair.filter(|_| external.is_none()),
            external,
            listen,
            listen_tls,
            flush: self.flush.0,
            names: self.names,
            prefix: self.prefix.map_or_else(|| "atalaya".into(), |prefix| prefix.into_inner().0),
            discovery_prefix: self.discovery_prefix.map_or_else(|| "homeassistant".into(), |prefix| prefix.0),
        })
    }

    /// Whether another broker is meant, and nothing stands beside that means the other.
    fn is_external(&self) -> Result<bool, Mistake> {
        let mode = self.mode.as_ref().map(|mode| *mode.get_ref());
        match (mode, &self.url) {
            (Some(Mode::External), None) => {
                let what = "needs a url beside it";
                let place = self.mode.as_ref().map(|mode| Mistake::at("broker.mode", mode, what));
                return Err(place.unwrap_or_else(|| Mistake::whole("broker", what)));
            }
            (Some(Mode::Builtin), Some(url)) => {
                return Err(Mistake::at("broker.url", url, "is for mode = \"external\"; leave one of the two out"));
            }
            _ => {}
        }
        let Some(url) = &self.url else {
            let foreign = [("broker.password_file", &self.password_file), ("broker.ca_file", &self.ca_file)];
            for (key, file) in foreign {
                if let Some(file) = file {
                    return Err(Mistake::at(key, file, "is for another broker, and there is no url"));
                }
            }
            return Ok(false);
        };
        let ours = self.listen.iter().flatten().chain(&self.listen_tls).next();
        if let Some(one) = ours {
            return Err(Mistake::at("broker.listen", one, "is for the built-in broker, and the url names another"));
        }
        if let Some(file) = self.password_file.as_ref().filter(|_| !url.get_ref().tls && !url.get_ref().is_local()) {
            let what = "the password would cross the network in the clear; use an mqtts:// url";
            return Err(Mistake::at("broker.password_file", file, what));
        }
        Ok(true)
    }
}
