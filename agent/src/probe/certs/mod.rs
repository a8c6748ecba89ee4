//! Certificates in files and behind ports: until when they are valid, and whether they name what they should. Whether
//! somebody trusts who signed them is not asked: people sign their own.

mod parse;

use std::fs::File;
use std::io::Read;
use std::time::Duration;

use atalaya_base::config::{Entry, Place, entries};
use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;
use serde::Deserialize;

use crate::probe::beside::ask_all;
use crate::probe::said::when;
use crate::probe::shown::{Unseen, shown};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use atalaya_reach::{Deadline, plain, split};
use parse::Leaf;

const PORT: u16 = 443;
const DAY: i64 = 86_400;
/// Longer files hold no single server's certificate.
const FILE_BYTES_MAX: u64 = 256 << 10;
/// How long a port may take.
const WAIT: Duration = Duration::from_secs(8);
/// Ports that are asked at a time: each needs the memory of a handshake.
const ASKED_AT_ONCE: usize = 4;
/// What all ports together may take: less than the probe's deadline, so that what is known is told.
const WAIT_ALL: Duration = Duration::from_secs(50);
/// A short life is expiring when so much of it is left, however many days before people want to know.
const EXPIRING_PERCENT: f32 = 25.0;

/// What to look at.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CertsConfig {
    /// The certificates.
    #[serde(deserialize_with = "entries")]
    pub cert: Vec<Where>,
    /// Days before its end from which a certificate is expiring.
    pub warn_days: u16,
}

impl Default for CertsConfig {
    fn default() -> Self {
        Self { cert: Vec::new(), warn_days: 14 }
    }
}

/// Where a certificate is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Where {
    /// What people call it; the file or address if not given.
    pub name: Option<String>,
    /// A file, PEM or DER. The first certificate in it counts.
    pub file: Option<String>,
    /// Or a host and port that speaks TLS.
    pub address: Option<String>,
    /// Names it must have; for a port, the host if not given. The first one is asked for.
    pub hosts: Vec<String>,
}

impl Where {
    fn source(&self) -> &str {
        self.file.as_ref().or(self.address.as_ref()).map_or("", String::as_str)
    }
}

impl Entry for Where {
    type Raw = Self;

    fn check(raw: Self) -> std::result::Result<Self, String> {
        match (&raw.file, &raw.address) {
            (Some(file), None) => file.parse::<Place>().map(drop)?,
            (None, Some(address)) => split(address, Some(PORT)).map(drop)?,
            _ => return Err("a certificate has either a file or an address".into()),
        }
        Ok(raw)
    }

    fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.source())
    }
}

/// See the module.
pub struct Certs {
    config: CertsConfig,
    wait: Duration,
    wait_all: Duration,
}

impl Certs {
    /// With what to look at.
    #[must_use]
    pub const fn new(config: CertsConfig) -> Self {
        Self { config, wait: WAIT, wait_all: WAIT_ALL }
    }
}

impl Probe for Certs {
    fn name(&self) -> &'static str {
        "certs"
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.certs.cert"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(3600)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn apart(&self) -> bool {
        !self.config.cert.is_empty()
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.config.cert.is_empty() {
            return Err(Fault::Absent("no certificate is configured".into()));
        }
        let mut tell = |cert: &Where, found: Option<std::result::Result<(Leaf, Vec<String>), String>>| {
            let problem = |why: &str| view::Cert { problem: Some(text(why)), ..view::Cert::default() };
            let mut view = match found {
                Some(Ok((leaf, hosts))) => judged(&leaf, &hosts, at.wall, self.config.warn_days),
                Some(Err(why)) => view::Cert { state: Some(text("unreadable")), ..problem(&why) },
                None => problem("was not asked: too many others were silent for too long"),
            };
            view.name = Some(text(cert.name()));
            view.source = Some(text(cert.source()));
            out(ObjectId::of(cert.name()), view.into());
        };
        // What needs nobody's answer is told first.
        let (files, ports): (Vec<_>, Vec<_>) = self.config.cert.iter().partition(|cert| cert.file.is_some());
        files.into_iter().for_each(|cert| tell(cert, Some(leaf(site, cert, self.wait))));
        let take = |number: usize, found| tell(ports[number], found);
        let deadline = Deadline::after(self.wait_all);
        ask_all(&ports, ASKED_AT_ONCE, deadline, |_| self.wait, |cert| leaf(site, cert, self.wait), take);
        Ok(())
    }
}

