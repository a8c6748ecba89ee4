//! Where the running daemon is asked.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::config::Config;

/// Where the configuration of a daemon lies.
pub(crate) const CONFIG: &str = "/etc/atalaya/agent.toml";

/// The first of what is given counts: a socket, a configuration, a state folder.
#[derive(Debug, clap::Args)]
pub(crate) struct Socket {
    /// Socket of the daemon [default: the one in its configuration, else control.sock in the state folder]
    #[arg(long, value_name = "SOCKET")]
    socket: Option<PathBuf>,

    /// Configuration of the daemon [default: /etc/atalaya/agent.toml, where there is one and no --state-dir is given]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Socket {
    pub(crate) fn path(&self, context: &Context) -> Result<PathBuf> {
        if let Some(socket) = &self.socket {
            return Ok(socket.clone());
        }
        let config = match (&self.config, &context.global.state_dir) {
            (Some(config), _) => Some(config.as_path()),
            (None, Some(_)) => None,
            // Whoever may not read it is told of the socket that there would be without one.
            (None, None) => Some(Path::new(CONFIG)).filter(|path| File::open(path).is_ok()),
        };
        match config {
            Some(path) => Ok(Config::load(path).map_err(Failure::usage)?.socket),
            None => Ok(context.global.state_dir()?.join("control.sock")),
        }
    }
}

/// What to say where none listens.
pub(crate) fn no_agent(socket: &Path) -> Failure {
    let hint = "start one with \"atalaya-agent run\", or name its configuration with --config FILE";
    Failure::new(Exit::Failed, format!("no agent listens on {}; {hint}", socket.display()))
}
