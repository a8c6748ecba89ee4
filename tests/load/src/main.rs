//! Plays many agents at once against a broker, and measures the sidecar behind it: processor, memory, what it writes, how
//! soon alerts are raised, how soon everybody is served again after all connections were cut, and whether records are lost.

#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod args;
mod ears;
mod figures;
mod gauge;
mod limits;
mod line;
mod nas;
mod node;
mod outbox;
mod plan;
mod report;
mod rng;
mod shared;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match run(&args::Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(why) => {
            eprintln!("atalaya-load: {why}");
            ExitCode::from(1)
        }
    }
}

/// Whether every record was acknowledged, every alert was heard, and nothing was above its limit, if that counts.
fn run(args: &args::Args) -> Result<bool, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|err| format!("cannot start: {err}"))?;
    let report = runtime.block_on(tokio::task::LocalSet::new().run_until(plan::run(args)))?;
    if let Some(file) = &args.json {
        let json = serde_json::to_vec_pretty(&report).map_err(|err| err.to_string())?;
        std::fs::write(file, json).map_err(|err| format!("cannot write {}: {err}", file.display()))?;
    }
    print!("{}", report.table());
    let above = report.above();
    above.iter().for_each(|what| eprintln!("atalaya-load: {what}"));
    Ok(report.is_whole() && (above.is_empty() || !args.strict))
}
