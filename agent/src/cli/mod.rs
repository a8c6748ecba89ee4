//! The command line: each subcommand in a file of its own, listed once in [`Command`].

mod backup;
mod backup_report;
mod context;
mod entry_text;
mod exit;
mod global;
mod host;
mod init;
mod ls;
mod output;
mod place;
mod progress;
mod prompt;
mod secret;
mod signals;
mod snapshot_arg;
mod snapshots;
mod text;
mod units;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use context::Context;
use exit::Result;
use global::Global;
use output::complain;

use exit::Exit;

/// Deduplicating, encrypted backups with bounded memory
#[derive(Debug, Parser)]
#[command(name = "atalaya-agent", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

/// The table of commands.
#[derive(Debug, clap::Subcommand)]
enum Command {
    Init(init::Args),
    Backup(backup::Args),
    Snapshots(snapshots::Args),
    Ls(ls::Args),
}

impl Command {
    fn run(&self, context: &Context) -> Result<Exit> {
        match self {
            Self::Init(args) => init::run(context, args),
            Self::Backup(args) => backup::run(context, args),
            Self::Snapshots(args) => snapshots::run(context, args),
            Self::Ls(args) => ls::run(context, args),
        }
    }
}

/// Runs what `args` ask for and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(err) => {
            // Help and version go to standard output and are no failure.
            let exit = if err.use_stderr() { Exit::Usage } else { Exit::Done };
            let _ = err.print();
            return exit.into();
        }
    };
    let result = Context::new(cli.global).and_then(|context| cli.command.run(&context));
    let failure = match result {
        Ok(exit) => return exit.into(),
        Err(failure) => failure,
    };
    if !failure.text.is_empty() {
        complain(format_args!("atalaya-agent: {failure}"));
    }
    failure.exit.into()
}
