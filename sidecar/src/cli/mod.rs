//! The command line: each subcommand in a file of its own, listed once in [`Command`].

mod alerts;
mod client;
mod completions;
mod config;
mod db;
mod exit;
mod man;
mod node;
mod password;
mod renewals;
mod run;
mod setup;
mod show;
mod status;
mod token;
mod user;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use atalaya_base::cli::one_line;
use clap::Parser;

use exit::{Exit, Failure, Result};

/// As it is called.
const PROGRAM: &str = "atalaya-sidecar";

/// Gathers what agents tell, remembers it, alerts and shows it
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The table of commands.
#[derive(Debug, clap::Subcommand)]
enum Command {
    Setup(setup::Args),
    Run(run::Args),
    Status(status::Args),
    Node(node::Args),
    User(user::Args),
    Token(token::Args),
    Alerts(alerts::Args),
    Renewals(renewals::Args),
    Db(db::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    fn run(&self) -> Result<Exit> {
        match self {
            Self::Setup(args) => setup::run(args),
            Self::Run(args) => run::run(args),
            Self::Status(args) => status::run(args),
            Self::Node(args) => node::run(args),
            Self::User(args) => user::run(args),
            Self::Token(args) => token::run(args),
            Self::Alerts(args) => alerts::run(args),
            Self::Renewals(args) => renewals::run(args),
            Self::Db(args) => db::run(args),
            Self::Config(args) => config::run(args),
            Self::Completions(args) => completions::run(args),
            Self::Man(args) => man::run(args),
        }
    }
}

/// Runs what `args` ask for and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(err) => return refused(&err).into(),
    };
    match cli.command.run() {
        Ok(exit) => exit.into(),
        Err(failure) => {
            tell(&failure);
            failure.exit.into()
        }
    }
}

/// Help and version are no failure, and the only ones that may take several lines.
fn refused(err: &clap::Error) -> Exit {
    match one_line(PROGRAM, err) {
        Some(line) => tell(&Failure::new(Exit::Usage, line)),
        None => {
            let _ = err.print();
        }
    }
    if err.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Why a command failed: one line on standard error.
fn tell(failure: &Failure) {
    if !failure.text.is_empty() {
        let _ = writeln!(std::io::stderr().lock(), "{PROGRAM}: {}", failure.text);
    }
}

/// A line that was asked for.
fn line(text: impl std::fmt::Display) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{text}").map_err(|err| Failure::output(&err))
}

#[cfg(test)]
mod tests;
