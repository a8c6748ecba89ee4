//! The recovery sheet: what a person needs to have the files again when this machine is gone.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::answer::{ask, is_somebody_there, say};
use super::place::failed;
use crate::cli::exit::{Exit, Failure, Result};
use crate::cli::host;

/// Characters of the repository's id that are typed off the sheet.
const TYPED: usize = 8;
const TRIES: usize = 3;

fn text(repo: &str, id: &str) -> String {
    let machine = host::name();
    format!(
        "Recovery sheet of {machine}

  Repository   {repo}
  Its id       {id}
  Passphrase   ______________________________  (write it here, or where it is kept)

Without the passphrase nobody can read what is stored, and nobody can reset it.
To have the files again, on any Linux machine with nothing but atalaya-agent:

  atalaya-agent snapshots --repo {repo}
  atalaya-agent restore --repo {repo} latest --target /somewhere/empty
"
    )
}

/// Whether there will be somebody to give it to, or a place: asked before anything is made.
pub(super) fn can_be_handed_over(file: Option<&Path>) -> Result<()> {
    match file {
        Some(path) if path.exists() => {
            let text = format!("cannot write the recovery sheet {}: it is there already; name another", path.display());
            Err(Failure::usage(text))
        }
        None if !is_somebody_there() => Err(Failure::usage(
            "cannot tell whether the recovery sheet was kept: there is no terminal to ask at; give --recovery-sheet FILE",
        )),
        _ => Ok(()),
    }
}

/// Gives the sheet to a file, or to a person who shows that it was kept. The passphrase never stands on it.
pub(super) fn hand_over(repo: &str, id: &str, file: Option<&Path>) -> Result<()> {
    let text = text(repo, id);
    if let Some(path) = file {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let written = made.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        return written.map_err(|err| failed("write the recovery sheet", Some(path), &err));
    }
    say(&format!("\n{text}\nPrint it or copy it by hand, and keep it somewhere else than this machine."));
    for _ in 0..TRIES {
        let typed = ask(&format!("Type the first {TYPED} characters of the id from your sheet"), "")?;
        if typed.len() >= TYPED && id.starts_with(&typed.to_ascii_lowercase()) {
            return Ok(());
        }
        say("That is not what the id begins with.");
    }
    Err(Failure::new(
        Exit::Failed,
        "stopped: the recovery sheet was not kept; the repository is there and nothing is configured; run it again",
    ))
}
