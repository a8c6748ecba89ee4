//! Where we are and where names lead, for a part of the agent that acts on it.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::lookup::{Found, Guide};
use super::public::{is_global, is_public};
use super::{Asker, Dns, DnsConfig, Fetch};
use crate::probe::Site;
use atalaya_reach::Deadline;
use atalaya_reach::dns::Kind;

/// One look, by the same ways as the probe's.
pub(crate) struct Outlook<'a> {
    dns: Dns,
    asker: Asker,
    site: &'a Site,
    boot: Duration,
}

impl<'a> Outlook<'a> {
    /// Looks for at most `time`. `boot` is the time since the machine started.
    pub(crate) fn new(config: DnsConfig, fetch: Fetch, (site, boot): (&'a Site, Duration), time: Duration) -> Self {
        let dns = Dns::new(config, Some(fetch));
        Self { dns, asker: Asker::new(Deadline::after(time)), site, boot }
    }

    /// From now on looks for `time` more, and asks those again who were silent.
    pub(crate) fn again(&mut self, time: Duration) {
        self.asker = Asker::new(Deadline::after(time));
    }

    /// Our address as seen from outside, or why it is not known. One of IPv6 is one that everybody can reach.
    pub(crate) fn address(&mut self, ipv6: bool) -> Result<IpAddr, String> {
        match self.known(usize::from(ipv6))? {
            IpAddr::V6(address) if !is_global(address) => Err(format!("{address} is an address of this network only")),
            address => Ok(address),
        }
    }

    /// The router's IPv4 address outside, where it is one that nobody else can reach.
    pub(crate) fn shared_router(&mut self) -> Option<Ipv4Addr> {
        match self.known(2) {
            Ok(IpAddr::V4(address)) if !is_public(address) => Some(address),
            _ => None,
        }
    }

    fn known(&mut self, number: usize) -> Result<IpAddr, String> {
        let Dns { ways, public, fetch, .. } = &mut self.dns;
        let public = &mut public[number];
        public.refresh(&ways[number], number == 1, &mut self.asker, fetch, (self.site, self.boot));
        public.address.ok_or_else(|| public.why.clone())
    }

    /// The addresses that the name's own servers tell, in one family; an error is why they cannot be asked.
    pub(crate) fn named(&mut self, host: &str, ipv6: bool) -> Result<BTreeSet<IpAddr>, String> {
        let resolvers = self.dns.resolvers(self.site);
        let guide = Guide { resolvers: &resolvers, port: self.dns.config.authoritative_port, now: self.boot };
        let kind = if ipv6 { Kind::Aaaa } else { Kind::A };
        match self.dns.zones.authoritative(&mut self.asker, guide, host, kind) {
            Found::Addresses { all, .. } => Ok(all),
            Found::Nothing | Found::NoSuchName => Ok(BTreeSet::new()),
            Found::Unknown(why) => Err(why),
        }
    }
}
