//! `completions`: for shells, from the same definitions.

use clap::CommandFactory;
use clap_complete::Shell;

use super::exit::{Exit, Failure, Result};
use super::{Cli, PROGRAM};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-sidecar completions bash > /etc/bash_completion.d/atalaya-sidecar
  atalaya-sidecar completions zsh > ~/.zfunc/_atalaya-sidecar";

/// Write completions for a shell to standard output
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Which shell
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    // Into memory first: the generator panics where standard output cannot be written.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), PROGRAM, &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script).map_err(|err| Failure::output(&err))?;
    Ok(Exit::Done)
}
