//! The resident daemon: looks, remembers, tells, and runs jobs on time.
//!
//! One loop owns everything; probes, links, jobs and the control socket are threads that hand it what they have over
//! bounded channels and never wait for one another.

mod answers;
mod board;
mod clock;
mod commands;
mod control;
mod daemon;
mod eyes;
mod gone;
mod heat;
mod home;
mod jobs;
mod known;
mod limit;
mod line;
mod links;
mod node;
mod probes;
mod process;
mod record;
mod reload;
mod runs;
mod sight;
mod signals;
mod state;
mod supervisor;
mod tasks;

use std::path::Path;

use crate::config::Config;

pub use control::{Request, ask};
pub(crate) use node::{id as node_id, make_state};
pub use probes::all as all_probes;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
///
/// One line: what kept it from starting.
pub fn run(path: &Path) -> Result<(), String> {
    let config = Config::load(path)?;
    warn(&config);
    crate::memory::give_back();
    let daemon = daemon::Daemon::start(config, path.to_owned())?;
    crate::memory::give_back();
    daemon.run()
}

/// Says what does not work yet, for everybody who looks only here.
fn warn(config: &Config) {
    config.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
}
