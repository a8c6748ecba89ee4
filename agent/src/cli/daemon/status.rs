//! `status`: what the running daemon does.

use atalaya_base::text::shown;
use atalaya_base::units;
use serde_json::Value;

use super::socket::{Socket, no_agent};
use crate::cli::context::Context;
use crate::cli::exit::{Exit, Failure, Result};
use crate::watch::{Request, ask};

const EXAMPLES: &str = "Examples:
  atalaya-agent status
  atalaya-agent status --json
  atalaya-agent status --config /etc/atalaya/agent.toml";

/// Say what the running daemon is doing: brokers, jobs, what waits, memory
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    socket: Socket,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<Exit> {
    let socket = args.socket.path(context)?;
    let status = ask(&socket, &Request::Status).map_err(|why| Failure::new(Exit::Failed, why))?;
    let status = status.ok_or_else(|| no_agent(&socket))?;
    let mut out = context.output();
    if out.json {
        out.json(&status)?;
    } else {
        for line in lines(&status) {
            out.line(shown(line.as_bytes()))?;
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
        out.push(format!("  job {}: {}; last {}{}", word(job, "job"), doing(job), word(job, "result"), next(job)));
        if let Some(problem) = job["problem"].as_str() {
            out.push(format!("    {problem}"));
        }
    }
    for task in status["upkeep"].as_array().into_iter().flatten() {
        let verdict = task["verdict"].as_str().map(|verdict| format!(", {verdict}")).unwrap_or_default();
        let last = format!("last {}{verdict}{}", word(task, "result"), next(task));
        let what = format!("{} {}", word(task, "name"), word(task, "task"));
        let to = if task["task"] == "copy" { format!(" to {}", word(task, "repo")) } else { String::new() };
        out.push(format!("  upkeep {what}{to}: {}; {last}", doing(task)));
        if let Some(problem) = task["problem"].as_str() {
            out.push(format!("    {problem}"));
        }
    }
    for probe in status["probes"].as_array().into_iter().flatten() {
        out.push(format!("  probe {}: {}, {}", word(probe, "probe"), word(probe, "state"), word(probe, "problem")));
    }
    for trouble in status["troubles"].as_array().into_iter().flatten() {
        out.push(format!("  trouble: {}", trouble.as_str().unwrap_or_default()));
    }
    out.push(format!("  waiting: {} records, {} frames", status["records_waiting"], status["frames_waiting"]));
    if let Some(bytes) = status["memory_bytes"].as_u64() {
        out.push(format!("  memory: {}", units::size(bytes)));
    }
    out
}

fn doing(job: &Value) -> String {
    let state = job["state"].as_str().unwrap_or("-");
    let reason = job["reason"].as_str().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let far = job["progress_percent"].as_f64().map(|percent| format!(", {percent:.0} %")).unwrap_or_default();
    format!("{state}{reason}{far}")
}

fn next(job: &Value) -> String {
    job["next_at"].as_str().map(|next| format!("; next {next}")).unwrap_or_default()
}
