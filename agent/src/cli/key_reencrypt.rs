//! `key reencrypt`: what is stored already, sealed to the present keys.

use std::time::Instant;

use atalaya_base::config::parse_size;
use atalaya_base::signals::Signals;
use atalaya_base::units::{counted, size, took};
use serde::Serialize;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use super::prune::{Limits, prune, waiting};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Store at most so much anew before what it stood in is deleted: room that the repository needs meanwhile
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = parse_size)]
    room: u64,

    /// Stop and ask when more than this share of the repository is used by no snapshot
    #[arg(long, value_name = "PERCENT", default_value = "40", value_parser = clap::value_parser!(u8).range(0..=100))]
    drop_max: u8,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Yield to everything else: lowest priority, and the disk only when nobody wants it
    #[arg(long)]
    background: bool,
}

#[derive(Serialize)]
struct Reencrypted {
    dry_run: bool,
    packs: u64,
    bytes: u64,
    left_packs: u64,
    left_bytes: u64,
    waiting: usize,
}

/// See the module.
pub(super) fn reencrypt(context: &Context, args: &Args) -> Result<Exit> {
    if args.background {
        super::background::yield_to_everything();
    }
    let signals = Signals::listen().map_err(|why| Failure::new(Exit::Failed, why))?;
    let limits = Limits::reencrypting(args.drop_max, args.room, args.dry_run);
    let start = Instant::now();
    let done = prune(context, &context.open()?, &limits, &signals)?;
    let (mut packs, mut bytes, mut left_packs, mut left_bytes) =
        (done.repacked_packs, done.repacked_bytes, done.old_packs, done.old_bytes);
    if args.dry_run {
        // A dry run looks at one round.
        (packs, bytes) = (packs + left_packs, bytes + left_bytes);
        (left_packs, left_bytes) = (0, 0);
    }
    let whole = left_packs == 0 && done.waiting.is_empty();
    let mut out = context.output();
    if out.json {
        let waiting = done.waiting.len();
        out.json(&Reencrypted { dry_run: args.dry_run, packs, bytes, left_packs, left_bytes, waiting })?;
        return finish(out, whole);
    }
    let said = |packs, bytes| format!("{} with {}", counted(packs, "pack", "packs"), size(bytes));
    if args.dry_run {
        let room = size(args.room.min(bytes));
        out.remark(format_args!(
            "{} would be read and stored anew under the present keys, {room} at a time.",
            said(packs, bytes)
        ))?;
        return finish(out, true);
    }
    let took = took(bytes, start.elapsed());
    out.remark(format_args!("{} were stored anew under the present keys, {took}.", said(packs, bytes)))?;
    if !done.waiting.is_empty() {
        out.remark("What they stood in waits for backups that began before; run it again:")?;
        waiting(&mut out, &done)?;
    }
    if left_packs > 0 {
        out.remark(format_args!("{} stay under older keys; run it again.", said(left_packs, left_bytes)))?;
    }
    finish(out, whole)
}

fn finish(out: super::output::Output, whole: bool) -> Result<Exit> {
    out.finish()?;
    Ok(if whole { Exit::Done } else { Exit::Failed })
}
