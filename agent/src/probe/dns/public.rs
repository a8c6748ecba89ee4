//! Our address as seen from outside, by one of several ways.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use atalaya_base::config::read_from_text;
use nix::ifaddrs::getifaddrs;

use crate::probe::Site;
use crate::probe::address::host_of;
use atalaya_reach::dns::Asker;
use atalaya_reach::dns::{Data, Kind, Question};
use atalaya_reach::{plain, resolve, split};

/// Those who tell addresses want to be asked no more often.
const AGE: Duration = Duration::from_secs(600);

/// Gets a page whose body is an address, or says why not. HTTPS needs memory that this probe does not have, so whoever
/// makes the probe says how.
pub type Fetch = Box<dyn FnMut(&str) -> Result<String, String> + Send>;

/// How to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Dns { server: String, port: u16, question: Question },
    Page(String),
    Fixed(IpAddr),
    Interface(String),
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || {
            format!(
                "{text:?} is no way; write dns:<server>:<port>:<name>:<A, AAAA or TXT>, http(s)://, static:<address> or interface:<name>"
            )
        };
        if text.starts_with("http://") || text.starts_with("https://") {
            return Ok(Self::Page(text.to_owned()));
        }
        match text.split_once(':').ok_or_else(bad)? {
            ("static", address) => address.parse().map(Self::Fixed).map_err(|_| bad()),
            ("interface", name) if !name.is_empty() => Ok(Self::Interface(name.to_owned())),
            ("dns", rest) => {
                let (rest, kind) = rest.rsplit_once(':').ok_or_else(bad)?;
                let (place, name) = rest.rsplit_once(':').ok_or_else(bad)?;
                let kind = match kind.to_ascii_uppercase().as_str() {
                    "A" => Kind::A,
                    "AAAA" => Kind::Aaaa,
                    "TXT" => Kind::Txt,
                    _ => return Err(bad()),
                };
                let (server, port) = split(place, None).map_err(|_| bad())?;
                Ok(Self::Dns { server, port, question: Question::new(name, kind) })
            }
            _ => Err(bad()),
        }
    }
}

read_from_text!(Way, "a way such as \"interface:ppp0\"");

/// What is known of one family.
#[derive(Debug, Default)]
pub(super) struct Public {
    asked: Option<Duration>,
    pub(super) address: Option<IpAddr>,
    /// Why it is not known.
    pub(super) why: String,
}

impl Public {
    /// Asks again if it is time: the first of `ways` that knows.
    pub(super) fn refresh(
        &mut self,
        ways: &[Way],
        ipv6: bool,
        asker: &mut Asker,
        fetch: &mut Option<Fetch>,
        (site, now): (&Site, Duration),
    ) {
        if self.asked.is_some_and(|then| now.saturating_sub(then) < AGE) {
            return;
        }
        self.asked = Some(now);
        self.address = None;
        self.why = "no way to find out our address is configured".into();
        for way in ways {
            match find(way, ipv6, asker, fetch, site) {
                Ok(address) if address.is_ipv6() == ipv6 => {
                    self.address = Some(address);
                    return;
                }
                Ok(address) => self.why = format!("{address} is of the other family"),
                Err(why) => self.why = why,
            }
        }
    }
}

fn find(way: &Way, ipv6: bool, asker: &mut Asker, fetch: &mut Option<Fetch>, site: &Site) -> Result<IpAddr, String> {
    match way {
        Way::Fixed(address) => Ok(*address),
        Way::Interface(name) => {
            let own = own(site, Some(name)).into_iter().filter(|address| address.is_ipv6() == ipv6);
            // Every interface has an IPv6 address that leads nowhere besides.
            own.max_by_key(|address| true_for(*address)).ok_or_else(|| format!("{name} has no such address"))
        }
        Way::Page(url) => match fetch {
            Some(fetch) => only_address(&fetch(url)?).ok_or_else(|| format!("{} tells no address", host_of(url))),
            None => Err(format!("{} cannot be asked here", host_of(url))),
        },
        Way::Dns { server, port, question } => {
            let found = resolve(server, *port, asker.deadline()).map_err(|err| format!("{server}: {}", plain(&err)))?;
            // Whoever is asked sees the family by which it is asked.
            let named = server.parse::<IpAddr>().is_err();
            let fits = |address: &&SocketAddr| !named || address.is_ipv6() == ipv6;
            let address = found.iter().find(fits).ok_or_else(|| format!("{server} has no such address"))?;
            let reply = asker.ask(*address, question, true)?;
            let told = reply.answers.iter().find_map(|record| match &record.data {
                Data::Address(address) => Some(*address),
                Data::Text(text) => only_address(text),
                _ => None,
            });
            told.ok_or_else(|| format!("{server} tells no address"))
        }
    }
}

