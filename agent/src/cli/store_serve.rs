//! `store-serve`: what sshd runs for logins that may add and nothing else.

use std::fs::File;
use std::io::BufReader;
use std::os::fd::AsFd;
use std::path::PathBuf;

use atalaya_store::{Error, serve};

use super::exit::{Exit, Failure, Result};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent store-serve --append-only /srv/backups

In ~/.ssh/authorized_keys it stands before the key, in the same line:
  command=\"atalaya-agent store-serve --append-only /srv/backups\",restrict";

/// What one message may take at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Serve a folder to whoever logs in by SSH, who may add to it and read it, and change nothing that is there
///
/// It is for sshd to start, in the place of its own SFTP, and speaks SFTP on standard input and output, so that every client
/// works as it is: sftp://USER@HOST/nas is then the folder nas in PATH. A name is given once: nothing is overwritten,
/// renamed or deleted, and no path leads out of PATH or through a link. What is no longer needed is forgotten and pruned
/// on this machine, as the user to whom the files belong.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Let nothing be overwritten, renamed or deleted
    #[arg(long, required = true)]
    append_only: bool,

    /// Folder in which repositories lie, or are to lie
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let Args { append_only: _, path } = args;
    let failed = |err: Error| Failure::new(Exit::Failed, err.text);
    let own = |end: std::io::Result<std::os::fd::OwnedFd>, what: &str| {
        end.map(File::from).map_err(|err| failed(Error::io(what, &err)))
    };
    // Not Rust's own, whose buffers are of lines.
    let from = own(std::io::stdin().as_fd().try_clone_to_owned(), "take standard input")?;
    let to = own(std::io::stdout().as_fd().try_clone_to_owned(), "take standard output")?;
    serve(path, BufReader::with_capacity(BUFFER_BYTES, from), to).map_err(failed)?;
    Ok(Exit::Done)
}
