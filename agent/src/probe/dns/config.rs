//! Section `[probes.dns]`.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use atalaya_base::config::{read_from_text, read_text};
use serde::{Deserialize, Deserializer};

use super::PORT;
use super::public::Way;
use atalaya_reach::dns::{Kind, Question};
use atalaya_reach::split;

/// What to look at, and whom to ask.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DnsConfig {
    /// The names.
    pub host: Vec<Host>,
    /// Resolvers that find the names' own servers, with a port if it is not 53. Empty: those in `/etc/resolv.conf`.
    #[serde(deserialize_with = "resolvers")]
    pub resolvers: Vec<SocketAddr>,
    /// Public resolvers, by which the world's view is known.
    #[serde(deserialize_with = "resolvers")]
    pub public_resolvers: Vec<SocketAddr>,
    /// Where the names' own servers listen.
    pub authoritative_port: u16,
    /// Ways to find out our IPv4 address: `dns:<server>:<port>:<name>:<type>`, a URL, `static:` or `interface:`.
    pub(crate) ipv4: Vec<Way>,
    /// The same for IPv6.
    pub(crate) ipv6: Vec<Way>,
    /// Ways to find out the IPv4 address that the router has outside; tells shared addresses (CGNAT).
    pub(crate) router: Vec<Way>,
}

/// A name that should lead here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Such as `home.ddns.net`.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// Whether it must have an IPv4 address. If it has one, that is looked at in any case.
    #[serde(default)]
    pub ipv4: bool,
    /// The same for IPv6.
    #[serde(default)]
    pub ipv6: bool,
}

impl Default for DnsConfig {
    fn default() -> Self {
        let way = |server: &str, name, kind| Way::Dns {
            server: server.into(),
            port: PORT,
            question: Question::new(name, kind),
        };
        let ways = |kind| {
            let google = way("ns1.google.com", "o-o.myaddr.l.google.com", Kind::Txt);
            vec![way("resolver1.opendns.com", "myip.opendns.com", kind), google]
        };
        let public = [[1, 1, 1, 1], [8, 8, 8, 8], [9, 9, 9, 9]];
        Self {
            host: Vec::new(),
            resolvers: Vec::new(),
            public_resolvers: public.map(|address| (address, PORT).into()).to_vec(),
            authoritative_port: PORT,
            ipv4: ways(Kind::A),
            ipv6: ways(Kind::Aaaa),
            router: Vec::new(),
        }
    }
}

/// A name that can be asked for.
struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let good = (1..=253).contains(&text.len()) && text.bytes().all(fits);
        good.then(|| Self(text.to_owned()))
            .ok_or_else(|| format!("{text:?} is no name; write one such as home.ddns.net"))
    }
}

fn name<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    read_text::<_, Name>(from, "a name such as \"home.ddns.net\"").map(|name| name.0)
}

/// An address with a port, or with DNS' own.
struct Resolver(SocketAddr);

impl FromStr for Resolver {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address of a resolver; write 9.9.9.9 or 192.168.1.1:5353");
        let (host, port) = split(text, Some(PORT)).map_err(|_| wrong())?;
        let host: IpAddr = host.parse().map_err(|_| wrong())?;
        Ok(Self(SocketAddr::new(host, port)))
    }
}

read_from_text!(Resolver, "the address of a resolver such as \"9.9.9.9\"");

fn resolvers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<SocketAddr>, D::Error> {
    Ok(Vec::<Resolver>::deserialize(from)?.into_iter().map(|resolver| resolver.0).collect())
}
