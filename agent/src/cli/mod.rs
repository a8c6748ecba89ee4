//! The command line: each subcommand in a file of its own, listed once in [`Command`].

mod background;
mod backup;
mod backup_report;
#[cfg(feature = "s3")]
mod bucket;
mod check;
mod compared;
#[cfg(feature = "manuals")]
mod completions;
mod context;
mod copy;
mod copy_report;
#[cfg(feature = "daemon")]
mod daemon;
mod diff;
mod dump;
mod entry_text;
mod exit;
mod find;
mod findings;
mod folders;
mod forget;
mod frozen;
mod global;
mod host;
mod init;
mod key;
#[cfg(feature = "sheet")]
mod key_export;
mod key_file;
mod key_reencrypt;
mod key_rotate;
mod ls;
#[cfg(feature = "manuals")]
mod man;
mod output;
mod place;
mod problems;
mod progress;
mod progress_lines;
mod prune;
mod repair;
mod restore;
mod restore_report;
mod restore_watch;
mod secret;
#[cfg(feature = "sheet")]
mod sheet;
mod snapshot_arg;
mod snapshots;
mod span;
#[cfg(feature = "sftp")]
mod ssh;
mod stats;
mod store;
#[cfg(feature = "sftp")]
mod store_serve;
mod text;
mod times;
mod walk;

use std::ffi::OsString;
use std::process::ExitCode;

use atalaya_base::cli::one_line;
use clap::Parser;
use serde::Serialize;

use context::Context;
use exit::{Failure, Result};
use global::Global;
use output::{Output, complain};

#[cfg(feature = "daemon")]
pub(crate) use place::beside_bytes;

use exit::Exit;

/// As it is called.
const PROGRAM: &str = "atalaya-agent";

/// Deduplicating, encrypted backups with bounded memory
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, max_term_width = 100)]
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
    Stats(stats::Args),
    Ls(ls::Args),
    Find(find::Args),
    Diff(diff::Args),
    Restore(restore::Args),
    Dump(dump::Args),
    Check(check::Args),
    Forget(forget::Args),
    Prune(prune::Args),
    Repair(repair::Args),
    Copy(copy::Args),
    Key(key::Args),
    Store(store::Args),
    #[cfg(feature = "sftp")]
    StoreServe(store_serve::Args),
    #[cfg(feature = "daemon")]
    #[command(flatten)]
    Daemon(daemon::Command),
    #[cfg(feature = "manuals")]
    Completions(completions::Args),
    #[cfg(feature = "manuals")]
    Man(man::Args),
}

impl Command {
    fn run(&self, context: &Context) -> Result<Exit> {
        match self {
            Self::Init(args) => init::run(context, args),
            Self::Backup(args) => backup::run(context, args),
            Self::Snapshots(args) => snapshots::run(context, args),
            Self::Stats(args) => stats::run(context, args),
            Self::Ls(args) => ls::run(context, args),
            Self::Find(args) => find::run(context, args),
            Self::Diff(args) => diff::run(context, args),
            Self::Restore(args) => restore::run(context, args),
            Self::Dump(args) => dump::run(context, args),
            Self::Check(args) => check::run(context, args),
            Self::Forget(args) => forget::run(context, args),
            Self::Prune(args) => prune::run(context, args),
            Self::Repair(args) => repair::run(context, args),
            Self::Copy(args) => copy::run(context, args),
            Self::Key(args) => key::run(context, args),
            Self::Store(args) => store::run(context, args),
            #[cfg(feature = "sftp")]
            Self::StoreServe(args) => store_serve::run(args),
            #[cfg(feature = "daemon")]
            Self::Daemon(command) => command.run(context),
            #[cfg(feature = "manuals")]
            Self::Completions(args) => completions::run(args),
            #[cfg(feature = "manuals")]
            Self::Man(args) => man::run(args),
        }
    }
}

/// Runs what `args` ask for and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    #[cfg(feature = "sftp")]
    if let Some(exit) = ssh::answer(&args) {
        return exit.into();
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(err) => return refused(&err, wants_json(&args)).into(),
    };
    let json = cli.global.json;
    let run = |context: &Context| cli.command.run(context).map_err(|failure| context.with_folders(failure));
    match Context::new(cli.global).and_then(|context| run(&context)) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            tell(&failure, json);
            failure.exit.into()
        }
    }
}

/// Does what these words ask for, instead of what was asked for first.
#[cfg(feature = "daemon")]
fn instead(words: impl IntoIterator<Item = OsString>) -> Result<Exit> {
    let cli = Cli::try_parse_from(words).map_err(|err| {
        Failure::usage(one_line(PROGRAM, &err).unwrap_or_else(|| "cannot read what was configured".into()))
    })?;
    let context = Context::new(cli.global)?;
    cli.command.run(&context).map_err(|failure| context.with_folders(failure))
}

/// Help and version are no failure, and the only ones that may take several lines.
fn refused(err: &clap::Error, json: bool) -> Exit {
    match one_line(PROGRAM, err) {
        Some(line) => tell(&Failure::usage(line), json),
        None => {
            let _ = err.print();
        }
    }
    if err.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Whether programs are to hear of a command line that could not be understood. Behind `--` there are names only.
fn wants_json(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json")
}

/// Whether a command that yields to everything else is asked for.
#[must_use]
pub fn wants_background(args: &[OsString]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--background")
}

#[derive(Serialize)]
struct JsonFailure {
    error: String,
    exit: u8,
}

/// Says why a command failed: one line on standard error, for programs also an object on standard output.
fn tell(failure: &Failure, json: bool) {
    if failure.text.is_empty() {
        return;
    }
    complain(format_args!("{PROGRAM}: {failure}"));
    if json {
        let mut out = Output::new(true, true);
        let _ = out.json(&JsonFailure { error: failure.to_string(), exit: failure.exit.code() });
        let _ = out.finish();
    }
}

#[cfg(test)]
mod tests;
