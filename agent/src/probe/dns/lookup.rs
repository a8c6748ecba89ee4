//! What a name leads to: as its own servers say, and as a resolver does.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use atalaya_reach::dns::Asker;
use atalaya_reach::dns::{Code, Data, Kind, Question, Reply};

/// Levels that are walked up to the beginning of a zone, and aliases that are followed.
const STEPS_MAX: usize = 8;
/// Servers of a zone that are asked.
const SERVERS_MAX: usize = 4;
/// For how long a zone's servers are believed to stay.
const ZONE_AGE: Duration = Duration::from_secs(3600);

/// What a name leads to, in one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Addresses {
        all: BTreeSet<IpAddr>,
        ttl: u32,
    },
    /// The name is there, but has no such address.
    Nothing,
    NoSuchName,
    /// Nobody could say; why.
    Unknown(String),
}

impl Found {
    pub(super) fn addresses(&self) -> Option<&BTreeSet<IpAddr>> {
        if let Self::Addresses { all, .. } = self { Some(all) } else { None }
    }

    pub(super) fn ttl(&self) -> Option<u32> {
        if let Self::Addresses { ttl, .. } = self { Some(*ttl) } else { None }
    }

    /// Another server's word besides: what one knows is known, addresses add up.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Addresses { all, ttl }, Self::Addresses { all: more, ttl: other }) => {
                Self::Addresses { all: all.into_iter().chain(more).collect(), ttl: ttl.max(other) }
            }
            (found @ Self::Addresses { .. }, _) | (_, found @ Self::Addresses { .. }) => found,
            (Self::Unknown(_), other) => other,
            (found, _) => found,
        }
    }
}

/// A resolver's word.
pub(super) fn resolved(asker: &mut Asker, resolver: SocketAddr, host: &str, kind: Kind) -> Found {
    match asker.ask(resolver, &Question::new(host, kind), true) {
        Ok(reply) => addresses(&reply),
        Err(why) => Found::Unknown(why),
    }
}

fn addresses(reply: &Reply) -> Found {
    let (mut all, mut ttl) = (BTreeSet::new(), 0);
    for record in &reply.answers {
        if let Data::Address(address) = record.data {
            all.insert(address);
            ttl = ttl.max(record.ttl);
        }
    }
    match (&reply.code, all.is_empty()) {
        (Code::Good, false) => Found::Addresses { all, ttl },
        (Code::Good, true) => Found::Nothing,
        (Code::NoSuchName, _) => Found::NoSuchName,
        (Code::Bad(code), _) => Found::Unknown(format!("the server says {code}")),
    }
}

/// Finds the servers of zones, and remembers them for a while.
#[derive(Debug, Default)]
pub(super) struct Zones {
    known: BTreeMap<String, (Duration, Vec<SocketAddr>)>,
}

/// Where to find out who serves a zone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guide<'a> {
    pub(super) resolvers: &'a [SocketAddr],
    /// Where servers of zones listen: 53, but for tests.
    pub(super) port: u16,
    pub(super) now: Duration,
}

impl Zones {
    /// What the servers of the host's zone say, all of them together.
    pub(super) fn authoritative(&mut self, asker: &mut Asker, guide: Guide<'_>, host: &str, kind: Kind) -> Found {
        let mut host = host.trim_end_matches('.').to_ascii_lowercase();
        for _ in 0..STEPS_MAX {
            let servers = match self.servers(asker, guide, &host) {
                Ok(servers) => servers,
                Err(why) => return Found::Unknown(why),
            };
            let mut found = Found::Unknown("the name's own servers do not answer".into());
            let mut alias = None;
            for server in servers {
                let said = match asker.ask(server, &Question::new(&host, kind), false) {
                    Ok(reply) if !reply.authoritative => Found::Unknown(format!("{server} does not serve {host}")),
                    Ok(reply) => {
                        alias = end_of_aliases(&reply, &host).or(alias);
                        addresses(&reply)
                    }
                    Err(why) => Found::Unknown(why),
                };
                found = found.and(said);
            }
            match (found, alias) {
                (Found::Nothing, Some(alias)) => host = alias,
                (found, _) => return found,
            }
        }
        Found::Unknown("its aliases have no end".into())
    }

    fn servers(&mut self, asker: &mut Asker, guide: Guide<'_>, host: &str) -> Result<Vec<SocketAddr>, String> {
        if let Some((then, servers)) = self.known.get(host)
            && guide.now.saturating_sub(*then) < ZONE_AGE
        {
            return Ok(servers.clone());
        }
        let names = names_of_servers(asker, guide, host)?;
        let mut servers = Vec::new();
        for name in names {
            let mut found = from_any(asker, guide, &Question::new(&name, Kind::A)).map(|reply| addresses(&reply));
            if !matches!(found, Ok(Found::Addresses { .. })) {
                found = from_any(asker, guide, &Question::new(&name, Kind::Aaaa)).map(|reply| addresses(&reply));
            }
            if let Some(first) = found.ok().as_ref().and_then(|found| found.addresses()?.first().copied()) {
                servers.push(SocketAddr::new(first, guide.port));
            }
        }
        if servers.is_empty() {
            return Err(format!("the servers of {host} have no address"));
        }
        self.known.insert(host.to_owned(), (guide.now, servers.clone()));
        Ok(servers)
    }
}

/// Walks up from `host` to where its zone begins.
fn names_of_servers(asker: &mut Asker, guide: Guide<'_>, host: &str) -> Result<Vec<String>, String> {
    let mut zone = host.to_owned();
    for _ in 0..STEPS_MAX {
        let reply = from_any(asker, guide, &Question::new(&zone, Kind::Ns))?;
        if let Code::Bad(code) = &reply.code {
            return Err(format!("the resolver says {code} for {zone}"));
        }
        let serves = |record: &atalaya_reach::dns::Record| match &record.data {
            Data::Server(name) if record.name == zone => Some(name.clone()),
            _ => None,
        };
        let names: Vec<_> = reply.answers.iter().filter_map(serves).take(SERVERS_MAX).collect();
        if !names.is_empty() {
            return Ok(names);
        }
        let parent = zone.split_once('.').map(|(_, parent)| parent.to_owned());
        // The resolver often says at once where the zone begins.
        let told = reply.zone.filter(|told| zone.ends_with(&format!(".{told}")) && !told.is_empty());
        match told.or(parent) {
            Some(parent) => zone = parent,
            None => break,
        }
    }
    Err(format!("nobody serves {host}"))
}

/// The first resolver that answers.
fn from_any(asker: &mut Asker, guide: Guide<'_>, question: &Question) -> Result<Reply, String> {
    let mut why = "no resolver is known".to_owned();
    for resolver in guide.resolvers {
        match asker.ask(*resolver, question, true) {
            Ok(reply) => return Ok(reply),
            Err(err) => why = err,
        }
    }
    Err(why)
}

/// Where the aliases from `host` end within one answer.
fn end_of_aliases(reply: &Reply, host: &str) -> Option<String> {
    let mut at = host;
    for _ in 0..STEPS_MAX {
        let next = reply.answers.iter().find_map(|record| match &record.data {
            Data::Alias(to) if record.name == at => Some(to),
            _ => None,
        });
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    (at != host).then(|| at.to_owned())
}
