//! The resident daemon: looks, remembers, tells, and runs jobs on time.
//!
//! One loop owns everything; probes, links, jobs and the control socket are threads that hand it what they have over
//! bounded channels and never wait for one another.

mod answers;
mod board;
mod certificates;
mod chores;
mod clock;
mod commands;
mod control;
mod daemon;
mod desk;
mod desk_service;
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
mod policies;
mod probes;
mod process;
mod record;
mod reload;
mod runs;
mod said;
mod sight;
mod signals;
mod state;
mod stores;
mod supervisor;
mod tasks;

use std::path::Path;

use crate::config::Config;

pub use control::{Request, ask};
pub(crate) use desk_service::serve as serve_job;
pub(crate) use node::{id as node_id, make_state};
pub(crate) use policies::remembered as remembered_policies;
pub use probes::all as all_probes;

/// Runs until SIGTERM or SIGINT. Jobs are processes of its own, or done by the service that listens at `desk`.
///
/// # Errors
///
/// One line: what kept it from starting.
pub fn run(path: &Path, desk: Option<&Path>) -> Result<(), String> {
    // A configuration that is replaced while it is read is read again.
    let signals = signals::listen()?;
    let config = Config::load(path)?;
    warn(&config, desk.is_none());
    crate::memory::give_back();
    let daemon = daemon::Daemon::start(config, path.to_owned(), desk.map(Path::to_owned), signals)?;
    crate::memory::give_back();
    daemon.run()
}

/// Says what does not work yet, for everybody who looks only here. What jobs need is read by whoever does them.
fn warn(config: &Config, jobs: bool) {
    let warnings = if jobs { config.warnings() } else { config.warnings_but_for_jobs() };
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if jobs {
        config.wrong_keys().iter().for_each(|wrong| tracing::error!("{wrong}"));
    }
}