/// The address that `text` is, and nothing else: a portal's page is none.
fn only_address(text: &str) -> Option<IpAddr> {
    text.trim().trim_matches('"').parse().ok()
}

/// The machine's own addresses that somebody else could reach, or those of one interface, whatever they are.
pub(super) fn own(site: &Site, interface: Option<&str>) -> Vec<IpAddr> {
    if !site.is_real() {
        return Vec::new();
    }
    let address = |found: nix::ifaddrs::InterfaceAddress| {
        let storage = found.address?;
        let v4 = storage.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        let address = v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))?;
        interface.map_or(true_for(address), |name| name == found.interface_name).then_some(address)
    };
    getifaddrs().map(|all| all.filter_map(address).collect()).unwrap_or_default()
}

fn true_for(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public(address),
        IpAddr::V6(address) => is_global(address),
    }
}

/// Whether the provider shares our address: by what the router has, and what is seen outside. `None` where that is not
/// known.
pub(super) fn cgnat(router: Option<Ipv4Addr>, seen: Option<Ipv4Addr>) -> Option<bool> {
    match (router, seen) {
        (Some(router), _) if !is_public(router) => Some(true),
        (_, Some(seen)) if !is_public(seen) => Some(true),
        (Some(router), Some(seen)) => Some(router != seen),
        _ => None,
    }
}

/// Not private (RFC 1918), shared (RFC 6598, 100.64/10), local or made for nobody.
pub(super) fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && (64..128).contains(&b);
    !(shared || address.is_private() || address.is_loopback() || address.is_link_local() || a == 0 || a >= 224)
}

/// Not of this network only: 2000::/3.
pub(super) fn is_global(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read() {
        let dns = |server: &str, port, name: &str, kind| {
            Ok(Way::Dns { server: server.into(), port, question: Question::new(name, kind) })
        };
        for (text, expected) in [
            (
                "dns:resolver1.opendns.com:53:myip.opendns.com:A",
                dns("resolver1.opendns.com", 53, "myip.opendns.com", Kind::A),
            ),
            ("dns:ipcast1.dynupdate.no-ip.com:8253:xip.:A", dns("ipcast1.dynupdate.no-ip.com", 8253, "xip", Kind::A)),
            ("dns:[2001:db8::1]:53:x.example:aaaa", dns("2001:db8::1", 53, "x.example", Kind::Aaaa)),
            ("static:203.0.113.7", Ok(Way::Fixed([203, 0, 113, 7].into()))),
            ("interface:ppp0", Ok(Way::Interface("ppp0".into()))),
            ("https://ip.example/", Ok(Way::Page("https://ip.example/".into()))),
            ("static:x", Err(())),
            ("dns:a:53:b", Err(())),
            ("dns:a:b:c:A", Err(())),
            ("dns:a:53:c:MX", Err(())),
            ("interface:", Err(())),
            ("magic", Err(())),
        ] {
            assert_eq!(text.parse::<Way>().map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn shared_addresses_are_recognised() {
        let at = |text: &str| text.parse().ok();
        for (router, seen, shared) in [
            ("100.64.0.1", "203.0.113.7", Some(true)),
            ("100.127.255.255", "", Some(true)),
            ("100.128.0.1", "100.128.0.1", Some(false)),
            ("192.168.1.2", "203.0.113.7", Some(true)),
            ("172.16.0.1", "203.0.113.7", Some(true)),
            ("203.0.113.7", "203.0.113.7", Some(false)),
            ("203.0.113.7", "203.0.113.8", Some(true)),
            ("203.0.113.7", "", None),
            ("", "203.0.113.7", None),
            ("", "10.0.0.1", Some(true)),
            ("", "", None),
        ] {
            assert_eq!(cgnat(at(router), at(seen)), shared, "{router} {seen}");
        }
    }

    #[test]
    fn a_portal_is_no_address() {
        assert_eq!(only_address(" \"203.0.113.7\"\n"), Some([203, 0, 113, 7].into()));
        assert_eq!(only_address("<html>203.0.113.7</html>"), None);
    }
}
