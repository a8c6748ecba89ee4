//! `run`: the resident daemon.

use std::path::PathBuf;

use super::socket::CONFIG;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};

const EXAMPLES: &str = "Examples:
  atalaya-agent run --config /etc/atalaya/agent.toml";

/// Watch this machine, run its backup jobs on time, and report over MQTT
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Configuration
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,

    /// Let the service that listens on this socket do the jobs, instead of processes of its own
    #[arg(long, value_name = "SOCKET")]
    job_socket: Option<PathBuf>,
}

pub(crate) fn run(_context: &Context, args: &Args) -> Result<Exit> {
    atalaya_base::logs::start();
    crate::watch::run(&args.config, args.job_socket.as_deref()).map_err(|why| Failure::new(Exit::Failed, why))?;
    Ok(Exit::Done)
}
