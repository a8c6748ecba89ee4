//! The unit that the daemon runs: reads as a probe does, apart because of TLS, and acts in between.

use std::path::PathBuf;
use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};

use super::config::ClientConfig;
use super::told;
use super::turn::Turn;
use crate::probe::noip::others;
use crate::probe::{DnsConfig, Fault, Moment, Probe, Result, Site};

/// Those who tell addresses want to be asked no more often.
const EVERY: Duration = Duration::from_secs(600);
/// For looking, sending and verifying, each of which has an end of its own.
const DEADLINE: Duration = Duration::from_secs(90);
/// For a request: the name, the connection, TLS and the answer together.
const PATIENCE: Duration = Duration::from_secs(20);
/// Before each look whether the name's servers show an update.
const PAUSES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Keeps No-IP informed.
#[derive(Debug)]
pub struct Client {
    pub(super) config: ClientConfig,
    pub(super) dns: DnsConfig,
    pub(super) state: PathBuf,
    pub(super) only_looks: bool,
    pub(super) patience: Duration,
    pub(super) pauses: Vec<Duration>,
}

impl Client {
    /// Finds our address and the names' servers as `dns` says, and remembers in the folder `state`.
    #[must_use]
    pub fn new(config: ClientConfig, dns: DnsConfig, state: PathBuf) -> Self {
        Self { config, dns, state, only_looks: false, patience: PATIENCE, pauses: PAUSES.to_vec() }
    }
}

impl Probe for Client {
    fn name(&self) -> &'static str {
        "noip_client"
    }

    fn every(&self) -> Duration {
        EVERY
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    fn apart(&self) -> bool {
        self.config.is_on()
    }

    fn only_look(&mut self) {
        self.only_looks = true;
    }

    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()> {
        if !self.config.is_on() {
            return Err(Fault::Absent("the agent is not to be the No-IP client".into()));
        }
        let hosts = self.config.hosts.clone();
        let mut all = |state: &'static str, why: &str| {
            hosts.iter().for_each(|host| out(ObjectId::of(host), told::all(host, state, why).into()));
        };
        if let Some(why) = others(site, at, &hosts, &self.config.ignored_clients) {
            all("stopped", &why);
            return Ok(());
        }
        match Turn::begin(self, site, at).and_then(Turn::run) {
            Ok(turn) => turn.tell(out),
            Err(why) => {
                all("failing", &why);
                Err(Fault::Failed(why))
            }
        }
    }
}
