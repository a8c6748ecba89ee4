//! `man`: manual pages, from the same definitions.

use std::path::PathBuf;

use clap::CommandFactory;

use super::Cli;
use super::exit::{Exit, Failure, Result};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-sidecar man /usr/local/share/man/man1";

/// Write manual pages, one for each command, into a folder
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder; it is made if need be
    dir: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    std::fs::create_dir_all(&args.dir).and_then(|()| clap_mangen::generate_to(Cli::command(), &args.dir)).map_err(
        |err| Failure::new(Exit::Failed, format!("cannot write manual pages to {}: {err}", args.dir.display())),
    )?;
    Ok(Exit::Done)
}
