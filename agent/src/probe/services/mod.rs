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
use std::thread;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample, text, view};
use jiff::Timestamp;

use crate::probe::runner::Runner;
use crate::probe::said::{Since, when};
use crate::probe::{Fault, Moment, Probe, Result, Site};
use local::Watched;

pub use config::{Check, ServicesConfig};
pub use pages::Pages;

/// Ports and hosts that are asked at a time.
const ASKED_AT_ONCE: usize = 8;
/// Longer waits would outlast the probe's deadline.
const TIMEOUT_MAX_SECONDS: u64 = 8;
const STACK_BYTES: usize = 128 << 10;

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
        for group in asked.chunks(ASKED_AT_ONCE) {
            for ((at, _), verdict) in group.iter().zip(ask_all(group)) {
                verdicts[*at] = verdict;
            }
        }
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

/// Asks ports and hosts at once: one that is silent keeps nobody waiting but itself.
fn ask_all(group: &[(usize, &Check)]) -> Vec<Verdict> {
    let ask = |check: &Check| match check {
        Check::Tcp { address, timeout_seconds, .. } => tcp::ask(address, timeout(*timeout_seconds)),
        Check::Icmp { host, timeout_seconds, .. } => ping::ask(host, timeout(*timeout_seconds)),
        _ => Verdict::default(),
    };
    thread::scope(|scope| {
        let spawn = |(_, check): &(usize, &Check)| {
            let check: Check = (*check).clone();
            thread::Builder::new().name("ask".into()).stack_size(STACK_BYTES).spawn_scoped(scope, move || ask(&check))
        };
        let threads: Vec<_> = group.iter().map(spawn).collect();
        let verdict = |thread: std::io::Result<thread::ScopedJoinHandle<'_, Verdict>>| {
            thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| Verdict::unknown("could not be asked"))
        };
        threads.into_iter().map(verdict).collect()
    })
}

fn timeout(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests;
