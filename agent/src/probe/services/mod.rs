//! What should run or answer: units, processes, ports, hosts. Web pages are a probe of their own, [`Pages`], because
//! they need TLS.

mod config;
mod local;
mod pages;
mod ping;
mod procd;
mod systemd;
mod tcp;

use std::fmt::Display;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;

use crate::probe::beside::ask_all;
use crate::probe::runner::Runner;
use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use atalaya_reach::Deadline;
use local::Watched;

pub use config::{Check, ServicesConfig};
pub use pages::Pages;

/// Ports and hosts that are asked at a time.
const ASKED_AT_ONCE: usize = 8;
/// Longer waits would outlast the probe's deadline.
const TIMEOUT_MAX_SECONDS: u64 = 8;
/// What all of them together may take.
const WAIT: Duration = Duration::from_secs(45);

/// How something does.
#[derive(Clone, Debug, Default, PartialEq)]
struct Verdict {
    up: Option<bool>,
    state: Option<String>,
    problem: Option<String>,
    latency: Option<Duration>,
    restarts: Option<u64>,
    /// Where whoever watches over it knows since when.
    since: Option<Timestamp>,
}

impl Verdict {
    /// It could not be found out.
    fn unknown(problem: impl Display) -> Self {
        Self { problem: Some(problem.to_string()), ..Self::default() }
    }

    /// Its turn did not come.
    fn unasked() -> Self {
        Self::unknown("was not asked: too many others were silent for too long")
    }

    fn down(problem: impl Display) -> Self {
        Self { up: Some(false), problem: Some(problem.to_string()), ..Self::default() }
    }

    fn into_view(self, check: &Check, since: &mut Since<Option<bool>>, now: Timestamp) -> view::Service {
        let seen = since.of(check.name(), self.up, now);
        view::Service {
            name: Some(text(check.name())),
            kind: Some(text(check.kind())),
            up: self.up,
            state: self.state.as_deref().map(text),
            problem: self.problem.as_deref().map(text),
            latency_seconds: self.latency.map(|latency| latency.as_secs_f32()),
            restart_count: self.restarts,
            since: self.up.map(|_| when(self.since.unwrap_or(seen))),
        }
    }
}

/// See the module.
pub struct Services {
    checks: Vec<Check>,
    runner: Runner,
    watched: Watched,
    since: Since<Option<bool>>,
}

impl Services {
    /// Everything but web pages.
    #[must_use]
    pub fn new(config: &ServicesConfig) -> Self {
        let other = |check: &&Check| !matches!(check, Check::Http { .. });
        let checks = config.check.iter().filter(other).cloned().collect();
        Self { checks, runner: Runner::default(), watched: Watched::default(), since: Since::default() }
    }

    fn verdicts(&mut self, site: &Site, at: Moment) -> Vec<Verdict> {
        let units: Vec<&str> = self
            .checks
            .iter()
            .filter_map(|check| if let Check::Systemd { unit, .. } = check { Some(unit.as_str()) } else { None })
            .collect();
        let units = if units.is_empty() { Vec::new() } else { systemd::ask(site, &mut self.runner, &units, at) };
        let procd = self.checks.iter().any(|check| matches!(check, Check::Procd { .. }));
        let procd = procd.then(|| procd::ask(site, &mut self.runner));
        let mut units = units.into_iter();
        let (mut asked, mut verdicts) = (Vec::new(), Vec::new());
        for check in &self.checks {
            verdicts.push(match check {
                Check::Systemd { .. } => units.next().unwrap_or_default(),
                Check::Procd { service, .. } => procd.as_ref().map(|all| procd::one(all, service)).unwrap_or_default(),
                Check::Process { comm, command, .. } => {
                    self.watched.look(site, at, check.name(), comm.as_deref(), command.as_deref())
                }
                _ => {
                    asked.push((verdicts.len(), check));
                    Verdict::default()
                }
            });
        }
        let tell = |number: usize, verdict: Option<Verdict>| {
            verdicts[asked[number].0] = verdict.unwrap_or_else(Verdict::unasked);
        };
        let deadline = Deadline::after(WAIT);
        ask_all(&asked, ASKED_AT_ONCE, deadline, |(_, check)| check.wait(), |(_, check)| ask(check), tell);
        verdicts
    }
}

impl Probe for Services {
    fn name(&self) -> &'static str {
        "services"
    }

    fn chosen_by(&self) -> &'static str {
        "name fewer in probes.services.check"
    }

    fn every(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(60)
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if self.checks.is_empty() {
            return Err(Fault::Absent("no service is configured".into()));
        }
        let verdicts = self.verdicts(site, at);
        for (check, verdict) in self.checks.iter().zip(verdicts) {
            out(ObjectId::of(check.name()), verdict.into_view(check, &mut self.since, at.wall).into());
        }
        Ok(())
    }
}

/// Asks a port or a host.
fn ask(check: &Check) -> Verdict {
    match check {
        Check::Tcp { address, .. } => tcp::ask(address, check.wait()),
        Check::Icmp { host, .. } => ping::ask(host, check.wait()),
        _ => Verdict::default(),
    }
}

#[cfg(test)]
mod tests;
