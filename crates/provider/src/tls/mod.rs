//! Certificates as servers show them: a handshake with whoever answers, and then a judgement.
//!
//! ```toml
//! [[provider]]
//! name = "certificates"
//! kind = "tls"
//! hosts = ["nas.example.com", "192.168.1.2:5001"]
//! server_name = "nas.example.com"       # if the certificate should be for another name than is connected to
//! ca_file = "/etc/atalaya/home-ca.pem"  # if it is signed by your own authority, or by itself
//! ```

mod judge;
mod shake;

use std::path::PathBuf;

use atalaya_renew::limits::short;
use atalaya_renew::{Ends, Found, Kind, List, Trouble};
use rustls::pki_types::ServerName;
use serde::Deserialize;

use crate::http::{Outgoing, roots};
use crate::limits::TLS_HOSTS_MAX;
use crate::provider::Provider;

const PORT: u16 = 443;

/// Whom to look at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    hosts: Vec<Host>,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hosts: Vec<String>,
    server_name: Option<String>,
    ca_file: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    host: String,
    port: u16,
    /// For whom the certificate should be.
    name: ServerName<'static>,
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if !(1..=TLS_HOSTS_MAX).contains(&written.hosts.len()) {
            return Err(format!("hosts has 1 to {TLS_HOSTS_MAX} of them"));
        }
        let host = |text: &String| {
            let (host, port) = atalaya_reach::split(text, Some(PORT))?;
            let name = written.server_name.as_ref().unwrap_or(&host).clone();
            let name = ServerName::try_from(name).map_err(|_| format!("{text:?} is no host"))?;
            Ok(Host { host, port, name })
        };
        let hosts = written.hosts.iter().map(host).collect::<Result<_, String>>()?;
        Ok(Self { hosts, ca_file: written.ca_file })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        let why = self.ca_file.as_deref().and_then(|path| roots(Some(path)).err());
        why.into_iter().map(|why| ("ca_file", why)).collect()
    }
}

/// Servers.
#[derive(Debug)]
pub struct Tls(Settings);

impl Tls {
    pub(crate) fn new(settings: Settings, _: Outgoing) -> Self {
        Self(settings)
    }
}

impl Provider for Tls {
    /// A server that is not reached is told as one whose certificate's end is not known.
    fn list(&self, now: i64) -> Result<List, Trouble> {
        let roots = roots(self.0.ca_file.as_deref()).map_err(Trouble::SetUp)?;
        let found = |host: &Host| {
            let bare = if host.host.contains(':') { format!("[{}]", host.host) } else { host.host.clone() };
            let label = format!("{bare}:{}", host.port);
            let seen = shake::shown(&host.host, host.port, host.name.clone());
            seen.and_then(|chain| judge::judge(&label, &chain, &host.name, &roots, now)).unwrap_or_else(|why| {
                Found::new(Kind::Certificate, label, Ends::Unknown(short(&format!("no certificate was seen: {why}"))))
            })
        };
        Ok(self.0.hosts.iter().map(found).collect())
    }
}
