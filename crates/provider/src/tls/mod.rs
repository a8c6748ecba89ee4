//! Certificates as servers show them: a handshake with whoever answers, and then a judgement.
//!
//! ```toml
//! [[provider]]
//! name = "certificates"
//! kind = "tls"
//! hosts = ["nas.example.com", "192.168.1.2:5001"]
//! server_name = "nas.example.com"       # if the certificate should be for another name than is connected to
//! ca_file = "/etc/atalaya/home-ca.pem"  # if it is signed by your own authority, or by itself
//! # fingerprints = ["4a:6f:…"]          # SHA-256 of the certificates that are expected as they are, whatever they name
//! ```

pub(crate) mod judge;
mod shake;

use std::path::PathBuf;

use atalaya_certificate::roots;
use atalaya_renew::limits::short;
use atalaya_renew::{Ends, Found, Kind, List, Trouble};
use rustls::pki_types::ServerName;
use serde::Deserialize;

use crate::http::Outgoing;
use crate::limits::TLS_HOSTS_MAX;
use crate::names;
use crate::provider::Provider;

const PORT: u16 = 443;

/// Whom to look at.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    hosts: Vec<Host>,
    ca_file: Option<PathBuf>,
    /// In lower case, without colons.
    fingerprints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    hosts: Vec<String>,
    server_name: Option<String>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    fingerprints: Vec<String>,
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
        let hosts = written.hosts.iter().map(host).collect::<Result<Vec<_>, String>>()?;
        if let Some(host) = names::twice(&hosts) {
            return Err(format!("{} is there twice", host.label()));
        }
        let fingerprints = written.fingerprints.iter().map(|text| fingerprint(text)).collect::<Result<_, String>>()?;
        Ok(Self { hosts, ca_file: written.ca_file, fingerprints })
    }
}

/// As browsers and `openssl x509 -fingerprint -sha256` show it.
fn fingerprint(text: &str) -> Result<String, String> {
    let bare = text.replace(':', "").to_ascii_lowercase();
    let fits = bare.len() == 64 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some(bare).ok_or_else(|| format!("{:?} is no SHA-256 fingerprint: 64 hexadecimal digits", short(text)))
}

impl Host {
    /// What its certificate is called in the list.
    fn label(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
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
    fn names(&self) -> Vec<(Kind, String)> {
        self.0.hosts.iter().map(|host| (Kind::Certificate, host.label())).collect()
    }

    /// A server that is not reached is told as one whose certificate's end is not known.
    fn list(&self, now: i64) -> Result<List, Trouble> {
        let roots = roots(self.0.ca_file.as_deref()).map_err(Trouble::SetUp)?;
        let expected = judge::Expected { roots: &roots, fingerprints: &self.0.fingerprints, now };
        let found = |host: &Host| {
            let seen = shake::shown(&host.host, host.port, host.name.clone());
            let judged = seen.and_then(|chain| judge::judge(&host.label(), &chain, &host.name, &expected));
            judged.unwrap_or_else(|why| {
                let why = short(&format!("no certificate was seen: {why}"));
                Found::new(Kind::Certificate, host.label(), Ends::Unknown(why))
            })
        };
        Ok(self.0.hosts.iter().map(found).collect())
    }
}
