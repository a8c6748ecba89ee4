//! `config`: checking the configuration, and an example of one.

use std::path::PathBuf;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use crate::config::{Config, EXAMPLE};

const EXAMPLES: &str = "Examples:
  atalaya-agent config example
  atalaya-agent config check --config /etc/atalaya/agent.toml";

/// Check the configuration of the daemon, or show an example
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
        #[arg(long, value_name = "FILE", default_value = "/etc/atalaya/agent.toml")]
        config: PathBuf,
    },
    /// Write a commented configuration to standard output
    Example,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let mut out = context.output();
    match &args.action {
        Action::Example => out.line(EXAMPLE.trim_end())?,
        Action::Check { config } => {
            let usage = |why| Failure::new(Exit::Usage, why);
            let found = Config::load(config).map_err(usage)?;
            let named = |why| usage(format!("cannot use the configuration {}: {why}", config.display()));
            crate::watch::all_probes(&found).map_err(named)?;
            if out.json {
                out.json(&serde_json::json!({ "jobs": found.jobs.len(), "brokers": found.outputs.len() }))?;
            }
            out.remark(format_args!(
                "{} is in order: {} jobs, {} brokers",
                config.display(),
                found.jobs.len(),
                found.outputs.len()
            ))?;
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}
