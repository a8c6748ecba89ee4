//! `status`: how the running sidecar is.

use std::time::Duration;

use atalaya_base::text::shown;
use atalaya_base::units::{count, counted, duration, size};
use serde_json::Value;

use super::client::Asks;
use super::exit::{Exit, Result};
use super::line;
use super::show::text;

const EXAMPLES: &str = "Examples:
  atalaya-sidecar status
  atalaya-sidecar status --json";

/// Say how the running sidecar is: nodes, sizes and their bounds, what is wrong
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    asks: Asks,
}

pub(crate) fn run(args: &Args) -> Result<Exit> {
    let status = args.asks.which.ask("GET", "status", None)?;
    if args.asks.json {
        line(status)?;
    } else {
        for text in lines(&status) {
            line(shown(text.as_bytes()))?;
        }
    }
    Ok(Exit::Done)
}

/// For people.
fn lines(status: &Value) -> Vec<String> {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let of = |filled: &Value| format!("{} of {}", count(number(&filled["now"])), count(number(&filled["max"])));
    let bytes = |filled: &Value| format!("{} of {}", size(number(&filled["now"])), size(number(&filled["max"])));
    let running = duration(Duration::from_secs(number(&status["running_seconds"])));
    let mut out =
        vec![format!("atalaya-sidecar {}, for {running}, in {}", text(status, "version"), text(status, "state_dir"))];
    let nodes = &status["nodes"];
    out.push(format!(
        "  nodes: {}; {} online, {} waiting to be accepted, {} refused",
        of(&nodes["all"]),
        count(number(&nodes["online"])),
        count(number(&nodes["waiting"])),
        counted(number(&nodes["refused"]), "message", "messages"),
    ));
    let alerts = status["alerts"].as_object().into_iter().flatten();
    let alerts: Vec<String> = alerts.map(|(severity, many)| format!("{many} {severity}")).collect();
    out.push(format!("  alerts: {}", if alerts.is_empty() { "none".into() } else { alerts.join(", ") }));
    let database = &status["database"];
    out.push(format!(
        "  database: {}, and {} not written back; {}",
        bytes(&database["bytes"]),
        size(number(&database["log_bytes"])),
        counted(number(&database["commits"]), "commit", "commits"),
    ));
    let broker = &status["broker"];
    if broker.is_object() {
        out.push(format!(
            "  broker: {} connections, {} messages kept ({})",
            of(&broker["connections"]),
            of(&broker["retained"]),
            bytes(&broker["retained_bytes"]),
        ));
    }
    out.push(format!("  accounts: {}; tokens: {}", of(&status["accounts"]), of(&status["tokens"])));
    let problems = status["problems"].as_array().into_iter().flatten().filter_map(Value::as_str);
    out.extend(problems.map(|problem| format!("  problem: {problem}")));
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_of_a_thing_is_one_thing() {
        let shown =
            |many: u64| lines(&json!({ "nodes": { "refused": many }, "database": { "commits": many } })).join("\n");
        assert!(shown(1).contains(" 1 message refused") && shown(1).contains("; 1 commit\n"), "{}", shown(1));
        assert!(shown(2).contains(" 2 messages refused") && shown(2).contains("; 2 commits\n"), "{}", shown(2));
    }
}
