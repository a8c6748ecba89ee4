//! `[web]`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use atalaya_base::config::{DAY, Length, Mistake, Named, Place, Spanned};
use serde::Deserialize;

use super::listen::{Address, plain, with_tls};

const WITHOUT: &str = "nobody can connect over TLS";
const MINUTE: u64 = 60;

/// Who may ask for figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    /// Who shows a token that is for that.
    #[default]
    Token,
    /// The same, and anybody on this machine.
    Loopback,
    /// Nobody.
    Off,
}

/// Where people and their tools connect to.
#[derive(Clone, Debug)]
pub struct Web {
    /// Without TLS; this machine alone.
    pub listen: Vec<SocketAddr>,
    /// With TLS.
    pub listen_tls: Vec<SocketAddr>,
    /// Certificate and key to show, instead of the sidecar's own.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// As people reach it; for links.
    pub url: Option<String>,
    /// Whose word on where a request came from is believed.
    pub proxies: Vec<IpAddr>,
    /// Who may ask for figures.
    pub metrics: Metrics,
    /// How long somebody stays logged in.
    pub session: Duration,
    /// And without doing anything.
    pub session_idle: Duration,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    listen: Option<Vec<Spanned<Address>>>,
    listen_tls: Vec<Spanned<Address>>,
    cert_file: Option<Spanned<Place>>,
    key_file: Option<Spanned<Place>>,
    url: Option<Spanned<String>>,
    proxies: Vec<IpAddr>,
    metrics: Metrics,
    session: Length<{ 10 * MINUTE }, { 90 * DAY }>,
    session_idle: Length<{ 10 * MINUTE }, { 90 * DAY }>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            listen: None,
            listen_tls: Vec::new(),
            cert_file: None,
            key_file: None,
            url: None,
            proxies: Vec::new(),
            metrics: Metrics::default(),
            session: Length(Duration::from_secs(30 * DAY)),
            session_idle: Length(Duration::from_secs(7 * DAY)),
        }
    }
}

impl Raw {
    /// The files that are read later.
    pub(super) fn files(&self) -> impl Iterator<Item = Named> {
        Named::of("web.cert_file", self.cert_file.as_ref(), WITHOUT).chain(Named::of(
            "web.key_file",
            self.key_file.as_ref(),
            WITHOUT,
        ))
    }

    pub(super) fn check(self) -> Result<Web, Mistake> {
        match (&self.cert_file, &self.key_file) {
            (Some(cert), None) => return Err(Mistake::at("web.cert_file", cert, "needs its key_file beside it")),
            (None, Some(key)) => return Err(Mistake::at("web.key_file", key, "needs its cert_file beside it")),
            _ => {}
        }
        let remedy = "use listen_tls there, or a proxy that does TLS on this machine";
        let listen = match &self.listen {
            Some(written) => plain("web.listen", written, remedy)?,
            None => ["127.0.0.1:8480", "[::1]:8480"].iter().filter_map(|address| address.parse().ok()).collect(),
        };
        if let Some(url) = &self.url {
            check_url(url)?;
        }
        let path = |file: Spanned<Place>| file.into_inner().0;
        Ok(Web {
            listen,
            listen_tls: with_tls("web.listen_tls", &self.listen_tls)?,
            tls: self.cert_file.map(path).zip(self.key_file.map(path)),
            url: self.url.map(|url| url.into_inner().trim_end_matches('/').to_owned()),
            proxies: self.proxies,
            metrics: self.metrics,
            session: self.session.0,
            session_idle: self.session_idle.0,
        })
    }
}

/// The beginning of links: where somebody else's browser can follow them, and nobody can listen in.
fn check_url(url: &Spanned<String>) -> Result<(), Mistake> {
    let text = url.get_ref();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split('/').next().unwrap_or_default());
    let Some(host) = host.filter(|host| !host.is_empty() && !host.contains(['@', ' ', '"', '<'])) else {
        let what = format!("{text:?} is no address of pages; write one such as \"https://atalaya.example.org\"");
        return Err(Mistake::at("web.url", url, what));
    };
    let local = ["localhost", "127.", "[::1]"].iter().any(|start| host.starts_with(start));
    if text.starts_with("http://") && !local {
        return Err(Mistake::at("web.url", url, "log-ins would cross the network in the clear; use https://"));
    }
    Ok(())
}
