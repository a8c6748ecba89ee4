//! `smart-helper`: what only root may ask disks, for an agent that is not root.

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::Duration;

use listenfd::ListenFd;
use nix::sys::stat::{Mode, umask};

use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::probe::Site;
use crate::probe::smart::{Helper, Sweep, listen};

const EXAMPLES: &str = "Examples:
  atalaya-agent smart-helper --socket /run/atalaya/smart.sock";

/// Read SMART as root for an agent that may not, and do nothing else
///
/// Listens on the socket that systemd hands over, or on one of its own. Whoever may connect can say "read" and gets what
/// smartctl tells of every disk that is awake; there is nothing else to be said.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Listen here instead, for root and the group of the folder
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

pub(crate) fn run(_context: &Context, args: &Args) -> Result<Exit> {
    atalaya_base::logs::start();
    let failed = |why: String| Failure::new(Exit::Failed, why);
    let listener = match &args.socket {
        Some(path) => {
            // For its user and group, from its first moment.
            let mask = umask(Mode::from_bits_truncate(0o117));
            let listener = listen(path);
            umask(mask);
            listener.map_err(failed)?
        }
        None => handed_over()?,
    };
    let boot = || nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from);
    let mut helper = Helper::new(Sweep::default(), Site::default());
    helper.run(&listener, boot).map_err(|fault| failed(fault.to_string()))?;
    Ok(Exit::Done)
}

/// By systemd: `LISTEN_FDS`.
fn handed_over() -> Result<UnixListener> {
    let hint = "start it by systemd's socket unit, or with --socket PATH";
    let wrong = |what: &str| Failure::usage(format!("cannot listen: {what}; {hint}"));
    let found = ListenFd::from_env().take_unix_listener(0);
    found
        .map_err(|err| wrong(&format!("what was handed over is no socket of ours: {err}")))?
        .ok_or_else(|| wrong("no socket was handed over"))
}
