//! Probe `net`: network interfaces, their counters and addresses.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use atalaya_wire::view::Net as View;
use atalaya_wire::{ObjectId, Sample, text};
use nix::ifaddrs::getifaddrs;
use serde::Deserialize;

use crate::probe::measure::per_second;
use crate::probe::{Fault, Moment, Probe, Result, Site};

/// Interfaces that are looked at, and addresses.
const INTERFACES_MAX: usize = 64;
const ADDRESSES_MAX: usize = 1024;
/// Those of containers and virtual machines come and go by the dozen; docker's own bridges are `br-` and twelve digits.
const OTHERS: [&str; 7] = ["veth", "docker", "virbr", "lxcbr", "lxdbr", "cni", "flannel"];
/// Kinds of virtual interfaces that people set up themselves.
const OWN: [&str; 6] = ["bond", "bridge", "ppp", "team", "vlan", "wireguard"];

/// What may be said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetConfig {
    /// Interfaces that are left out.
    pub ignored: Vec<String>,
    /// Interfaces that are looked at although they are virtual.
    pub wanted: Vec<String>,
}

/// Every interface.
#[derive(Debug)]
pub struct Net {
    config: NetConfig,
    /// Bytes received and sent until the last reading, and when that was.
    before: BTreeMap<String, (Option<u64>, Option<u64>)>,
    before_at: Duration,
    left_out: usize,
}

impl Net {
    /// One that has read nothing yet.
    #[must_use]
    pub const fn new(config: NetConfig) -> Self {
        Self { config, before: BTreeMap::new(), before_at: Duration::ZERO, left_out: 0 }
    }

    fn looks_at(&self, site: &Site, name: &str) -> bool {
        let is = |names: &[String]| names.iter().any(|other| other == name);
        !is(&self.config.ignored) && (is(&self.config.wanted) || is_own(site, name))
    }
}

impl Probe for Net {
    fn name(&self) -> &'static str {
        "net"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn left_out(&self) -> usize {
        self.left_out
    }

    fn chosen_by(&self) -> &'static str {
        "name what does not matter in probes.net.ignored"
    }

    fn misses(&self, _: &ObjectId, what: &Sample) -> bool {
        let Sample::Net(net) = what else { return true };
        !self.config.ignored.iter().any(|name| Some(name.as_str()) == net.name.as_deref())
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let names = site.names("/sys/class/net");
        let mut names: Vec<_> = names.into_iter().filter(|name| self.looks_at(site, name)).collect();
        self.left_out = names.len().saturating_sub(INTERFACES_MAX);
        names.truncate(INTERFACES_MAX);
        if names.is_empty() {
            return Err(Fault::Absent("there is no network interface in /sys/class/net".into()));
        }
        let addresses = if site.is_real() { addresses() } else { BTreeMap::new() };
        let passed = at.boot.saturating_sub(self.before_at);
        let before = std::mem::take(&mut self.before);
        for name in names {
            let mut view = view(site, &name);
            let (received, sent) = before.get(&name).copied().unwrap_or_default();
            let rate = |before: Option<u64>, now: Option<u64>| per_second(before?, now?, passed);
            view.received_bytes_per_second = rate(received, view.received_bytes);
            view.sent_bytes_per_second = rate(sent, view.sent_bytes);
            if let Some(found) = addresses.get(&name) {
                view.ipv4 = found.v4.map(|ip| text(&ip.to_string()));
                view.ipv6 = found.v6.map(|ip| text(&ip.to_string()));
            }
            self.before.insert(name.clone(), (view.received_bytes, view.sent_bytes));
            out(ObjectId::of(&name), view.into());
        }
        self.before_at = at.boot;
        Ok(())
    }
}

fn view(site: &Site, name: &str) -> View {
    let base = format!("/sys/class/net/{name}");
    let line = |key: &str| site.line(format!("{base}/{key}")).filter(|line| !line.is_empty());
    let count = |key: &str| site.number::<u64>(format!("{base}/statistics/{key}"));
    let carrier = || line("carrier").map(|carrier| carrier == "1");
    let up = match line("operstate").as_deref() {
        Some("up") => Some(true),
        Some("unknown") | None => carrier(),
        Some(_) => Some(false),
    };
    let megabits = site.number::<u64>(format!("{base}/speed")).filter(|speed| up == Some(true) && *speed > 0);
    View {
        name: Some(text(name)),
        up,
        speed_bits_per_second: megabits.and_then(|speed| speed.checked_mul(1_000_000)),
        mac: line("address").filter(|mac| mac.bytes().any(|byte| byte != b'0' && byte != b':')).map(|mac| text(&mac)),
        received_bytes: count("rx_bytes"),
        sent_bytes: count("tx_bytes"),
        receive_error_count: count("rx_errors"),
        send_error_count: count("tx_errors"),
        receive_drop_count: count("rx_dropped"),
        ..View::default()
    }
}

/// Whether it is a piece of hardware, or something that people set up on top of one.
fn is_own(site: &Site, name: &str) -> bool {
    let digits = name.strip_prefix("br-").is_some_and(|id| id.len() == 12 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    if name == "lo" || digits || OTHERS.iter().any(|other| name.starts_with(other)) {
        return false;
    }
    let base = format!("/sys/class/net/{name}");
    let Ok(place) = site.path(&base).canonicalize() else { return false };
    if !place.components().any(|part| part.as_os_str() == "virtual") {
        // What is no folder is no interface, such as `bonding_masters`.
        return place.is_dir();
    }
    let notes = site.text(format!("{base}/uevent")).unwrap_or_default();
    let kind = notes.lines().find_map(|line| line.strip_prefix("DEVTYPE=")).unwrap_or_default();
    // Old kernels do not tell the kind, but have the folder.
    OWN.contains(&kind) || ["bonding", "bridge"].iter().any(|folder| place.join(folder).is_dir())
}

/// The first addresses of an interface that others could use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Addresses {
    v4: Option<Ipv4Addr>,
    v6: Option<Ipv6Addr>,
}

impl Addresses {
    fn v4(&mut self, ip: Ipv4Addr) {
        if self.v4.is_none() && !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified() {
            self.v4 = Some(ip);
        }
    }

    fn v6(&mut self, ip: Ipv6Addr) {
        let near = ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local();
        // One of the world is better than one of the site.
        let better = self.v6.is_none_or(|had| had.is_unique_local() && !ip.is_unique_local());
        if !near && better {
            self.v6 = Some(ip);
        }
    }
}

fn addresses() -> BTreeMap<String, Addresses> {
    let mut all: BTreeMap<String, Addresses> = BTreeMap::new();
    for found in getifaddrs().into_iter().flatten().take(ADDRESSES_MAX) {
        let Some(address) = found.address else { continue };
        let of = all.entry(found.interface_name).or_default();
        if let Some(v4) = address.as_sockaddr_in() {
            of.v4(v4.ip());
        } else if let Some(v6) = address.as_sockaddr_in6() {
            of.v6(v6.ip());
        }
    }
    all
}

#[cfg(test)]
mod tests;
