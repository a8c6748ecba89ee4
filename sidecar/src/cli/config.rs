//! `config`: checking the configuration, and an example of one.

use std::path::PathBuf;

use super::exit::{Exit, Failure, Result};
use super::line;
use crate::config::{Config, EXAMPLE, FILE};

const EXAMPLES: &str = "Examples:
  atalaya-sidecar config example
  atalaya-sidecar config check --config /etc/atalaya/sidecar.toml";

/// Check the configuration, or show an example
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say what is wrong with the configuration, if anything is
    Check {
        /// Configuration
        #[arg(long, value_name = "FILE", default_value = FILE)]
        config: PathBuf,
    },
    /// Write a commented configuration to standard output
    Example,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Example => line(EXAMPLE.trim_end())?,
        Action::Check { config: path } => {
            let config = Config::load(path).map_err(|why| Failure::new(Exit::Usage, why))?;
            let rules = crate::rules::read(config.alerts.dir.as_deref())?;
            for warning in config.warnings() {
                super::tell(&Failure::new(Exit::Done, format!("warning: {warning}")));
            }
            let channels = config.alerts.channels.len();
            line(format_args!("{} is in order: {} rules, {channels} channels", path.display(), rules.iter().count()))?;
        }
    }
    Ok(Exit::Done)
}
