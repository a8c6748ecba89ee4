//! `setup`: the first steps on a machine: a tower to report to, and a backup that was made once.

mod answer;
mod broker;
mod first;
mod found;
mod join;
mod owner;
mod place;
mod sheet;
mod wanted;

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Result};

const EXAMPLES: &str = "Examples:
  atalaya-agent setup
  atalaya-agent setup --join atalaya1:…
  atalaya-agent setup --broker mqtt://homeassistant:1883
  atalaya-agent setup --repo /mnt/usb/nas --path /srv --owner-key keeper

Without --join and --broker, or with --path, it sets up a backup: it asks for
what no option says, makes or opens the repository, shows the recovery sheet,
writes the configuration and makes a first small backup.";

/// Set this machine up: a first backup, or joining a tower with the string that "atalaya-sidecar node add" prints
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Join a tower with this string; it is good once, for a day
    #[arg(long, value_name = "STRING")]
    join: Option<String>,

    /// Configuration to write to; made if there is none [default: /etc/atalaya/agent.toml for root, else in ~/.config]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Join anew: replace the certificate, the key and what an earlier "setup" wrote
    #[arg(long, requires = "join")]
    force: bool,

    #[command(flatten)]
    broker: broker::Broker,

    /// A folder to back up (may be given several times)
    #[arg(long = "path", value_name = "DIR")]
    paths: Vec<PathBuf>,

    /// Name of the backup job
    #[arg(long, value_name = "NAME", default_value = "nas", value_parser = crate::cli::backup::job_name)]
    job: String,

    /// When it runs, as in the configuration
    #[arg(long, value_name = "TEXT", default_value = "daily 02:00")]
    schedule: String,

    /// Where the owner's passphrase is kept
    #[arg(long, value_enum)]
    owner_key: Option<OwnerKey>,

    /// Write the recovery sheet to a new FILE, instead of asking whether it was kept
    #[arg(long, value_name = "FILE")]
    recovery_sheet: Option<PathBuf>,

    /// Leave out the first small backup
    #[arg(long)]
    no_first_backup: bool,
}

/// Who can read what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OwnerKey {
    /// On this machine too: it can restore and check by itself, and so can whoever steals it
    Here,
    /// With you alone: this machine can add backups, and neither read nor delete them
    Keeper,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let config = place::config(args.config.as_deref())?;
    if let Some(string) = &args.join {
        join::join(context, string, &config, args.force)?;
    }
    if args.join.is_none() {
        args.broker.set_up(context, &config)?;
    }
    if (args.join.is_some() || args.broker.is_named()) && args.paths.is_empty() {
        return Ok(Exit::Done);
    }
    let wanted = wanted::Wanted::of(context, args)?;
    first::set_up(context, args, &config, &wanted)
}
