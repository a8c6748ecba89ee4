//! The table of probes. A section of the configuration is read by its probe; what stands there wrongly is told with its
//! name.

use std::path::Path;

use atalaya_base::config::Mistake;

use crate::certificate::Certificates;
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

type Made = Result<Box<dyn Probe>, Mistake>;
type Maker = fn(&Config) -> Made;

/// Section of the configuration, and the probe that it makes. Several probes may read one section.
const TABLE: &[(&str, Maker)] = &[
    ("system", |all| Ok(Box::new(System::new(all.section::<SystemConfig>("system")?).every(all.interval)))),
    ("disks", |all| Ok(Box::new(Disks::new(all.section::<DisksConfig>("disks")?)))),
    ("fs", |all| Ok(Box::new(Fs::new(all.section::<FsConfig>("fs")?)))),
    ("raid", |all| Ok(Box::new(Raid::new(all.section::<RaidConfig>("raid")?)))),
    ("net", |all| Ok(Box::new(Net::new(all.section::<NetConfig>("net")?)))),
    ("ups", |all| Ok(Box::new(Ups::new(all.section::<UpsConfig>("ups")?)))),
    ("services", |all| Ok(Box::new(Services::new(&all.section::<ServicesConfig>("services")?)))),
    ("services", |all| Ok(Box::new(Pages::new(&all.section::<ServicesConfig>("services")?)))),
    ("noip", |all| Ok(Box::new(NoIp::new(all.section::<NoIpConfig>("noip")?).beside(&all.noip_client.hosts)))),
    ("dns", |all| Ok(Box::new(Dns::new(all.section::<DnsConfig>("dns")?, Some(elsewhere()))))),
    ("certs", |all| Ok(Box::new(Certs::new(all.section::<CertsConfig>("certs")?)))),
    ("updates", |all| Ok(Box::new(Updates::new(&all.section::<UpdatesConfig>("updates")?)))),
    ("auth", |all| Ok(Box::new(Auth::new(all.section::<AuthConfig>("auth")?)))),
    ("logs", |all| Ok(Box::new(Logs::new(all.section::<LogsConfig>("logs")?)))),
];

/// Every probe, as the configuration wants it, and what acts as one.
///
/// # Errors
///
/// One line: which section is wrong, and how.
pub fn all(config: &Config) -> Result<Vec<Box<dyn Probe>>, String> {
    let made = || -> Result<Vec<Box<dyn Probe>>, Mistake> {
        if let Some((name, section)) =
            config.probes.iter().find(|(name, _)| !TABLE.iter().any(|(known, _)| known == name))
        {
            let mut known: Vec<&str> = TABLE.iter().map(|(name, _)| *name).collect();
            known.dedup();
            let what = format!("there is no such probe; there are {}", known.join(", "));
            return Err(Mistake::at(&format!("probes.{name}"), section, what));
        }
        TABLE.iter().map(|(_, make)| make(config)).chain([client(config), Ok(certificates(config))]).collect()
    };
    made().map_err(|mistake| config.written.tell(&mistake))
}

/// The No-IP client finds our address as the probe `dns` does.
fn client(config: &Config) -> Made {
    let dns = config.section::<DnsConfig>("dns")?;
    Ok(Box::new(Client::new(config.noip_client.clone(), dns, config.state.clone())))
}

fn certificates(config: &Config) -> Box<dyn Probe> {
    Box::new(Certificates::new(config.certificates.clone(), config.state.clone()))
}

/// The same for the daemon, which `config` in the file `path` describes: those that need much memory read elsewhere, and
/// one looks whether what is to be backed up can be read, if it is the daemon's `own` rights that this hangs on.
///
/// # Errors
///
/// As [`all`].
pub(super) fn resident(config: &Config, path: &Path, own: bool) -> Result<Vec<Box<dyn Probe>>, String> {
    let place = |probe: Box<dyn Probe>| -> Box<dyn Probe> {
        if probe.apart() { Box::new(Apart::of(probe, path.to_owned())) } else { probe }
    };
    let mut probes: Vec<_> = all(config)?.into_iter().map(place).collect();
    let mut paths: Vec<String> = config.jobs.iter().flat_map(|job| job.paths.clone()).collect();
    paths.dedup();
    if own && !paths.is_empty() {
        probes.push(Box::new(Shares::new(paths)));
    }
    Ok(probes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_read_by_their_probes() {
        let of = |text: &str| all(&Config::read(Path::new("agent.toml"), text).unwrap());
        assert_eq!(of("").map(|probes| probes.len()), Ok(TABLE.len() + 2));
        for (text, expected) in [
            ("[probes]\n[probes.tacho]", "agent.toml:2: probes.tacho: there is no such probe; there are system"),
            ("# mine\n[probes.ups]\nx = 1", "agent.toml:3: probes.ups: unknown field `x`"),
            ("[probes.ups]\naddress = 7", "agent.toml:2: probes.ups.address: invalid type"),
            ("[probes]\nups.x = 1", "agent.toml:2: probes.ups: unknown field `x`"),
            ("[probes.dns]\nipv4 = [\n'magic']", "agent.toml:3: probes.dns.ipv4: \"magic\" is no way"),
        ] {
            let why = of(text).err().unwrap();
            assert!(why.contains(expected), "{why}");
        }
    }
}
