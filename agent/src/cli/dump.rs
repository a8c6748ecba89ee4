//! `dump`: a file's bytes or a folder's archive, to standard output.

use std::ffi::OsString;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::os::fd::AsFd;

use atalaya_base::text::{shown, shown_reason};
use atalaya_base::units::counted;
use atalaya_repo::model::{Entry, Kind};
use atalaya_repo::{Error, Snapshot};

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::output::complain;
use super::snapshot_arg::SnapshotPath;
use super::text::shown_path;
use crate::dump::{Broken, Output, UNSTABLE, archive, copy};

/// For `--help`.
const EXAMPLES: &str = "Examples:
  atalaya-agent dump --repo /mnt/usb/nas latest:/etc/fstab
  atalaya-agent dump --repo /mnt/usb/nas latest:/home/ana > ana.tar
  atalaya-agent dump --repo /mnt/usb/nas latest:/home/ana | tar -x -C /tmp

For all attributes, extract with: tar -x -p --xattrs --xattrs-include='*'";

/// Write one file, or a folder as a tar archive, to standard output
///
/// The archive is POSIX tar with extended headers: long names, times in nanoseconds, extended attributes and ACLs
/// (as SCHILY.xattr), hard links, devices. Paths in it are those of the snapshot, without the first slash.
/// Sockets are left out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write an archive to a terminal too
    #[arg(long, hide = true)]
    force: bool,

    /// Id prefix, "latest" or "latest/JOB", and a path in it
    #[arg(value_name = "SNAPSHOT:PATH")]
    snapshot: OsString,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let arg = SnapshotPath::parse(&args.snapshot)?;
    let repo = context.open_to_read()?;
    let snapshot = context.snapshot(&repo, &arg)?;
    // Not the usual standard output: that one looks for ends of lines in all it is given.
    let raw = std::io::stdout().as_fd().try_clone_to_owned().map_err(|err| Failure::output(&err))?;
    let mut out = Output::new(File::from(raw));
    let problems = match arg.entry(&snapshot)? {
        Some(entry) if entry.meta.kind == Kind::File => {
            copy(&snapshot, &entry, &mut out).map_err(failure)?;
            if entry.flags.unstable {
                complain(format_args!("{}: {UNSTABLE}", shown_path(&entry.path)));
            }
            u64::from(entry.flags.unstable)
        }
        Some(entry) if entry.meta.kind != Kind::Dir => return Err(no_file(&entry)),
        _ => tar(args, context, &snapshot, &arg, &mut out)?,
    };
    out.flush().map_err(|err| Failure::output(&err))?;
    Ok(Exit::with_problems(problems))
}

fn tar(
    args: &Args,
    context: &Context,
    snapshot: &Snapshot<'_>,
    arg: &SnapshotPath,
    out: &mut dyn Write,
) -> Result<u64> {
    let (spool, quiet) = (context.spool_to_read()?, context.global.quiet);
    if std::io::stdout().is_terminal() && !args.force {
        let text = format!(
            "cannot write an archive of {} to the terminal: it would garble it; append \"| tar t\" or \"> FILE.tar\"",
            shown_path(&arg.path)
        );
        return Err(Failure::usage(text));
    }
    let mut problems = 0;
    let sockets = archive(snapshot, &arg.path, &spool, out, &mut |path, why| {
        problems += 1;
        complain(format_args!("{}: {}", shown_path(path), shown_reason(why)));
    })
    .map_err(failure)?;
    if sockets > 0 && !quiet {
        let sockets = counted(sockets, "socket", "sockets");
        complain(format_args!("left out {sockets}: the programs that they belong to make them anew"));
    }
    Ok(problems)
}

fn no_file(entry: &Entry) -> Failure {
    let what = match entry.meta.kind {
        Kind::Symlink => format!("it is a symbolic link to {}", shown(&entry.target)),
        Kind::Fifo => "it is a named pipe".to_owned(),
        Kind::Socket => "it is a socket".to_owned(),
        _ => "it is a device".to_owned(),
    };
    let text = format!("cannot dump {}: {what}; name a file or a folder", shown_path(&entry.path));
    Failure::new(Exit::Failed, text)
}

fn failure(broken: Broken) -> Failure {
    match broken {
        Broken::Read(err) => Error::context(err, "cannot dump").into(),
        Broken::Write(err) => Failure::output(&err),
    }
}
