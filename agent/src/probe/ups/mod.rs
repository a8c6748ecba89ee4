//! Probe `ups`: uninterruptible power supplies, as NUT's server `upsd` tells of them.

mod client;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use atalaya_base::config::read_text;
use atalaya_wire::view::Ups as View;
use atalaya_wire::{ObjectId, Sample, text};
use serde::{Deserialize, Deserializer};

use crate::probe::{Fault, Moment, Probe, Result, Site};
use client::{Client, Refusal, UPSES_MAX};

/// What may be said about it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpsConfig {
    /// Where `upsd` listens.
    #[serde(deserialize_with = "address")]
    pub address: SocketAddr,
}

/// An address with a port.
struct Upsd(SocketAddr);

impl FromStr for Upsd {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("{text:?} is no address with a port; write 127.0.0.1:3493"))
    }
}

fn address<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<SocketAddr, D::Error> {
    read_text::<_, Upsd>(from, "an address with a port such as \"127.0.0.1:3493\"").map(|upsd| upsd.0)
}

impl Default for UpsConfig {
    fn default() -> Self {
        Self { address: (Ipv4Addr::LOCALHOST, 3493).into() }
    }
}

/// Every UPS that `upsd` has.
#[derive(Debug)]
pub struct Ups {
    config: UpsConfig,
}

impl Ups {
    /// One that has read nothing yet.
    #[must_use]
    pub const fn new(config: UpsConfig) -> Self {
        Self { config }
    }
}

impl Probe for Ups {
    fn name(&self) -> &'static str {
        "ups"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(15)
    }

    /// Whatever keeps `upsd` from telling of a UPS: nobody would hear of a power cut.
    fn saw_all(&self, _: &Result<()>, _: bool) -> bool {
        true
    }

    fn read(&mut self, site: &Site, _: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if !site.is_real() {
            return Err(Fault::Absent("upsd is only asked on a real machine".into()));
        }
        ask(self.config.address, out)
    }
}

fn ask(address: SocketAddr, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
    let mut client = Client::connect(address)?;
    let upses = client.upses().map_err(|refusal| fault(refusal, address))?;
    if upses.is_empty() {
        return Err(Fault::Absent(format!("upsd at {address} has no UPS")));
    }
    for (name, about) in upses.iter().take(UPSES_MAX).filter(|(name, _)| is_name(name)) {
        let variables = match client.variables(name) {
            Ok(variables) => variables,
            // The driver lost the UPS, or does not run.
            Err(Refusal::Told(word)) if word == "DATA-STALE" || word == "DRIVER-NOT-CONNECTED" => BTreeMap::new(),
            Err(refusal) => return Err(fault(refusal, address)),
        };
        let mut view = view(name, &variables);
        view.model = view.model.or_else(|| (!about.is_empty()).then(|| text(about)));
        out(ObjectId::of(name), view.into());
    }
    client.close();
    Ok(())
}

/// What may stand in a request.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
}

fn fault(refusal: Refusal, address: SocketAddr) -> Fault {
    match refusal {
        Refusal::Fault(fault) => fault,
        Refusal::Told(word) if word == "ACCESS-DENIED" => {
            Fault::Denied(format!("upsd at {address} refuses: let this machine read in upsd.conf or its firewall"))
        }
        Refusal::Told(word) => Fault::Failed(format!("upsd at {address} says {}", text(&word))),
    }
}

fn view(name: &str, variables: &BTreeMap<String, String>) -> View {
    let word = |key: &str| variables.get(key).map(|value| value.trim()).filter(|value| !value.is_empty());
    let number = |key: &str| word(key)?.parse::<f32>().ok().filter(|number| number.is_finite());
    let status = word("ups.status");
    let has = |flag: &str| status.is_some_and(|status| status.split_ascii_whitespace().any(|word| word == flag));
    View {
        name: Some(text(name)),
        model: word("ups.model").or_else(|| word("device.model")).map(text),
        state: state(status).map(text),
        status: status.map(text),
        charge_percent: number("battery.charge").map(|share| share.clamp(0.0, 100.0)),
        runtime_seconds: number("battery.runtime").filter(|seconds| *seconds >= 0.0).map(|seconds| seconds as u64),
        load_percent: number("ups.load").filter(|share| *share >= 0.0),
        input_volts: number("input.voltage"),
        replace_battery: status.map(|_| has("RB")),
    }
}

/// From flags such as `OL CHRG`; the gravest counts. Without any, the driver lost it.
fn state(status: Option<&str>) -> Option<&'static str> {
    let Some(status) = status else { return Some("silent") };
    let has = |flag: &str| status.split_ascii_whitespace().any(|word| word == flag);
    match () {
        () if has("WAIT") || has("COMMBAD") => Some("silent"),
        // Some have it on mains, too, while they charge after a power cut.
        () if has("LB") && has("OB") || has("FSD") => Some("low_battery"),
        () if has("OB") => Some("on_battery"),
        () if has("OFF") => Some("off"),
        () if has("OL") => Some("online"),
        () => None,
    }
}

#[cfg(test)]
mod tests;
