//! Names that should lead here: what their own servers say, what public resolvers say, and where we really are.

mod ask;
mod codec;
mod judge;
mod lookup;
mod outlook;
mod page;
mod public;
#[cfg(test)]
pub(crate) mod server;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, Text, text, view};
use serde::Deserialize;

use crate::probe::reach::{Deadline, split};
use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use ask::Asker;
use codec::Kind;
use judge::{Family, Judge, shown};
use lookup::{Found, Guide, Zones, resolved};
use public::{Public, Way, cgnat, own};

pub(crate) use outlook::Outlook;
pub(crate) use page::{elsewhere, here, line, page};
pub use public::Fetch;

const PORT: u16 = 53;
/// How long one reading asks.
const TIME: Duration = Duration::from_secs(40);

/// What to look at, and whom to ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DnsConfig {
    /// The names.
    pub host: Vec<Host>,
    /// Resolvers that find the names' own servers, with a port if it is not 53. Empty: those in `/etc/resolv.conf`.
    pub resolvers: Vec<String>,
    /// Public resolvers, by which the world's view is known.
    pub public_resolvers: Vec<String>,
    /// Where the names' own servers listen.
    pub authoritative_port: u16,
    /// Ways to find out our IPv4 address: `dns:<server>:<port>:<name>:<type>`, a URL, `static:` or `interface:`.
    pub ipv4: Vec<String>,
    /// The same for IPv6.
    pub ipv6: Vec<String>,
    /// Ways to find out the IPv4 address that the router has outside; tells shared addresses (CGNAT).
    pub router: Vec<String>,
}

/// A name that should lead here.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Host {
    /// Such as `home.ddns.net`.
    pub name: String,
    /// Whether it must have an IPv4 address. If it has one, that is looked at in any case.
    pub ipv4: bool,
    /// The same for IPv6.
    pub ipv6: bool,
}

impl Default for DnsConfig {
    fn default() -> Self {
        let own = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            host: Vec::new(),
            resolvers: Vec::new(),
            public_resolvers: own(&["1.1.1.1", "8.8.8.8", "9.9.9.9"]),
            authoritative_port: PORT,
            ipv4: own(&[
                "dns:resolver1.opendns.com:53:myip.opendns.com:A",
                "dns:ns1.google.com:53:o-o.myaddr.l.google.com:TXT",
            ]),
            ipv6: own(&[
                "dns:resolver1.opendns.com:53:myip.opendns.com:AAAA",
                "dns:ns1.google.com:53:o-o.myaddr.l.google.com:TXT",
            ]),
            router: Vec::new(),
        }
    }
}

/// See the module.
pub struct Dns {
    config: DnsConfig,
    ways: [Vec<Way>; 3],
    public_resolvers: Vec<SocketAddr>,
    fetch: Option<Fetch>,
    public: [Public; 3],
    zones: Zones,
    judge: Judge,
    since: Since<&'static str>,
}

impl Dns {
    /// Checks the configuration. Pages are asked through `fetch`; without it they are passed over.
    ///
    /// # Errors
    ///
    /// Which word of the configuration is wrong.
    pub fn new(config: DnsConfig, fetch: Option<Fetch>) -> std::result::Result<Self, String> {
        let ways = |words: &[String]| words.iter().map(|word| word.parse()).collect::<std::result::Result<_, _>>();
        let ways = [ways(&config.ipv4)?, ways(&config.ipv6)?, ways(&config.router)?];
        let public_resolvers = addresses(&config.public_resolvers)?;
        addresses(&config.resolvers)?;
        let (public, zones) = (Default::default(), Zones::default());
        let (judge, since) = (Judge::default(), Since::default());
        Ok(Self { config, ways, public_resolvers, fetch, public, zones, judge, since })
    }

    fn resolvers(&self, site: &Site) -> Vec<SocketAddr> {
        if !self.config.resolvers.is_empty() {
            return addresses(&self.config.resolvers).unwrap_or_default();
        }
        let file = site.text("/etc/resolv.conf").unwrap_or_default();
        let named = file.lines().filter_map(|line| line.trim().strip_prefix("nameserver")?.trim().parse().ok());
        named.take(3).map(|address: IpAddr| SocketAddr::new(address, PORT)).collect()
    }

