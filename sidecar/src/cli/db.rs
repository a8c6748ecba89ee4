//! `db`: the database as a file.

use std::path::{Path, PathBuf};

use atalaya_base::units::size;
use serde_json::json;

use super::client::{Asks, Which};
use super::exit::{Exit, Failure, Result};
use super::line;
use crate::db;

const EXAMPLES: &str = "Examples:
  atalaya-sidecar db check
  atalaya-sidecar db check --full
  atalaya-sidecar db vacuum
  atalaya-sidecar db backup /mnt/usb/sidecar-2026-11-22.db";

/// Check the database, make it smaller, copy it
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say whether the database is sound, also beside a sidecar that runs
    Check {
        /// Compare indexes with contents as well, which reads everything
        #[arg(long)]
        full: bool,
        #[command(flatten)]
        asks: Asks,
    },
    /// Give free space of the database back to the disk; the sidecar goes on meanwhile
    Vacuum(Asks),
    /// Copy the whole database to a file, also while the sidecar runs
    Backup {
        /// Where to; nothing may be there yet
        file: PathBuf,
        #[command(flatten)]
        asks: Asks,
    },
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    match &args.action {
        Action::Check { full, asks } => check(&asks.which, *full, asks.json)?,
        Action::Vacuum(Asks { json, which }) => {
            let done = which.ask("POST", "database/vacuum", None)?;
            let bytes = |key: &str| size(done[key].as_u64().unwrap_or_default());
            if *json {
                line(done)?;
            } else {
                line(format_args!("{} before, {} now", bytes("before_bytes"), bytes("after_bytes")))?;
            }
        }
        Action::Backup { file, asks } => backup(&asks.which, file, asks.json)?,
    }
    Ok(Exit::Done)
}

fn check(which: &Which, full: bool, json: bool) -> Result<()> {
    let folder = which.folder()?;
    let checked = db::check(&folder, full)?;
    let path = folder.join(db::FILE);
    if json {
        return line(
            json!({ "file": path, "sound": true, "full": full, "bytes": checked.bytes, "in_use": checked.in_use }),
        );
    }
    let how = if full { "sound, with its indexes and contents" } else { "sound" };
    line(format_args!("{} is {how}: {} in use", path.display(), size(checked.bytes)))
}

/// By the sidecar if one runs, so that it is in the audit; else by ourselves.
fn backup(which: &Which, file: &Path, json: bool) -> Result<()> {
    let to =
        std::path::absolute(file).map_err(|err| Failure::new(Exit::Usage, format!("{}: {err}", file.display())))?;
    let bytes = if which.runs()? {
        let done = which.ask("POST", "database/backup", Some(&json!({ "file": to })))?;
        done["bytes"].as_u64().unwrap_or_default()
    } else {
        db::backup(&which.folder()?, &to)?
    };
    if json {
        return line(json!({ "file": to, "bytes": bytes }));
    }
    line(format_args!("{}: {}", to.display(), size(bytes)))?;
    line("Keep ca.key and command.key of the state folder with it: without them all nodes have to join anew")
}
