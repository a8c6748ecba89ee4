//! Free host names at No-IP, which want to be confirmed every thirty days. Their confirmation stands behind a CAPTCHA and is a
//! person's; here it is seen whether the names are still answered for, and counted when they have to be confirmed again.
//!
//! ```toml
//! [[provider]]
//! name = "no-ip"
//! kind = "noip"
//!
//! [[provider.host]]
//! name = "nas.ddns.net"
//! confirmed = 2026-11-01        # when you last confirmed it
//! ```

use atalaya_renew::limits::{NOIP_CONFIRMATION_SECONDS, short};
use atalaya_renew::{ByItself, Ends, Flag, Found, Kind, List, RecordType, Trouble};
use serde::Deserialize;

use crate::day::Day;
use crate::http::Outgoing;
use crate::limits::{DNS_SERVERS_MAX, NOIP, NOIP_HOSTS_MAX};
use crate::names;
use crate::provider::Provider;
use crate::verify::{Servers, There};

/// Those that answer for its zones.
const SERVERS: [&str; 4] = ["nf1.no-ip.com", "nf2.no-ip.com", "nf3.no-ip.com", "nf4.no-ip.com"];

/// Which names.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Settings {
    hosts: Vec<Host>,
    servers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    host: Vec<Host>,
    servers: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Host {
    name: String,
    confirmed: Option<Day>,
}

impl TryFrom<Written> for Settings {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        if !(1..=NOIP_HOSTS_MAX).contains(&written.host.len()) {
            return Err(format!("there are 1 to {NOIP_HOSTS_MAX} hosts"));
        }
        let servers = written.servers.unwrap_or_else(|| SERVERS.map(str::to_owned).to_vec());
        if !(1..=DNS_SERVERS_MAX).contains(&servers.len()) {
            return Err(format!("servers has 1 to {DNS_SERVERS_MAX} names"));
        }
        for server in &servers {
            atalaya_reach::split(server, Some(53))?;
        }
        let mut hosts = written.host;
        for host in &mut hosts {
            host.name = names::name(&host.name).map_err(|trouble| trouble.to_string())?;
        }
        let all: Vec<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        if let Some(name) = names::twice(&all) {
            return Err(format!("{name} is there twice"));
        }
        Ok(Self { hosts, servers })
    }
}

impl Settings {
    pub(crate) fn unreadable(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Names there.
#[derive(Debug)]
pub struct NoIp(Settings);

/// What its servers say of a name.
enum Standing {
    Answered,
    /// Nobody answers for it any more.
    Gone,
    Unseen(String),
}

impl NoIp {
    pub(crate) fn new(settings: Settings, _: Outgoing) -> Self {
        Self(settings)
    }

    /// What the first server says that says something.
    fn standing(&self, servers: &mut Servers, name: &str) -> Standing {
        let mut unseen = String::new();
        for server in &self.0.servers {
            match (servers.ask(server, name, RecordType::A), unseen.is_empty()) {
                (Ok(There::Data(_)), _) => return Standing::Answered,
                (Ok(There::NoSuchName), _) => return Standing::Gone,
                (Ok(There::Nothing), _) => {
                    return match servers.ask(server, name, RecordType::Aaaa) {
                        Ok(There::Data(_)) => Standing::Answered,
                        Ok(_) => Standing::Gone,
                        Err(why) => Standing::Unseen(why),
                    };
                }
                (Err(why), true) => unseen = why,
                (Err(_), false) => {}
            }
        }
        Standing::Unseen(unseen)
    }
}

impl Provider for NoIp {
    fn names(&self) -> Vec<(Kind, String)> {
        self.0.hosts.iter().map(|host| (Kind::HostName, host.name.clone())).collect()
    }

    fn list(&self, _: i64) -> Result<List, Trouble> {
        let mut servers = Servers::new(&self.0.servers, NOIP);
        let found = |host: &Host| {
            let why = "nobody said when it was last confirmed; set confirmed to that day";
            let until = |day: Day| Ends::At(day.0 + NOIP_CONFIRMATION_SECONDS);
            let ends = host.confirmed.map_or_else(|| Ends::Unknown(why.into()), until);
            let (flags, note) = match self.standing(&mut servers, &host.name) {
                Standing::Answered => (Vec::new(), "No-IP answers for it".to_owned()),
                Standing::Gone => (vec![Flag::Suspended], "No-IP no longer answers for it".to_owned()),
                Standing::Unseen(why) => (vec![Flag::Partial], format!("its servers do not answer: {why}")),
            };
            Found {
                begun: host.confirmed.map(|day| day.0),
                by_itself: ByItself::Nothing,
                flags,
                note: short(&note),
                ..Found::new(Kind::HostName, host.name.clone(), ends)
            }
        };
        Ok(self.0.hosts.iter().map(found).collect())
    }
}
