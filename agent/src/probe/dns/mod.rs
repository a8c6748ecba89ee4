//! Names that should lead here: what their own servers say, what public resolvers say, and where we really are.

mod config;
mod judge;
mod lookup;
mod outlook;
mod page;
mod public;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, Text, text, view};

use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use atalaya_reach::Deadline;
use atalaya_reach::dns::{Asker, Kind};
use judge::{Family, Judge, shown};
use lookup::{Found, Guide, Zones, resolved};
use public::{Public, Way, cgnat, own};

pub use config::{DnsConfig, Host};
pub(crate) use outlook::Outlook;
pub(crate) use page::{elsewhere, here, line, page};
pub use public::Fetch;

const PORT: u16 = 53;
/// How long one reading asks.
const TIME: Duration = Duration::from_secs(40);

/// See the module.
pub struct Dns {
    config: DnsConfig,
    ways: [Vec<Way>; 3],
    fetch: Option<Fetch>,
    public: [Public; 3],
    zones: Zones,
    judge: Judge,
    since: Since<&'static str>,
}

impl Dns {
    /// Pages are asked through `fetch`; without it they are passed over.
    #[must_use]
    pub fn new(config: DnsConfig, fetch: Option<Fetch>) -> Self {
        let ways = [config.ipv4.clone(), config.ipv6.clone(), config.router.clone()];
        let (public, zones) = (Default::default(), Zones::default());
        let (judge, since) = (Judge::default(), Since::default());
        Self { config, ways, fetch, public, zones, judge, since }
    }

    fn resolvers(&self, site: &Site) -> Vec<SocketAddr> {
        if !self.config.resolvers.is_empty() {
            return self.config.resolvers.clone();
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
            Found::Addresses { .. } | Found::Unknown(_) => self
                .config
                .public_resolvers
                .iter()
                .map(|resolver| resolved(asker, *resolver, &host.name, kind))
                .collect(),
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

#[cfg(test)]
mod tests;
