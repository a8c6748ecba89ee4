//! `dismiss`: what is gone for good is no longer missed.

use super::socket::{Socket, no_agent};
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::watch::{Request, ask};

const EXAMPLES: &str = "Examples:
  atalaya-agent dismiss disk/WD-WX11A";

/// Forget a disk, a file system or an interface that is gone for good
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is missed, as in its topic: disk/ID, fs/ID, raid/ID, net/ID, ups/ID
    #[arg(value_name = "OBJECT")]
    object: String,

    #[command(flatten)]
    socket: Socket,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let socket = args.socket.path(context)?;
    let failed = |why: String| Failure::new(Exit::Failed, why);
    let done = ask(&socket, &Request::Dismiss(args.object.clone())).map_err(failed)?;
    let done = done.ok_or_else(|| no_agent(&socket))?;
    let mut out = context.output();
    if out.json {
        out.json(&done)?;
    }
    out.remark(format_args!("{} is forgotten; if it comes back, it is told again", args.object))?;
    out.finish()?;
    Ok(Exit::Done)
}
