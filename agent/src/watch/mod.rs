//! The resident daemon: looks, remembers, tells, and runs jobs on time.
//!
//! One loop owns everything; probes, links, jobs and the control socket are threads that hand it what they have over
//! bounded channels and never wait for one another.

mod board;
mod clock;
mod control;
mod daemon;
mod eyes;
mod jobs;
mod links;
mod node;
mod probes;
mod supervisor;

use std::path::Path;

use crate::config::Config;

pub use control::{Request, ask};
pub use probes::all as all_probes;

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
///
/// One line: what kept it from starting.
pub fn run(path: &Path) -> Result<(), String> {
    let config = Config::load(path)?;
    crate::memory::give_back();
    let daemon = daemon::Daemon::start(config, path.to_owned())?;
    crate::memory::give_back();
    daemon.run()
}
