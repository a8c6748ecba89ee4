//! `status`: what the running daemon does.

use std::path::PathBuf;

use serde_json::Value;

use super::context::Context;
use super::exit::{Exit, Failure, Result};
use crate::watch::{Request, ask};

const EXAMPLES: &str = "Examples:
  atalaya-agent status
  atalaya-agent status --json";

/// Say what the running daemon is doing: brokers, jobs, what waits, memory
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Socket of the daemon [default: control.sock in the state folder]
    #[arg(long, value_name = "SOCKET")]
    socket: Option<PathBuf>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let socket = match &args.socket {
        Some(socket) => socket.clone(),
        None => context.global.state_dir()?.join("control.sock"),
    };
    let failed = |why: String| Failure::new(Exit::Failed, why);
    let status = ask(&socket, &Request::Status).map_err(failed)?.ok_or_else(|| {
        failed(format!("no agent listens on {}; start one with \"atalaya-agent run\"", socket.display()))
    })?;
    let mut out = context.output();
    if out.json {
        out.json(&status)?;
    } else {
        for line in lines(&status) {
            out.line(super::text::shown(line.as_bytes()))?;
        }
    }
    out.finish()?;
    Ok(Exit::Done)
}

/// For people.
fn lines(status: &Value) -> Vec<String> {
    let word = |value: &Value, key: &str| value[key].as_str().unwrap_or("-").to_owned();
    let mut out =
        vec![format!("{} ({}), version {}", word(status, "name"), word(status, "node"), word(status, "version"))];
    for broker in status["brokers"].as_array().into_iter().flatten() {
        let how = if broker["connected"] == true { "connected".to_owned() } else { word(broker, "problem") };
        out.push(format!("  broker {}: {how}", word(broker, "broker")));
    }
    for job in status["jobs"].as_array().into_iter().flatten() {
        let (name, state, result) = (word(job, "job"), word(job, "state"), word(job, "result"));
        out.push(format!("  job {name}: {state}; last {result}; next {}", word(job, "next_at")));
        if let Some(problem) = job["problem"].as_str() {
            out.push(format!("    {problem}"));
        }
    }
    out.push(format!("  waiting: {} records, {} frames", status["records_waiting"], status["frames_waiting"]));
    if let Some(bytes) = status["memory_bytes"].as_u64() {
        out.push(format!("  memory: {}", super::units::size(bytes)));
    }
    out
}