/// The certificate, and the names it must have.
fn leaf(site: &Site, cert: &Where, wait: Duration) -> std::result::Result<(Leaf, Vec<String>), String> {
    match (&cert.file, &cert.address) {
        (Some(file), _) => {
            let bytes = read(site, file).map_err(|fault| fault.to_string())?;
            Ok((parse::first(&bytes)?, cert.hosts.clone()))
        }
        (_, address) => {
            let (host, port) = split(address.as_deref().unwrap_or_default(), Some(PORT))?;
            let hosts = if cert.hosts.is_empty() { vec![host.clone()] } else { cert.hosts.clone() };
            let asked = hosts.first().unwrap_or(&host);
            let bytes = at_port(&host, port, asked, Deadline::after(wait))?;
            Ok((parse::der(&bytes)?, hosts))
        }
    }
}

/// What a server shows of itself.
fn at_port(host: &str, port: u16, name: &str, deadline: Deadline) -> std::result::Result<Vec<u8>, String> {
    match shown(host, port, name, deadline) {
        Ok(shown) => Ok(shown.chain.first().map(|leaf| leaf.to_vec()).unwrap_or_default()),
        Err(Unseen::Unreachable(why)) => Err(format!("cannot reach {host} port {port}: {}", plain(&why))),
        Err(Unseen::NoTls(why)) => Err(format!("no TLS on {host} port {port}: {}", plain(&why))),
    }
}

fn read(site: &Site, file: &str) -> Result<Vec<u8>> {
    let path = site.path(file);
    let fault = |err: std::io::Error| match Fault::io(file, &err) {
        Fault::Denied(text) => Fault::Denied(format!("{text}; needs a group that may read it")),
        fault => fault,
    };
    // Opening a pipe would wait for somebody to write.
    if !path.metadata().map_err(fault)?.is_file() {
        return Err(Fault::Failed(format!("{file} is no file")));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)).map_err(fault)?;
    Ok(bytes)
}

/// How the first certificate of a chain in PEM stands that should have the names `hosts`.
///
/// # Errors
///
/// There is none in it.
pub(crate) fn view_of(pem: &str, hosts: &[String], now: Timestamp) -> std::result::Result<view::Cert, String> {
    parse::first(pem.as_bytes()).map(|leaf| judged(&leaf, hosts, now, CertsConfig::default().warn_days))
}

fn judged(leaf: &Leaf, hosts: &[String], now: Timestamp, warn_days: u16) -> view::Cert {
    let now = now.as_second();
    let (left, life) = (leaf.expires - now, leaf.expires - leaf.starts);
    #[expect(clippy::cast_precision_loss, reason = "a share, shown with five digits")]
    let percent = if life > 0 { (left as f32 / life as f32 * 100.0).clamp(0.0, 100.0) } else { 0.0 };
    let wrong = hosts.iter().find(|host| !leaf.names(host));
    let days = left.div_euclid(DAY);
    let (state, problem) = if left <= 0 {
        ("expired", Some(format!("expired {} days ago; renew it", (-left).div_euclid(DAY))))
    } else if leaf.starts > now {
        ("not_yet_valid", Some("not valid yet; is the clock right?".to_owned()))
    } else if let Some(host) = wrong {
        ("wrong_name", Some(format!("is not for {host}, but for {}", leaf.hosts.join(" "))))
    } else if left <= i64::from(warn_days) * DAY && percent <= EXPIRING_PERCENT {
        ("expiring", Some(format!("expires in {days} days; whoever renews it has not")))
    } else {
        ("ok", None)
    };
    let time = |seconds| Timestamp::from_second(seconds).ok().map(when);
    view::Cert {
        name: None,
        source: None,
        state: Some(text(state)),
        problem: problem.map(|problem| text(&problem)),
        subject: Some(text(&leaf.subject)),
        issuer: Some(text(&leaf.issuer)),
        starts_at: time(leaf.starts),
        expires_at: time(leaf.expires),
        left_seconds: Some(left),
        left_percent: Some(percent),
        fingerprint: Some(text(&leaf.fingerprint)),
    }
}

#[cfg(test)]
mod tests;