    fn family(&mut self, asker: &mut Asker, guide: Guide<'_>, site: &Site, host: &Host, ipv6: bool) -> Family {
        let kind = if ipv6 { Kind::Aaaa } else { Kind::A };
        let public = &self.public[usize::from(ipv6)];
        let public = public.address.ok_or_else(|| public.why.clone());
        let authoritative = self.zones.authoritative(asker, guide, &host.name, kind);
        // Where its own servers have nothing, nobody else can.
        let resolved = match &authoritative {
            Found::Addresses { .. } | Found::Unknown(_) => {
                self.public_resolvers.iter().map(|resolver| resolved(asker, *resolver, &host.name, kind)).collect()
            }
            Found::Nothing | Found::NoSuchName => Vec::new(),
        };
        let own = own(site, None).into_iter().filter(|address| address.is_ipv6() == ipv6).collect();
        let (name, wanted) = if ipv6 { ("IPv6", host.ipv6) } else { ("IPv4", host.ipv4) };
        Family { name, wanted, public, own, authoritative, resolved }
    }
}

impl Probe for Dns {
    fn name(&self) -> &'static str {
        "dns"
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.dns.host"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn deadline(&self) -> Duration {
        TIME + Duration::from_secs(10)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.config.host.is_empty() {
            return Err(Fault::Absent("no name is configured".into()));
        }
        let mut asker = Asker::new(Deadline::after(TIME));
        for (number, public) in self.public.iter_mut().enumerate() {
            public.refresh(&self.ways[number], number == 1, &mut asker, &mut self.fetch, (site, at.boot));
        }
        let resolvers = self.resolvers(site);
        let guide = Guide { resolvers: &resolvers, port: self.config.authoritative_port, now: at.boot };
        let v4 = |public: &Public| if let Some(IpAddr::V4(address)) = public.address { Some(address) } else { None };
        let cgnat = cgnat(v4(&self.public[2]), v4(&self.public[0]));
        for host in self.config.host.clone() {
            let families = [false, true].map(|ipv6| self.family(&mut asker, guide, site, &host, ipv6));
            let (state, mut problem) = self.judge.verdict(&host.name, &families, at.boot);
            if cgnat == Some(true) && problem.is_none() {
                problem = Some("the provider shares our IPv4 address: nobody can reach us by IPv4".into());
            }
            let mut view = told(&families);
            view.host = Some(text(&host.name));
            view.state = Some(text(state));
            view.problem = problem.map(|problem| text(&problem));
            view.cgnat = cgnat;
            view.since = Some(when(self.since.of(&host.name, state, at.wall)));
            out(ObjectId::of(&host.name), view.into());
        }
        Ok(())
    }
}

fn told([v4, v6]: &[Family; 2]) -> view::Dns {
    let public = |family: &Family| family.public.as_ref().ok().map(|address| text(&address.to_string()));
    let own = |family: &Family| family.authoritative.addresses().map(|all| text(&shown(all)));
    let resolved = |family: &Family| -> Option<Text> {
        let all: BTreeSet<_> = family.resolved.iter().filter_map(Found::addresses).flatten().copied().collect();
        (!all.is_empty()).then(|| text(&shown(&all)))
    };
    view::Dns {
        public_ipv4: public(v4),
        public_ipv6: public(v6),
        authoritative_ipv4: own(v4),
        authoritative_ipv6: own(v6),
        resolved_ipv4: resolved(v4),
        resolved_ipv6: resolved(v6),
        ttl_seconds: v4.authoritative.ttl().or(v6.authoritative.ttl()).map(u64::from),
        ..view::Dns::default()
    }
}

/// Addresses with a port, or with DNS' own.
fn addresses(words: &[String]) -> std::result::Result<Vec<SocketAddr>, String> {
    let address = |word: &String| {
        let (host, port) = split(word, Some(PORT))?;
        let host: IpAddr = host.parse().map_err(|_| format!("{word:?} is no address of a resolver"))?;
        Ok(SocketAddr::new(host, port))
    };
    words.iter().map(address).collect()
}

#[cfg(test)]
mod tests;
