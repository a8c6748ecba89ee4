//! Looking at the machine: one probe a file, listed once in [`all`].
//!
//! Only this part of the agent reads `/proc`, `/sys` and devices, and only below a root that tests move. Reading and
//! parsing are apart. What is not there is told apart from what failed and from what may not be read.

mod address;
pub mod apart;
mod fault;
mod measure;
mod run;
mod site;

pub mod auth;
mod beside;
pub mod certs;
pub mod disks;
pub mod dns;
mod follow;
pub mod fs;
mod journal;
mod logread;
pub mod logs;
pub mod model;
pub mod net;
pub mod noip;
mod processes;
pub mod raid;
mod runner;
pub(crate) mod said;
pub mod services;
pub mod shares;
pub(crate) mod shown;
pub mod smart;
pub mod system;
pub mod updates;
pub mod ups;
pub(crate) mod web;

use std::time::Duration;

use atalaya_wire::{ObjectId, Sample};
use jiff::Timestamp;

pub use fault::{Fault, Result};
pub use processes::cpu_time;
pub use run::{Output, run, run_with};
pub use site::Site;

pub use auth::{Auth, AuthConfig};
pub use certs::{Certs, CertsConfig, Where};
pub use dns::{Dns, DnsConfig, Fetch, Host};
pub use logs::{Logs, LogsConfig, Pattern};
pub use noip::{NoIp, NoIpConfig};
pub use services::{Check, Pages, Services, ServicesConfig};
pub use updates::{Updates, UpdatesConfig};

/// When a reading is made. Probes read no clock: tests say what time it is.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Since the machine started, by a clock that never jumps.
    pub boot: Duration,
    /// By the wall clock.
    pub wall: Timestamp,
}

/// One way of looking at the machine. What it keeps between readings (counters, to make rates of) is its own.
pub trait Probe: Send {
    /// In topics, on the command line and in the configuration.
    fn name(&self) -> &'static str;

    /// How often it reads if nobody says otherwise.
    fn every(&self) -> Duration;

    /// How long a reading may take before it counts as stuck.
    fn deadline(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Whether it needs so much memory (TLS, HTTP, a package manager) that it runs in a process of its own.
    fn apart(&self) -> bool {
        false
    }

    /// A person looks: from now on nothing is sent or changed by reading. Only what acts has something to leave off.
    fn only_look(&mut self) {}

    /// How much the last reading left out because there was more than it looks at.
    fn left_out(&self) -> usize {
        0
    }

    /// What to write into the configuration so that what matters is not left out.
    fn chosen_by(&self) -> &'static str {
        "name fewer in its section"
    }

    /// Whether a reading that came to `result`, and told `some` things, told all that there are, so that what it did not
    /// tell is gone. Who sees some of it and is denied the rest has told what is there.
    fn saw_all(&self, result: &Result<()>, some: bool) -> bool {
        match result {
            Ok(()) | Err(Fault::Absent(_)) => true,
            Err(Fault::Denied(_)) => some,
            Err(Fault::Failed(_)) => false,
        }
    }

    /// Whether somebody would miss a thing that it tells, or told once (then only what it is stands in `what`). What is
    /// made to be taken out, what comes and goes by itself and what is to be left out is not missed.
    fn misses(&self, _id: &ObjectId, _what: &Sample) -> bool {
        true
    }

    /// When what it reads last changed, where that is cheap to know: one that reads elsewhere is then not started for
    /// nothing.
    fn changed_at(&self, _site: &Site, _at: Moment) -> Option<Timestamp> {
        None
    }

    /// Hands everything it sees to `out`.
    ///
    /// # Errors
    ///
    /// What keeps it from seeing anything. What is wrong with one of several things is in that thing's sample.
    fn read(&mut self, site: &Site, at: Moment, out: &mut dyn FnMut(ObjectId, Sample)) -> Result<()>;
}

/// That a probe did not look at everything: how many things are left out, and what to do about it. It fits into a text
/// on the wire.
pub(crate) fn left_out(count: usize, chosen_by: &str) -> Option<String> {
    (count > 0).then(|| format!("{count} more are left out because there are so many: {chosen_by}"))
}

#[cfg(test)]
mod machines;

/// The kernel's random id of this boot; zeros where it tells none.
#[must_use]
pub fn boot_id(site: &Site) -> [u8; 16] {
    let text = site.line("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    u128::from_str_radix(&digits, 16).unwrap_or_default().to_be_bytes()
}
