//! What this machine is called, where the configuration does not say it.

use std::net::IpAddr;

use nix::ifaddrs::getifaddrs;
use nix::net::if_::InterfaceFlags;

/// As many as a certificate and a page have room for.
const NAMES_MAX: usize = 16;
/// Of networks inside the machine, where no node is.
const INSIDE: [&str; 7] = ["br-", "cni", "docker", "lxc", "podman", "veth", "virbr"];

/// The host's name, then its addresses; none of those that only the machine itself can use.
#[must_use]
pub fn of_this_machine() -> Vec<String> {
    let host = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    let mut names: Vec<String> = host.into_iter().filter(|name| is_name(name)).collect();
    let mut addresses: Vec<IpAddr> = addresses().into_iter().filter(is_reachable).collect();
    addresses.sort();
    addresses.dedup();
    names.extend(addresses.iter().map(ToString::to_string));
    names.truncate(NAMES_MAX);
    names
}

/// Whether others may reach a machine by this name or address.
#[must_use]
pub fn is_reachable_name(name: &str) -> bool {
    name.parse().map_or_else(|_| is_name(name), |address| is_reachable(&address))
}

fn addresses() -> Vec<IpAddr> {
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let outside = all.filter(|one| {
        one.flags.contains(InterfaceFlags::IFF_UP)
            && !INSIDE.iter().any(|inside| one.interface_name.starts_with(inside))
    });
    let address = |one: nix::ifaddrs::InterfaceAddress| {
        let address = one.address?;
        let four = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        four.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    outside.filter_map(address).collect()
}

fn is_reachable(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
    }
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !name.is_empty() && name != "localhost" && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_can_use_is_named() {
        for (address, reachable) in [
            ("192.168.1.20", true),
            ("fd00::20", true),
            ("127.0.0.1", false),
            ("169.254.1.1", false),
            ("0.0.0.0", false),
            ("::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(is_reachable(&address.parse().unwrap()), reachable, "{address}");
        }
        let names = of_this_machine();
        assert!(names.len() <= NAMES_MAX && names.iter().all(|name| !name.starts_with("127.")), "{names:?}");
        assert!(is_name("nas-1.lan") && !is_name("") && !is_name("localhost") && !is_name("a b"));
        assert!(is_reachable_name("nas.lan") && is_reachable_name("fd00::20"));
        assert!(!is_reachable_name("127.0.0.1") && !is_reachable_name("a:b"));
    }
}
