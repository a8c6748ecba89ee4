//! Whoever keeps No-IP informed: which client is here, whether it runs, and how its last update went.
//!
//! A client that runs proves nothing: noip-duc sleeps for 14 days after some answers and stays `active (running)`, and
//! "update successful" does not say that the name changed. The probe `dns` looks at the name itself.

mod caches;
mod clients;
mod duc;
mod openwrt;
mod others;
mod said;
mod trace;

use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use serde::Deserialize;

use crate::probe::runner::Runner;
use crate::probe::{Fault, Moment, Probe, Result, Site};
use clients::Found;
use trace::{Known, Trace};

pub(crate) use others::others;

/// What to look for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NoIpConfig {
    /// The names that a client should keep. Empty: those that the clients' own files tell.
    pub hosts: Vec<String>,
}

/// See the module.
pub struct NoIp {
    config: NoIpConfig,
    /// Names that the agent itself keeps, and tells of elsewhere.
    own: Vec<String>,
    runner: Runner,
}

impl NoIp {
    /// With the names to look for.
    #[must_use]
    pub fn new(config: NoIpConfig) -> Self {
        Self { config, own: Vec::new(), runner: Runner::default() }
    }

    /// Passes over `own`, which the agent keeps itself, and with them clients that are installed and do not run.
    #[must_use]
    pub fn beside(mut self, own: &[String]) -> Self {
        self.own = own.to_vec();
        self
    }
}

impl Probe for NoIp {
    fn name(&self) -> &'static str {
        "noip"
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.noip.hosts"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        let mut found = clients::find(site);
        if !self.own.is_empty() {
            found.retain(|found| found.running);
        }
        if found.is_empty() && !self.own.is_empty() {
            return Err(Fault::Absent("there is no other No-IP client than the agent itself".into()));
        }
        if found.is_empty() {
            return Err(Fault::Absent(
                "there is no No-IP client: noip-duc, noip2, inadyn, ddclient, ddns-scripts".into(),
            ));
        }
        let known: Vec<(Found, Vec<Known>)> = found
            .into_iter()
            .map(|found| {
                let known = clients::traces(site, &mut self.runner, at, found.client);
                (found, known)
            })
            .collect();
        let mut told = self.config.hosts.clone();
        for host in known.iter().flat_map(|(_, known)| known).filter_map(|known| known.host.as_ref()) {
            if self.config.hosts.is_empty() && !told.contains(host) {
                told.push(host.clone());
            }
        }
        for host in told.iter().filter(|host| !self.own.iter().any(|own| own.eq_ignore_ascii_case(host))) {
            out(ObjectId::of(host), told_of(Some(host), &known, at).into());
        }
        if told.is_empty() {
            let id = known.first().map_or("none", |(found, _)| found.client.name());
            out(ObjectId::of(id), told_of(None, &known, at).into());
        }
        Ok(())
    }
}

/// What is known of one name; of the client itself where it tells no names.
fn told_of(host: Option<&str>, clients: &[(Found, Vec<Known>)], at: Moment) -> view::NoIp {
    let knows = |known: &&Known| known.host.as_deref() == host;
    let named = clients.iter().find_map(|(found, known)| Some((found, &known.iter().find(knows)?.trace)));
    let nameless =
        || clients.iter().find_map(|(found, known)| Some((found, &known.iter().find(|k| k.host.is_none())?.trace)));
    let host = host.map(text);
    let Some((found, trace)) = named.or_else(nameless) else {
        let problem = text("no client here keeps this name; add it to the client's configuration");
        let state = Some(text("unknown"));
        return view::NoIp { host, client: Some(text("none")), state, problem: Some(problem), ..view::NoIp::default() };
    };
    let mut view = judged(found, trace, at);
    view.host = host;
    let others = clients.iter().filter(|(other, _)| other.running && other.client != found.client).count();
    if others > 0 && found.running && view.problem.is_none() {
        view.problem = Some(text("several clients run here; No-IP blocks who sends the same update again and again"));
    }
    view
}

fn judged(found: &Found, trace: &Trace, at: Moment) -> view::NoIp {
    let (state, problem) = said::verdict(found, trace, at);
    view::NoIp {
        host: None,
        client: Some(text(found.client.name())),
        running: Some(found.running),
        state: Some(text(state)),
        problem: problem.map(|problem| text(&problem)),
        believed_ipv4: trace.ipv4.map(|address| text(&address.to_string())),
        believed_ipv6: trace.ipv6.map(|address| text(&address.to_string())),
        succeeded_at: trace.succeeded_at.map(super::said::when),
        tried_at: trace.tried_at.map(super::said::when),
    }
}

#[cfg(test)]
mod tests;
