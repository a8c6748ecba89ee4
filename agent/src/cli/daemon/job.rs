//! `job`: what may read everything, for an agent that may not.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use super::socket::CONFIG;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};

const EXAMPLES: &str = "Examples:
  atalaya-agent job --state-dir /var/lib/atalaya-job";

/// Do one job of the configuration for an agent that may not read what is to be backed up
///
/// Started by systemd for each connection to a socket, which is its standard input. Takes the name of a job and nothing else;
/// what that job does stands in the configuration, which nobody but root, or who runs this, may be able to change.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Configuration
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    config: PathBuf,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    atalaya_base::logs::start();
    let wrong = |why: &str| Failure::usage(format!("cannot do a job: {why}; systemd's socket unit starts it"));
    let socket = std::io::stdin().as_fd().try_clone_to_owned().map_err(|err| wrong(&err.to_string()))?;
    let socket = connection(socket).ok_or_else(|| wrong("standard input is no connection"))?;
    let state = context.state()?;
    crate::watch::serve_job(socket, &args.config, &state).map_err(|why| Failure::new(Exit::Failed, why))?;
    Ok(Exit::Done)
}

/// Nothing that is no connected Unix socket is taken for one.
fn connection(fd: OwnedFd) -> Option<UnixStream> {
    let stream = UnixStream::from(fd);
    stream.peer_addr().ok().map(|_| stream)
}
