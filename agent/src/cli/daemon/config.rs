//! `config`: checking the configuration, and an example of one.

use std::collections::BTreeSet;
use std::path::PathBuf;

use atalaya_base::cli::verdict;
use atalaya_store::StoreUrl;

use super::socket::CONFIG;
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::output::complain;
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
        #[arg(long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
    },
    /// Write a commented configuration to standard output
    Example,
    /// Name the folders of repositories that are written to, a line each
    Stores {
        /// Configuration
        #[arg(long, value_name = "FILE", default_value = CONFIG)]
        config: PathBuf,
    },
}

/// Only those are written to by their path.
fn is_folder(repo: &str) -> bool {
    StoreUrl::parse(repo.as_ref()).is_ok_and(|url| url.folder().is_some())
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let mut out = context.output();
    match &args.action {
        Action::Example => out.line(EXAMPLE.trim_end())?,
        Action::Stores { config } => {
            let found = Config::load(config).map_err(|why| Failure::new(Exit::Usage, why))?;
            let stores: BTreeSet<&str> = found.repos().filter(|repo| is_folder(repo)).collect();
            if out.json {
                out.json(&serde_json::json!({ "stores": stores }))?;
            } else {
                stores.iter().try_for_each(|store| out.line(store))?;
            }
        }
        Action::Check { config } => {
            let usage = |why| Failure::new(Exit::Usage, why);
            let found = Config::load(config).map_err(usage)?;
            crate::watch::all_probes(&found).map_err(usage)?;
            if let Some(wrong) = found.wrong_keys().first() {
                return Err(usage(format!("cannot use the configuration {wrong}")));
            }
            let warnings = found.warnings();
            if out.json {
                let (jobs, tasks, brokers) = (found.jobs.len(), found.chores.len(), found.outputs.len());
                let all =
                    serde_json::json!({ "jobs": jobs, "upkeep": tasks, "brokers": brokers, "warnings": warnings });
                out.json(&all)?;
            }
            for warning in &warnings {
                complain(format_args!("warning: {warning}"));
            }
            out.remark(format_args!(
                "{}: {} jobs, {} tasks of upkeep, {} brokers",
                verdict(config.display(), warnings.len()),
                found.jobs.len(),
                found.chores.len(),
                found.outputs.len()
            ))?;
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}
