//! `upkeep`: what the daemon does to repositories, at once.

use super::socket::{Socket, no_agent};
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::watch::{Request, ask};

const EXAMPLES: &str = "Examples:
  atalaya-agent upkeep nas
  atalaya-agent upkeep nas.copy";

/// Have the daemon forget, prune, check and copy now, as its configuration says
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// An upkeep of the configuration, or one task of it: NAME.forget, NAME.prune, NAME.check, NAME.copy
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    socket: Socket,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let socket = args.socket.path(context)?;
    let begun = ask(&socket, &Request::Upkeep(args.name.clone())).map_err(|why| Failure::new(Exit::Failed, why))?;
    let begun = begun.ok_or_else(|| no_agent(&socket))?;
    let mut out = context.output();
    if out.json {
        out.json(&begun)?;
    }
    out.remark("it is done, one after the other; \"atalaya-agent status\" says how far it is")?;
    out.finish()?;
    Ok(Exit::Done)
}
