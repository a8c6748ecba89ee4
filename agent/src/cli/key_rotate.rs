//! `key rotate`: new keys for what is stored from now on.

use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Result};
use super::times;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not give the new keys to this key: it opens nothing that is stored from now on
    #[arg(long, value_name = "NUMBER", value_parser = super::key::number)]
    without: Vec<u32>,
}

#[derive(Serialize)]
struct Rotated {
    epoch: u32,
}

/// See the module.
pub(super) fn rotate(context: &Context, args: &Args) -> Result<Exit> {
    let epoch = context.open()?.rotate_keys(&args.without, times::now())?;
    let mut out = context.output();
    if out.json {
        out.json(&Rotated { epoch })?;
    } else {
        out.remark(format_args!(
            "Began key epoch {epoch}: backups that begin from now on seal to new keys. What is stored already stays as it is."
        ))?;
    }
    out.finish()?;
    Ok(Exit::Done)
}
