//! The table of probes. A section of the configuration is read by its probe; what stands there wrongly is told with its
//! name.

use std::path::Path;

use serde::de::DeserializeOwned;

use crate::config::Config;
use crate::noip::Client;
use crate::probe::Probe;
use crate::probe::apart::Apart;
use crate::probe::auth::{Auth, AuthConfig};
use crate::probe::certs::{Certs, CertsConfig};
use crate::probe::disks::{Disks, DisksConfig};
use crate::probe::dns::{Dns, DnsConfig, elsewhere};
use crate::probe::fs::{Fs, FsConfig};
use crate::probe::logs::{Logs, LogsConfig};
use crate::probe::net::{Net, NetConfig};
use crate::probe::noip::{NoIp, NoIpConfig};
use crate::probe::raid::{Raid, RaidConfig};
use crate::probe::services::{Pages, Services, ServicesConfig};
use crate::probe::shares::Shares;
use crate::probe::system::{System, SystemConfig};
use crate::probe::updates::{Updates, UpdatesConfig};
use crate::probe::ups::{Ups, UpsConfig};

type Made = Result<Box<dyn Probe>, String>;
type Maker = fn(&Config) -> Made;

/// Section of the configuration, and the probe that it makes. Several probes may read one section.
const TABLE: &[(&str, Maker)] = &[
    ("system", |all| Ok(Box::new(System::new(section::<SystemConfig>(all, "system")?)))),
    ("disks", |all| Ok(Box::new(Disks::new(section::<DisksConfig>(all, "disks")?)))),
    ("fs", |all| Ok(Box::new(Fs::new(section::<FsConfig>(all, "fs")?)))),
    ("raid", |all| Ok(Box::new(Raid::new(section::<RaidConfig>(all, "raid")?)))),
    ("net", |all| Ok(Box::new(Net::new(section::<NetConfig>(all, "net")?)))),
    ("ups", |all| Ok(Box::new(Ups::new(section::<UpsConfig>(all, "ups")?)))),
    ("services", |all| Ok(Box::new(Services::new(&section::<ServicesConfig>(all, "services")?)))),
    ("services", |all| Ok(Box::new(Pages::new(&section::<ServicesConfig>(all, "services")?)))),
    ("noip", |all| Ok(Box::new(NoIp::new(section::<NoIpConfig>(all, "noip")?).beside(&all.noip_client.hosts)))),
    ("dns", |all| Ok(Box::new(Dns::new(section::<DnsConfig>(all, "dns")?, Some(elsewhere()))?))),
    ("certs", |all| Ok(Box::new(Certs::new(section::<CertsConfig>(all, "certs")?)))),
    ("updates", |all| Ok(Box::new(Updates::new(&section::<UpdatesConfig>(all, "updates")?)))),
    ("auth", |all| Ok(Box::new(Auth::new(section::<AuthConfig>(all, "auth")?)))),
    ("logs", |all| Ok(Box::new(Logs::new(&section::<LogsConfig>(all, "logs")?)))),
];

/// Every probe, as the configuration wants it, and what acts as one.
///
/// # Errors
///
/// One line: which section is wrong, and how.
pub fn all(config: &Config) -> Result<Vec<Box<dyn Probe>>, String> {
    if let Some(name) = config.probes.keys().find(|name| !TABLE.iter().any(|(known, _)| known == name)) {
        let mut known: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
        known.dedup();
        return Err(format!("[probes.{name}]: there is no such probe; there are {}", known.join(", ")));
    }
    let made = TABLE.iter().map(|(name, make)| make(config).map_err(|why| format!("[probes.{name}]: {why}")));
    made.chain([client(config)]).collect()
}

/// The No-IP client finds our address as the probe `dns` does.
fn client(config: &Config) -> Made {
    let dns = section::<DnsConfig>(config, "dns")?;
    Ok(Box::new(Client::new(config.noip_client.clone(), dns, config.state.clone())?))
}

/// The same for the daemon, which `config` in the file `path` describes: those that need much memory read elsewhere, and
/// one looks whether what is to be backed up can be read.
///
/// # Errors
///
/// As [`all`].
pub(super) fn resident(config: &Config, path: &Path) -> Result<Vec<Box<dyn Probe>>, String> {
    let place = |probe: Box<dyn Probe>| -> Box<dyn Probe> {
        if probe.apart() { Box::new(Apart::of(probe, path.to_owned())) } else { probe }
    };
    let mut probes: Vec<_> = all(config)
        .map_err(|why| format!("cannot use the configuration {}: {why}", path.display()))?
        .into_iter()
        .map(place)
        .collect();
    let mut paths: Vec<String> = config.jobs.iter().flat_map(|job| job.paths.clone()).collect();
    paths.dedup();
    if !paths.is_empty() {
        probes.push(Box::new(Shares::new(paths)));
    }
    Ok(probes)
}

fn section<C: DeserializeOwned + Default>(all: &Config, name: &str) -> Result<C, String> {
    match all.probes.get(name) {
        None => Ok(C::default()),
        Some(value) => value.clone().try_into().map_err(|err: toml::de::Error| {
            let plain = || err.message().replace('\n', " ");
            all.wrong_in_probe::<C>(name).unwrap_or_else(plain)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_by_their_probes() {
        let of = |text: &str| all(&Config::parse(text).unwrap());
        assert_eq!(of("").map(|probes| probes.len()), Ok(TABLE.len() + 1));
        for (text, expected) in [
            ("[probes.tacho]", "no such probe; there are system"),
            ("# mine\n[probes.ups]\nx = 1", "[probes.ups]: line 3: unknown field `x`"),
            ("[probes.ups]\naddress = 7", "[probes.ups]: line 2: invalid type"),
            ("[probes]\nups.x = 1", "[probes.ups]: line 2: unknown field `x`"),
            ("[probes.dns]\nipv4 = ['magic']", "[probes.dns]: \"magic\" is no way"),
        ] {
            let why = of(text).err().unwrap();
            assert!(why.contains(expected), "{why}");
        }
    }
}
